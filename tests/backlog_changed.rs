//! The backlog may be 0, may be changed, and ends with the listener.

use periplus_journey::Outcome;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;
const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";
const ACK: &str = ". 1:1(0) ack 1";

#[test]
fn a_backlog_of_0_lets_one_in() {
    let (mut script, web) = Script::listening(options(), 0);
    script.handshake(A);
    script.inject(B, SYN);
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().listen_overflows, 1);
    assert_eq!(script.accept(web).peer.port(), A);
    script.handshake(B);
    assert_eq!(script.accept(web).peer.port(), B);
}

#[test]
fn a_larger_backlog_makes_room_at_once() {
    let (mut script, web) = Script::listening(options(), 0);
    script.handshake(A);
    script.inject(B, SYN);
    script.expect_nothing();
    script.stack.shard.set_backlog(web, 1);
    script.handshake(B);
    script.inject(C, SYN);
    script.expect_nothing();
}

#[test]
fn a_smaller_backlog_sends_nobody_away() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    script.handshake(B);
    script.inject(C, SYN);
    script.expect(C, SYN_ACK);
    script.stack.shard.set_backlog(web, 0);
    let listener = script.stack.shard.listener(web).unwrap();
    assert_eq!(
        (listener.accept_queue.len(), listener.syn_queue.len()),
        (2, 1)
    );
    // The half-open one finds no room until both are accepted.
    script.inject(C, ACK);
    script.expect_nothing();
    for peer in [A, B] {
        assert_eq!(script.accept(web).peer.port(), peer);
    }
    script.expect_after(Duration::from_secs(1), C, SYN_ACK);
    script.inject(C, ACK);
    assert_eq!(script.accept(web).peer.port(), C);
}

#[test]
fn somaxconn_bounds_a_changed_backlog_too() {
    let (mut script, web) = Script::listening(options(), 1);
    script.stack.shard.set_backlog(web, usize::MAX);
    let listener = script.stack.shard.listener(web).unwrap();
    let somaxconn = script.stack.shard.options().tcp.somaxconn;
    assert_eq!(listener.accept_queue.limit(), somaxconn);
}

#[test]
fn a_listener_that_closes_resets_who_waits_and_the_journeys_say_so() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    script.handshake(B);
    script.inject(B, "P. 1:101(100) ack 1");
    script.inject(C, SYN);
    script.drain();
    script.stack.shard.close_listener(script.now, web);
    // Who is half-open hears of it when it answers.
    let reset: Vec<_> = script
        .all_segments_now()
        .iter()
        .map(|segment| (segment.destination.port(), segment.flags))
        .collect();
    use periplus_wire::tcp::TcpFlags;
    let flags = TcpFlags::RST | TcpFlags::ACK;
    assert_eq!(reset, [(A, flags), (B, flags)]);
    script.inject(C, ACK);
    script.expect(C, "R 1:1(0)");
    let counters = script.stack.shard.counters();
    assert_eq!((counters.tcp_estab_resets, counters.tcp_out_rsts), (2, 3));
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    let journeys: Vec<_> = script
        .stack
        .records
        .iter()
        .map(|record| (record.peer.port(), record.outcome, record.reason.as_deref()))
        .collect();
    for peer in [
        (A, Outcome::Reset),
        (B, Outcome::Reset),
        (C, Outcome::Closed),
    ] {
        let expected = (peer.0, peer.1, Some("listener_closed"));
        assert!(journeys.contains(&expected), "{journeys:?}");
    }
}
