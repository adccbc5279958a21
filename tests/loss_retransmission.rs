//! What is lost is sent again.

use periplus_stack::{Read, ShardOptions, StreamError};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, content, options};
use std::time::Duration;

const A: u16 = 40_001;

#[test]
fn unacknowledged_data_is_sent_again_at_doubling_intervals() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
    let mut waits = Vec::new();
    for _ in 0..3 {
        let before = script.now;
        let again = script.wait_for_segment(A, Duration::from_secs(100));
        assert_eq!(again, "P. 1:101(100) ack 1");
        waits.push(script.now.since(before).as_millis());
    }
    assert_eq!(
        (waits[1] / waits[0], waits[2] / waits[1]),
        (2, 2),
        "{waits:?}"
    );
    script.inject(A, ". 1:1(0) ack 101");
    script.advance(Duration::from_secs(100));
    script.expect_nothing();
}

/// RFC 5681 3.2.
#[test]
fn the_third_duplicate_ack_brings_the_lost_segment_at_once() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..7300);
    for start in [1, 1461, 2921, 4381, 5841] {
        let text = format!("{start}:{}(1460) ack 1", start + 1460);
        let flags = if start == 5841 { "P." } else { "." };
        script.expect(A, &format!("{flags} {text}"));
    }
    // The first segment was lost.
    script.inject(A, ". 1:1(0) ack 1");
    script.inject(A, ". 1:1(0) ack 1");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1");
    script.expect(A, ". 1:1461(1460) ack 1");
    script.inject(A, ". 1:1(0) ack 7301");
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().tcp_fast_retrans, 1);
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 0);
}

#[test]
fn data_out_of_order_is_kept_and_its_gap_acknowledged_at_once() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 101:201(100) ack 1");
    script.expect(A, ". 1:1(0) ack 1");
    let nothing = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert!(matches!(nothing, Ok(Read::Wait)), "{nothing:?}");
    script.inject(A, "P. 1:101(100) ack 1");
    script.expect(A, ". 1:1(0) ack 201");
    assert!(script.stack.take_readable(id), "the backend is woken");
    assert_eq!(script.read(id), Ok(content(0..200)));
}

#[test]
fn a_copy_and_an_overlap_are_delivered_once() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 1:101(100) ack 1");
    script.inject(A, "P. 1:101(100) ack 1");
    script.inject(A, "P. 51:151(100) ack 1");
    script.drain();
    assert_eq!(script.read(id), Ok(content(0..150)));
}

#[test]
fn a_peer_that_never_answers_is_given_up() {
    let tcp = Sysctls {
        tcp_retries2: 3,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    script.handshake(A);
    let id = script.accept(web).id;
    script.write(id, 0..100);
    script.advance(Duration::from_secs(60));
    script.drain();
    let read = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert_eq!(read.err(), Some(StreamError::TimedOut));
    assert_eq!(script.stack.shard.counters().tcp_abort_on_timeout, 1);
}

/// RFC 1122 2.3.2.1: what is known of a neighbour goes stale while a connection uses it as well.
#[test]
fn a_neighbour_in_use_is_asked_for_again_after_a_minute() {
    let (mut script, id) = Script::established(A);
    let before = script.questions;
    let mut sent = 1;
    for _ in 0..200 {
        script.advance(Duration::from_secs(1));
        script.write(id, 0..100);
        sent += 100;
        script.drain();
        script.inject(A, &format!(". 1:1(0) ack {sent}"));
    }
    assert_eq!(script.questions - before, 3);
}
