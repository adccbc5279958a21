//! Segments by what they say, and the ICMP errors about them.

use super::stage::{PEER_PORT, Stage};
use periplus_tests::{PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Segment, packet};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet;
use periplus_wire::icmpv4::MessageType;
use periplus_wire::ipv4;
use periplus_wire::tcp::TcpFlags;
use std::net::SocketAddrV4;

/// What the column SENDS calls it.
pub(super) fn name(segment: &Segment) -> &'static str {
    let has = |flag| segment.flags.contains(flag);
    match () {
        () if has(TcpFlags::RST) => "RST",
        () if has(TcpFlags::SYN) && has(TcpFlags::ACK) => "SYN,ACK",
        () if has(TcpFlags::SYN) => "SYN",
        () if has(TcpFlags::FIN) => "FIN",
        () if segment.has_data() => "text",
        () => "ACK",
    }
}

/// SEG.LEN.
pub(super) fn length(segment: &Segment) -> u32 {
    let bit = |flag| u32::from(segment.flags.contains(flag));
    segment.data.len() as u32 + bit(TcpFlags::SYN) + bit(TcpFlags::FIN)
}

/// An ICMP Destination Unreachable with `code` about the oldest that the stack has in flight.
pub(super) fn unreachable(stage: &Stage, code: u8) -> Vec<u8> {
    let peers = stage.segment(PEER_PORT, TcpFlags::ACK, stage.una, stage.rcv_nxt, 0);
    let quoted = Segment {
        source: peers.destination,
        destination: peers.source,
        ..peers
    };
    debug_assert_eq!(quoted.source, SocketAddrV4::new(STACK, 80));
    debug_assert_eq!(quoted.destination, SocketAddrV4::new(PEER, PEER_PORT));
    let sent = quoted.to_frame(STACK_ETHERNET, PEER_ETHERNET);
    let mut message = vec![
        MessageType::DESTINATION_UNREACHABLE.0,
        code,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    message.extend(&sent[ethernet::HEADER_LENGTH..][..ipv4::HEADER_LENGTH + 8]);
    let mut sum = Sum::new();
    sum.add(&message);
    message[2..4].copy_from_slice(&sum.finish().to_be_bytes());
    packet(ipv4::ICMP, &message)
}
