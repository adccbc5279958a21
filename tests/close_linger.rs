//! SO_LINGER: a close that waits, and one that does not even deliver.

use periplus_stack::{ConnectionId, SocketOptions, StreamError};
use periplus_tests::Script;
use std::time::Duration;

const A: u16 = 40_001;

fn without_linger() -> (Script, ConnectionId) {
    let (mut script, id) = Script::established(A);
    let now = script.now;
    let zero = |options: &mut SocketOptions| options.linger = Some(Duration::ZERO);
    script.stack.shard.change_socket_options(now, id, zero);
    (script, id)
}

#[track_caller]
fn ended_because(script: &Script, reason: &str) {
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(record.reason.as_deref(), Some(reason));
}

#[test]
fn a_linger_time_of_zero_resets() {
    let (mut script, id) = without_linger();
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
    script.stack.shard.close(script.now, id);
    script.expect(A, "R. 101:101(0) ack 1");
    ended_because(&script, "closed_without_linger");
    assert_eq!(script.stack.shard.counters().tcp_abort_on_data, 1);
}

#[test]
fn unread_data_is_the_reason_that_counts_first() {
    let (mut script, id) = without_linger();
    script.inject(A, "P. 1:101(100) ack 1");
    script.drain();
    script.stack.shard.close(script.now, id);
    script.expect(A, "R. 1:1(0) ack 101");
    ended_because(&script, "closed_with_unread_data");
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.tcp_abort_on_close, counters.tcp_abort_on_data),
        (1, 0)
    );
}

#[test]
fn time_wait_is_kept_all_the_same() {
    let (mut script, id) = without_linger();
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    script.stack.shard.close(script.now, id);
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 1));
}

/// What a lingering close waits for: the ACK of all the data, and of the FIN after it.
#[test]
fn who_lingers_is_told_when_everything_has_arrived() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..100);
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.drain();
    assert_eq!(script.stack.shard.is_delivered(id), Ok(false));
    script.inject(A, ". 1:1(0) ack 101");
    assert!(!script.stack.take_writable(id) || script.stack.shard.is_delivered(id) == Ok(false));
    script.inject(A, ". 1:1(0) ack 102");
    assert!(script.stack.take_writable(id), "the backend is woken");
    assert_eq!(script.stack.shard.is_delivered(id), Ok(true));
}

#[test]
fn who_lingers_is_told_that_it_was_in_vain() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.drain();
    assert_eq!(script.stack.shard.is_delivered(id), Ok(false));
    script.inject(A, "R 1:1(0)");
    assert!(script.stack.take_writable(id), "the backend is woken");
    assert_eq!(script.stack.shard.is_delivered(id), Err(StreamError::Reset));
}
