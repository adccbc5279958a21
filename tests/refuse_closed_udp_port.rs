//! Nobody has the UDP port: the sender is told by ICMP.

use periplus_journey::DropReason;
use periplus_stack::{ClosedPortPolicy, ShardOptions};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, content, options};
use periplus_wire::ethernet;
use periplus_wire::icmpv4::unreachable;

const A: u16 = 40_001;

/// RFC 792, RFC 1122 3.2.2, RFC 1812 4.3.2.3: the header and eight bytes at least, unchanged; more, as long as the answer is
/// not longer than the datagram, and 576 bytes in all at most.
#[test]
fn the_error_quotes_the_front_of_the_packet_byte_for_byte() {
    for (data, quoted) in [
        (0u64, 28),
        (1, 28),
        (28, 28),
        (29, 29),
        (100, 100),
        (547, 547),
        (548, 548),
        (549, 548),
        (1472, 548),
    ] {
        let mut script = Script::new(options());
        let frame = script
            .datagram(A, 53, &content(0..data))
            .to_frame(PEER_ETHERNET, STACK_ETHERNET);
        script.inject_frame(&frame);
        let quote = script.expect_unreachable(A, unreachable::PORT);
        assert_eq!(quote, frame[ethernet::HEADER_LENGTH..][..quoted], "{data}");
        script.expect_nothing();
        let (counters, ledger) = (
            script.stack.shard.counters(),
            script.stack.shard.ledger().clone(),
        );
        assert_eq!((counters.udp_no_ports, ledger.refused), (1, 1));
        assert!(ledger.is_balanced());
    }
}

#[test]
fn what_follows_the_packet_in_its_frame_is_not_quoted() {
    let mut script = Script::new(options());
    let packet = script
        .datagram(A, 53, b"x")
        .to_frame(PEER_ETHERNET, STACK_ETHERNET);
    let mut padded = packet.clone();
    padded.resize(60, 0xee);
    script.inject_frame(&padded);
    let quote = script.expect_unreachable(A, unreachable::PORT);
    assert_eq!(quote, packet[ethernet::HEADER_LENGTH..][..28]);
}

/// Options lie between what is always quoted: header with options, then eight bytes.
#[test]
fn a_header_with_options_is_quoted_with_them() {
    let mut script = Script::new(options());
    let mut packet = script
        .datagram(A, 53, b"data")
        .to_frame(PEER_ETHERNET, STACK_ETHERNET);
    let network = ethernet::HEADER_LENGTH;
    // Four no-operations (RFC 791 3.1).
    packet.splice(network + 20..network + 20, [1; 4]);
    packet[network] = 0x46;
    let length = (packet.len() - network) as u16;
    packet[network + 2..][..2].copy_from_slice(&length.to_be_bytes());
    periplus_wire::ipv4::write_checksum(&mut packet[network..]);
    script.inject_frame(&packet);
    let quote = script.expect_unreachable(A, unreachable::PORT);
    assert_eq!(quote, packet[network..][..32]);
}

#[test]
fn a_closed_port_under_the_policy_drop_says_nothing() {
    let mut script = Script::new(ShardOptions {
        on_closed_udp_port: ClosedPortPolicy::Drop,
        ..options()
    });
    script.inject_datagram(A, 53, &content(0..100));
    script.expect_nothing();
    assert_eq!(script.stack.shard.ledger().dropped(DropReason::NoSocket), 1);
    assert_eq!(script.stack.shard.counters().udp_no_ports, 1);
}

#[test]
fn one_destination_is_told_so_often_and_no_more() {
    let mut script = Script::new(options());
    for port in 0..20 {
        script.inject_datagram(1_000 + port, 53, b"x");
    }
    for port in 0..6 {
        script.expect_unreachable(1_000 + port, unreachable::PORT);
    }
    script.expect_nothing();
    let ledger = script.stack.shard.ledger();
    assert_eq!(
        (ledger.refused, ledger.dropped(DropReason::NoSocket)),
        (6, 14)
    );
}

#[test]
fn a_damaged_datagram_is_not_answered() {
    let mut script = Script::new(options());
    let mut frame = script
        .datagram(A, 53, &content(0..100))
        .to_frame(PEER_ETHERNET, STACK_ETHERNET);
    frame[100] ^= 1;
    script.inject_frame(&frame);
    script.expect_nothing();
    assert_eq!(script.stack.shard.ledger().dropped(DropReason::UdpCsum), 1);
}
