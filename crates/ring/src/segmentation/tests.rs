use super::*;
use crate::testing::{CLIENT, PARTIAL, SERVER, datagram, segment, segment_with};
use periplus_wire::ethernet::{EtherType, EthernetHeader};
use periplus_wire::ipv4::Ipv4Header;
use periplus_wire::tcp::{TcpHeader, TcpOptions, Timestamps};
use proptest::prelude::*;

fn cut(frame: &[u8], segmentation: u16) -> Vec<Vec<u8>> {
    let descriptor = TxDescriptor {
        length: frame.len(),
        checksum: PARTIAL,
        segmentation: Some(segmentation),
    };
    of_transmission(frame, descriptor).collect()
}

/// Header and data of a frame in which everything has to be right.
fn checked(frame: &[u8]) -> (&Ipv4Header, &TcpHeader, &[u8]) {
    let (ethernet, packet) = EthernetHeader::parse(frame).unwrap();
    assert_eq!(ethernet.ether_type(), EtherType::IPV4);
    let (ip, payload) = Ipv4Header::parse(packet).unwrap();
    assert_eq!(ip.total_length(), packet.len());
    assert!(ipv4::verify_checksum(packet));
    assert!(tcp::verify_checksum(CLIENT.into(), SERVER.into(), payload));
    let (tcp, _, data) = TcpHeader::parse(payload).unwrap();
    (ip, tcp, data)
}

#[test]
fn a_partial_checksum_is_completed() {
    let mut frame = segment(b"data of odd length.");
    assert!(!tcp::verify_checksum(
        CLIENT.into(),
        SERVER.into(),
        &frame[34..]
    ));
    complete_checksum(&mut frame, 34, 16);
    checked(&frame);
}

#[test]
fn fin_and_push_are_on_the_last_segment_and_cwr_on_the_first() {
    let flags = TcpFlags::ACK | TcpFlags::FIN | TcpFlags::PSH | TcpFlags::CWR;
    let frame = segment_with(flags, &TcpOptions::default(), &[b'x'; 25]);
    let flags: Vec<_> = cut(&frame, 10)
        .iter()
        .map(|frame| checked(frame).1.flags().to_string())
        .collect();
    assert_eq!(flags, ["AC", "A", "FPA"]);
}

#[test]
fn a_frame_of_one_segment_stays_whole() {
    for data in [&b""[..], b"x", b"0123456789"] {
        let frames = cut(&segment(data), 10);
        assert_eq!(frames.len(), 1);
        assert_eq!(checked(&frames[0]).2, data);
    }
}

#[test]
fn what_is_not_tcp_is_not_cut() {
    let mut frame = segment(&[b'x'; 25]);
    frame[12..14].copy_from_slice(&EtherType::ARP.0.to_be_bytes());
    let descriptor = TxDescriptor {
        segmentation: Some(10),
        ..TxDescriptor::complete(frame.len())
    };
    let frames: Vec<_> = of_transmission(&frame, descriptor).collect();
    assert_eq!(frames, [frame]);
}

#[test]
fn a_train_of_datagrams_is_cut_into_datagrams() {
    let frame = datagram(b"0123456789abcdefghijklm");
    let frames = cut(&frame, 10);
    let data: Vec<&[u8]> = frames
        .iter()
        .map(|frame| {
            let (_, packet) = EthernetHeader::parse(frame).unwrap();
            assert!(ipv4::verify_checksum(packet));
            let (ip, payload) = Ipv4Header::parse(packet).unwrap();
            assert_eq!(ip.total_length(), packet.len());
            assert!(udp::verify_checksum(CLIENT.into(), SERVER.into(), payload));
            let (udp, data) = udp::UdpHeader::parse(payload).unwrap();
            assert_eq!((udp.source_port(), udp.destination_port()), (5000, 53));
            data
        })
        .collect();
    assert_eq!(data, [&b"0123456789"[..], b"abcdefghij", b"klm"]);
}

proptest! {
    #[test]
    fn segments_are_adjacent_and_carry_the_whole(
        data in proptest::collection::vec(any::<u8>(), 1..4000),
        size in 1u16..1500,
        sequence: u32,
        identification: u16,
        timestamps in proptest::option::of(any::<(u32, u32)>()),
    ) {
        let timestamps = timestamps.map(|(value, echo_reply)| Timestamps { value, echo_reply });
        let options = TcpOptions { timestamps, ..TcpOptions::default() };
        let mut frame = segment_with(TcpFlags::ACK, &options, &data);
        frame[38..42].copy_from_slice(&sequence.to_be_bytes());
        frame[18..20].copy_from_slice(&identification.to_be_bytes());
        ipv4::write_checksum(&mut frame[14..]);
        let headers = frame.len() - data.len();

        let frames = cut(&frame, size);
        prop_assert_eq!(frames.len(), data.len().div_ceil(size.into()));
        prop_assert_eq!(frames.len(), Layout::of(&frame).unwrap().segments(size));
        let (mut next, mut carried) = (SeqNum(sequence), Vec::new());
        for (index, segment) in frames.iter().enumerate() {
            let (ip, tcp, data) = checked(segment);
            prop_assert_eq!(tcp.sequence(), next);
            prop_assert_eq!(ip.identification(), identification.wrapping_add(index as u16));
            prop_assert!(data.len() == usize::from(size) || index + 1 == frames.len());
            prop_assert_eq!(&segment[54..headers], &frame[54..headers], "options");
            next += data.len() as u32;
            carried.extend_from_slice(data);
        }
        prop_assert_eq!(carried, data);
    }
}
