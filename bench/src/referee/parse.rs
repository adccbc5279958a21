//! Frames, read by other code than either stack's.

use etherparse::{NetSlice, SlicedPacket, TcpOptionElement, TcpSlice, TransportSlice};
use std::net::SocketAddrV4;

/// The TCP segment in a frame with its ends, checksums right; `None` for ARP.
///
/// # Panics
/// If it is anything else, or not right.
pub(super) fn parse(frame: &[u8]) -> Option<(SocketAddrV4, SocketAddrV4, TcpSlice<'_>)> {
    let packet = SlicedPacket::from_ethernet(frame).expect("a frame that can be parsed");
    let ip = match packet.net {
        Some(NetSlice::Ipv4(ip)) => ip,
        Some(NetSlice::Arp(_)) => return None,
        other => panic!("neither IPv4 nor ARP: {other:?}"),
    };
    let Some(TransportSlice::Tcp(segment)) = packet.transport else {
        panic!("not TCP: {frame:02x?}");
    };
    let header = ip.header();
    assert_eq!(
        header.header_checksum(),
        header.to_header().calc_header_checksum(),
        "the IPv4 checksum of {frame:02x?}"
    );
    assert_eq!(
        frame.len(),
        14 + usize::from(header.total_len()),
        "the frame's length"
    );
    let checksum = segment
        .calc_checksum_ipv4(header.source(), header.destination())
        .expect("a segment that fits");
    assert_eq!(
        segment.checksum(),
        checksum,
        "the TCP checksum of {frame:02x?}"
    );
    let from = SocketAddrV4::new(header.source_addr(), segment.source_port());
    let to = SocketAddrV4::new(header.destination_addr(), segment.destination_port());
    Some((from, to, segment))
}

pub(super) fn has_timestamps(segment: &TcpSlice<'_>) -> bool {
    let timestamps = |option: &TcpOptionElement| matches!(option, TcpOptionElement::Timestamp(..));
    segment
        .options_iterator()
        .flatten()
        .any(|option| timestamps(&option))
}

/// MSS and window scale that a SYN offers.
pub(super) fn offer(segment: &TcpSlice<'_>) -> (Option<u16>, Option<u8>) {
    let (mut mss, mut scale) = (None, None);
    for option in segment.options_iterator().flatten() {
        match option {
            TcpOptionElement::MaximumSegmentSize(size) => mss = Some(size),
            TcpOptionElement::WindowScale(shift) => scale = Some(shift),
            _ => {}
        }
    }
    (mss, scale)
}
