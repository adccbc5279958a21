//! Frames that are not for us, or not what they claim to be: dropped in silence, each under its own reason; and the few
//! that are for us though no socket is theirs.

use periplus_journey::DropReason;
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, Segment, options, packet};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EthernetAddress};
use periplus_wire::ipv4;
use std::net::Ipv4Addr;

const A: u16 = 40_001;

/// Where in a frame without options the fields lie.
const FRAGMENT_FIELD: usize = ethernet::HEADER_LENGTH + 6;
const IP_CHECKSUM: usize = ethernet::HEADER_LENGTH + 10;
const TCP_CHECKSUM: usize = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH + 16;

/// The stack, with a listener, gets the SYN that `change` makes of a good one.
#[track_caller]
fn is_dropped(reason: DropReason, change: impl FnOnce(Segment) -> Vec<u8>) {
    let (mut script, _) = Script::listening(options(), 10);
    let syn = script.segment(A, "S 0:0(0) win 65535 <mss 1460>");
    script.inject_frame(&change(syn));
    script.expect_nothing();
    let ledger = script.stack.shard.ledger();
    assert_eq!(
        (ledger.dropped(reason), ledger.dropped_in_all()),
        (1, 1),
        "{ledger:?}"
    );
    assert!(ledger.is_balanced());
}

fn frame(segment: &Segment) -> Vec<u8> {
    segment.to_frame(PEER_ETHERNET, STACK_ETHERNET)
}

fn from(source: Ipv4Addr) -> impl FnOnce(Segment) -> Vec<u8> {
    move |mut syn| {
        syn.source.set_ip(source);
        frame(&syn)
    }
}

fn to(destination: Ipv4Addr) -> impl FnOnce(Segment) -> Vec<u8> {
    move |mut syn| {
        syn.destination.set_ip(destination);
        frame(&syn)
    }
}

fn rewritten(mut frame: Vec<u8>) -> Vec<u8> {
    frame[IP_CHECKSUM..][..2].fill(0);
    let mut sum = Sum::new();
    sum.add(&frame[ethernet::HEADER_LENGTH..][..ipv4::HEADER_LENGTH]);
    frame[IP_CHECKSUM..][..2].copy_from_slice(&sum.finish().to_be_bytes());
    frame
}

#[test]
fn a_frame_for_another_station_is_not_ours() {
    let other = EthernetAddress([2, 0, 0, 0, 0, 9]);
    is_dropped(DropReason::OtherHost, |syn| {
        syn.to_frame(PEER_ETHERNET, other)
    });
}

#[test]
fn a_packet_for_another_address_is_not_ours() {
    is_dropped(DropReason::IpInAddrErrors, to(Ipv4Addr::new(10, 0, 0, 9)));
}

/// RFC 1122 3.3.6: whoever sent it to every station on the link would get as many answers.
#[test]
fn a_packet_for_us_in_a_frame_for_all_is_not_served() {
    is_dropped(DropReason::UnicastInL2Multicast, |syn| {
        syn.to_frame(PEER_ETHERNET, EthernetAddress::BROADCAST)
    });
}

/// RFC 1122 4.2.3.10.
#[test]
fn a_syn_to_a_broadcast_or_a_group_opens_nothing() {
    for destination in [[10, 0, 0, 255], [255, 255, 255, 255], [224, 0, 0, 1]] {
        is_dropped(DropReason::IpInAddrErrors, to(destination.into()));
    }
}

/// RFC 1122 3.2.1.3.
#[test]
fn a_source_that_names_no_other_host_is_not_answered() {
    for source in [
        [0, 0, 0, 0],
        [127, 0, 0, 1],
        [224, 0, 0, 1],
        [10, 0, 0, 255],
        [10, 0, 0, 1],
    ] {
        is_dropped(DropReason::IpInvalidSource, from(source.into()));
    }
}

#[test]
fn a_wrong_checksum_is_noticed() {
    is_dropped(DropReason::IpCsum, |syn| {
        let mut frame = frame(&syn);
        frame[IP_CHECKSUM] ^= 1;
        frame
    });
    is_dropped(DropReason::TcpCsum, |syn| {
        let mut frame = frame(&syn);
        frame[TCP_CHECKSUM] ^= 1;
        frame
    });
}

#[test]
fn an_ack_with_a_wrong_checksum_completes_no_handshake() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    let ack = frame(&script.segment(A, ". 1:1(0) ack 1"));
    let mut damaged = ack.clone();
    damaged[TCP_CHECKSUM] ^= 1;
    script.inject_frame(&damaged);
    script.expect_nothing();
    assert!(script.stack.shard.accept(script.now, web).is_none());
    let counters = script.stack.shard.counters();
    assert_eq!((counters.tcp_in_segs, counters.tcp_in_errs), (2, 1));
    script.inject_frame(&ack);
    script.accept(web);
}

#[test]
fn a_fragment_is_not_taken_for_a_packet() {
    const MORE_FRAGMENTS: u8 = 0x20;
    is_dropped(DropReason::IpFragment, |syn| {
        let mut frame = frame(&syn);
        frame[FRAGMENT_FIELD] = MORE_FRAGMENTS;
        rewritten(frame)
    });
}

#[test]
fn a_frame_cut_short_at_any_byte_is_dropped() {
    let (mut script, _) = Script::listening(options(), 10);
    let whole = frame(&script.segment(A, "S 0:0(0) win 65535 <mss 1460>"));
    for length in 1..whole.len() {
        script.inject_frame(&whole[..length]);
        script.expect_nothing();
    }
    let ledger = script.stack.shard.ledger();
    assert_eq!(ledger.dropped_in_all(), whole.len() as u64 - 1);
    assert!(ledger.is_balanced());
}

#[test]
fn padding_behind_a_packet_is_ignored() {
    let (mut script, _) = Script::listening(options(), 10);
    let mut padded = frame(&script.segment(A, "S 0:0(0) win 65535 <mss 1460>"));
    padded.resize(100, 0xee);
    script.inject_frame(&padded);
    script.expect(A, "S. 0:0(0) ack 1");
    assert_eq!(script.stack.shard.connection_counts(), (0, 1, 0));
}

#[test]
fn an_echo_is_answered_with_its_data() {
    let mut script = Script::new(options());
    let mut echo = b"\x08\x00\0\0\0\x01\0\x02are you there?".to_vec();
    let mut sum = Sum::new();
    sum.add(&echo);
    echo[2..4].copy_from_slice(&sum.finish().to_be_bytes());
    script.inject_frame(&packet(ipv4::ICMP, &echo));
    script.expect_echo_reply(b"are you there?");
    assert_eq!(script.stack.shard.counters().icmp_out_echo_reps, 1);

    echo[10] ^= 1;
    script.inject_frame(&packet(ipv4::ICMP, &echo));
    script.expect_nothing();
    assert_eq!(script.stack.shard.ledger().dropped(DropReason::IcmpCsum), 1);
}
