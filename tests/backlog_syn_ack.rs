//! When the SYN/ACK goes out again, and when its record is given up: the schedule of Linux's `reqsk_timer_handler`.

use periplus_ring::BURST;
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;
const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A listener with `backlog`, and as many half-open connections that have just begun.
fn crowded(backlog: usize, half_open: u16) -> (Script, periplus_stack::ListenerId) {
    let (mut script, web) = Script::listening(options(), backlog);
    for peer in A..A + half_open {
        script.inject(peer, SYN);
        script.expect(peer, SYN_ACK);
    }
    (script, web)
}

fn half_open(script: &Script) -> usize {
    script.stack.shard.connection_counts().1
}

#[test]
fn a_silent_peer_gets_five_more_and_is_given_up_after_63_seconds() {
    let (mut script, _) = crowded(8, 1);
    for wait in [1, 2, 4, 8, 16] {
        script.expect_after(seconds(wait), A, SYN_ACK);
    }
    script.advance(seconds(31));
    assert_eq!(half_open(&script), 1);
    script.advance(seconds(2));
    script.expect_nothing();
    assert_eq!(half_open(&script), 0);
    let counters = script.stack.shard.counters();
    assert_eq!(counters.tcp_syn_retrans, 5);
    assert_eq!(counters.tcp_timeouts, 6);
}

#[test]
fn the_answer_to_a_repeated_syn_starts_the_timer_anew() {
    let (mut script, _) = crowded(8, 1);
    script.advance(Duration::from_millis(900));
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    script.expect_after(seconds(1), A, SYN_ACK);
    script.advance(Duration::from_millis(1_500));
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    // The wait is as long as it had become.
    script.expect_after(seconds(2), A, SYN_ACK);
}

#[test]
fn in_a_crowded_queue_the_old_are_given_up_after_two() {
    // Five are more than half of eight.
    let (mut script, _) = crowded(8, 5);
    script.advance(Duration::from_millis(6_900));
    script.drain();
    assert_eq!(half_open(&script), 5);
    script.advance(Duration::from_millis(200));
    // The first is given up; the other four are not more than half any more, and stay.
    assert_eq!(half_open(&script), 4);
    assert_eq!(script.all_segments_now().len(), 4);
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 15);
}

#[test]
fn in_a_queue_crowded_by_the_young_the_old_may_stay() {
    let (mut script, _) = crowded(8, 2);
    script.advance(Duration::from_millis(6_500));
    for peer in C..C + 5 {
        script.inject(peer, SYN);
    }
    script.drain();
    script.advance(Duration::from_millis(600));
    // Of seven five are young.
    assert_eq!(half_open(&script), 7);
    assert_eq!(script.all_segments_now().len(), 2);
}

/// All at once they would keep the stack from a ring that a flood fills, and whose SYN the ring then has no room for tries
/// again after a second only.
#[test]
fn while_frames_wait_in_the_ring_few_are_repeated_between_two_looks_at_it() {
    const HALF_OPEN: u16 = 300;
    const LOOKS: u16 = 10;
    let (mut script, _) = crowded(512, HALF_OPEN);
    for peer in 0..LOOKS * BURST as u16 {
        script.put_segment(1_000 + peer, SYN);
    }
    script.now += seconds(2);
    let repeated = |script: &Script| script.stack.shard.counters().tcp_syn_retrans;
    for look in 1..=u64::from(LOOKS) {
        script.stack.poll(script.now);
        assert_eq!(repeated(&script), 4 * look);
    }
    assert!(script.stack.next_timeout().unwrap() <= script.now);
    script.run();
    assert_eq!(repeated(&script), u64::from(HALF_OPEN));
    assert_eq!(script.stack.shard.counters().ip_out_discards, 0);
}

#[test]
fn a_full_accept_queue_does_not_silence_the_timer() {
    let tcp = Sysctls {
        tcp_synack_retries: 2,
        ..Sysctls::default()
    };
    let options = periplus_stack::ShardOptions { tcp, ..options() };
    let (mut script, _) = Script::listening(options, 1);
    script.handshake(A);
    for peer in [B, C] {
        script.inject(peer, SYN);
        script.expect(peer, SYN_ACK);
    }
    script.inject(C, ". 1:1(0) ack 1");
    // B's ACK is dropped, and then its repetitions, and in the end its record goes.
    for wait in [0, 1, 2] {
        if wait > 0 {
            script.expect_after(seconds(wait), B, SYN_ACK);
        }
        script.inject(B, ". 1:1(0) ack 1");
        script.expect_nothing();
    }
    assert_eq!(script.stack.shard.counters().listen_overflows, 3);
    script.advance(seconds(5));
    assert_eq!(half_open(&script), 0);
}
