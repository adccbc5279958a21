//! What leaves, read by another parser, strictly.

use crate::segment::{STACK, STACK_ETHERNET};
use etherparse::{
    ArpOperation, Icmpv4Type, LinkSlice, NetSlice, SlicedPacket, TcpOptionElement, TcpSlice,
    TransportSlice,
};

/// # Panics
/// If the frame is not one that a host may send: a length, a checksum, an address or a combination of bits is wrong.
pub(crate) fn assert_well_formed(frame: &[u8]) {
    let packet = SlicedPacket::from_ethernet(frame);
    let packet = packet.unwrap_or_else(|error| panic!("{error}: {frame:02x?}"));
    let Some(LinkSlice::Ethernet2(ethernet)) = &packet.link else {
        panic!("no Ethernet header: {frame:02x?}");
    };
    assert_eq!(ethernet.source(), STACK_ETHERNET.0, "whence");
    match &packet.net {
        Some(NetSlice::Arp(arp)) => {
            let operation = arp.operation();
            assert!(operation == ArpOperation::REQUEST || operation == ArpOperation::REPLY);
            assert_eq!(arp.sender_hw_addr(), STACK_ETHERNET.0, "ARP: whose");
            assert_eq!(arp.sender_protocol_addr(), STACK.octets(), "ARP: who");
            assert_eq!(frame.len(), 42, "ARP: its length");
        }
        Some(NetSlice::Ipv4(ip)) => {
            let header = ip.header();
            assert_eq!(usize::from(header.total_len()), frame.len() - 14, "padding");
            assert_eq!(header.source_addr(), STACK, "whence: {frame:02x?}");
            assert!(!ethernet.destination().starts_with(&[0xff]), "to everybody");
            assert!(!ip.is_payload_fragmented(), "a fragment: {frame:02x?}");
            let checksum = header.to_header().calc_header_checksum();
            assert!(
                is_same(header.header_checksum(), checksum),
                "IPv4's checksum"
            );
            let addresses = (header.source(), header.destination());
            transport(packet.transport.as_ref(), addresses, frame);
        }
        other => panic!("{other:?} leaves: {frame:02x?}"),
    }
}

fn transport(
    transport: Option<&TransportSlice<'_>>,
    (source, destination): ([u8; 4], [u8; 4]),
    frame: &[u8],
) {
    match transport {
        Some(TransportSlice::Tcp(tcp)) => {
            let checksum = tcp.calc_checksum_ipv4(source, destination);
            let is_right = checksum.is_ok_and(|right| is_same(right, tcp.checksum()));
            assert!(is_right, "TCP's checksum: {frame:02x?}");
            segment(tcp);
        }
        Some(TransportSlice::Udp(udp)) => {
            let header = udp.to_header();
            let checksum = header.calc_checksum_ipv4_raw(source, destination, udp.payload());
            assert_eq!(checksum, Ok(udp.checksum()), "UDP's checksum: {frame:02x?}");
            assert!(
                udp.source_port() != 0 && udp.destination_port() != 0,
                "port 0"
            );
        }
        Some(TransportSlice::Icmpv4(icmp)) => {
            let kind = icmp.icmp_type();
            let checksum = kind.calc_checksum(icmp.payload());
            assert!(
                is_same(icmp.checksum(), checksum),
                "ICMP's checksum: {frame:02x?}"
            );
            let may_be_sent = matches!(
                kind,
                Icmpv4Type::EchoReply(_) | Icmpv4Type::DestinationUnreachable(_)
            );
            assert!(may_be_sent, "{kind:?} leaves");
        }
        other => panic!("{other:?} leaves: {frame:02x?}"),
    }
}

fn segment(tcp: &TcpSlice<'_>) {
    let (syn, fin, rst, ack) = (tcp.syn(), tcp.fin(), tcp.rst(), tcp.ack());
    let flags = &tcp.header_slice()[12..14];
    assert!(syn || rst || ack, "neither SYN, RST nor ACK: {flags:02x?}");
    assert!(
        u8::from(syn) + u8::from(fin) + u8::from(rst) <= 1,
        "flags that exclude each other: {flags:02x?}"
    );
    assert!(!tcp.urg() && tcp.urgent_pointer() == 0, "urgent data");
    assert!(!tcp.ns() && flags[0] & 0x0f == 0, "reserved bits are set");
    assert!(!rst || tcp.payload().is_empty(), "a RST with text");
    assert!(!syn || tcp.payload().is_empty(), "a SYN with text");
    // Who sends to port 0 is refused from there, as Linux does it.
    assert!(rst || tcp.source_port() != 0, "from port 0");
    for option in tcp.options_iterator() {
        let option = option.unwrap_or_else(|error| panic!("{error}: {:02x?}", tcp.options()));
        let of_a_syn = matches!(
            option,
            TcpOptionElement::MaximumSegmentSize(_)
                | TcpOptionElement::WindowScale(_)
                | TcpOptionElement::SelectiveAcknowledgementPermitted
        );
        assert!(syn || !of_a_syn, "{option:?} without SYN");
        let blocks = matches!(option, TcpOptionElement::SelectiveAcknowledgement(..));
        assert!(
            !blocks || ack && !syn && !rst,
            "SACK where it means nothing"
        );
    }
}

/// Whether a checksum of a frame is wrong, as far as the frame can be read.
pub(crate) fn is_damaged(frame: &[u8]) -> bool {
    let Ok(packet) = SlicedPacket::from_ethernet(frame) else {
        return false;
    };
    let Some(NetSlice::Ipv4(ip)) = &packet.net else {
        return false;
    };
    let header = ip.header();
    let (source, destination) = (header.source(), header.destination());
    // As it came: etherparse would sum it without the reserved bit.
    let words = header.slice().chunks_exact(2);
    let sum: u32 = words
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    if !sum.is_multiple_of(0xffff) {
        return true;
    }
    let (stands, right) = match &packet.transport {
        Some(TransportSlice::Tcp(tcp)) => (
            tcp.checksum(),
            tcp.calc_checksum_ipv4(source, destination).ok(),
        ),
        Some(TransportSlice::Udp(udp)) if udp.checksum() != 0 => {
            let header = udp.to_header();
            let right = header.calc_checksum_ipv4_raw(source, destination, udp.payload());
            (udp.checksum(), right.ok())
        }
        _ => return false,
    };
    right.is_some_and(|right| !is_same(stands, right))
}

/// Whether two sums are the same: in ones' complement there are two zeros (RFC 1071 2).
fn is_same(one: u16, other: u16) -> bool {
    one % 0xffff == other % 0xffff
}
