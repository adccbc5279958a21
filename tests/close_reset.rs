//! Closing by RST, and the RSTs that must not close anything.

use periplus_journey::Outcome;
use periplus_stack::StreamError;
use periplus_tests::{Script, content};

const A: u16 = 40_001;

/// RFC 1122 4.2.2.13: a close with unread data tells the peer that it was lost.
#[test]
fn closing_with_unread_data_resets() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 1:101(100) ack 1");
    script.drain();
    script.stack.shard.close(script.now, id);
    script.expect(A, "R. 1:1(0) ack 101");
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
}

#[test]
fn data_that_arrives_after_the_close_is_answered_by_a_reset() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, "P. 1:101(100) ack 2");
    script.expect(A, "R 2:2(0)");
    assert_eq!(script.stack.shard.counters().tcp_abort_on_data, 1);
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
}

#[test]
fn abort_resets_whatever_is_queued() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..100_000);
    script.stack.shard.abort(script.now, id);
    script.stack.shard.close(script.now, id);
    script.expect(A, "R. 1:1(0) ack 1");
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
}

#[test]
fn an_exact_rst_resets_and_every_call_says_so() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 1:101(100) ack 1");
    script.drain();
    assert_eq!(script.read(id), Ok(content(0..100)));
    script.inject(A, "R 101:101(0)");
    script.expect_nothing();
    let read = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert_eq!(read.err(), Some(StreamError::Reset));
    let write = script.stack.shard.write(script.now, id, b"late");
    assert_eq!(write.err(), Some(StreamError::Reset));
    assert_eq!(script.stack.shard.counters().tcp_estab_resets, 1);
    assert_eq!(
        script.stack.records.last().map(|record| record.outcome),
        Some(Outcome::Reset)
    );
}

/// As on Linux: EPIPE.
#[test]
fn a_rst_after_the_peers_fin_breaks_the_pipe() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "FP. 1:11(10) ack 1");
    script.drain();
    script.inject(A, "R 12:12(0)");
    script.expect_nothing();
    assert_eq!(script.read(id), Ok(content(0..10)));
    let write = script.stack.shard.write(script.now, id, b"late");
    assert_eq!(write.err(), Some(StreamError::BrokenPipe));
}

/// RFC 5961 3.2.
#[test]
fn a_rst_elsewhere_in_the_window_is_challenged() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "R 2:2(0)");
    script.expect(A, ". 1:1(0) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_challenge_ack, 1);
    script.inject(A, "P. 1:11(10) ack 1");
    assert_eq!(script.read(id), Ok(content(0..10)));
}

/// RFC 5961 4.2.
#[test]
fn a_syn_on_a_connection_is_challenged() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "S 500:500(0) win 65535 <mss 1460>");
    script.expect(A, ". 1:1(0) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_challenge_ack, 1);
    script.inject(A, "P. 1:11(10) ack 1");
    assert_eq!(script.read(id), Ok(content(0..10)));
}

#[test]
fn a_rst_outside_the_window_is_ignored() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "R 100000000:100000000(0)");
    script.expect_nothing();
    script.inject(A, "P. 1:11(10) ack 1");
    assert_eq!(script.read(id), Ok(content(0..10)));
}

/// The client closed its direction with the request, and went away before it had the answer.
#[test]
fn a_reset_in_last_ack_is_recorded_as_one() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "F. 1:1(0) ack 1");
    script.drain();
    script.write(id, 0..1000);
    script.stack.shard.close(script.now, id);
    script.drain();
    script.inject(A, "R 2:2(0)");
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    assert_eq!(
        script
            .stack
            .records
            .last()
            .map(|record| (record.outcome, record.reason.as_deref())),
        Some((Outcome::Reset, Some("reset_by_peer")))
    );
}
