//! `shutdown`, by either direction or both, as on Linux.

use periplus_stack::{ConnectionId, Read, StreamError};
use periplus_tests::{Script, content};
use std::net::Shutdown;
use std::time::Duration;

const A: u16 = 40_001;

fn shut(how: Shutdown) -> (Script, ConnectionId) {
    let (mut script, id) = Script::established(A);
    script.stack.shard.shutdown(script.now, id, how).unwrap();
    (script, id)
}

fn read(script: &mut Script, id: ConnectionId) -> Result<Read, StreamError> {
    script.stack.shard.read(script.now, id, &mut [0; 10])
}

#[test]
fn a_closed_reading_direction_gives_the_end_and_the_peer_is_not_told() {
    let (mut script, id) = shut(Shutdown::Read);
    script.expect_nothing();
    assert_eq!(read(&mut script, id), Ok(Read::End));
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
}

#[test]
fn a_waiting_reader_is_woken_by_it() {
    let (mut script, id) = Script::established(A);
    assert_eq!(read(&mut script, id), Ok(Read::Wait));
    let now = script.now;
    script
        .stack
        .shard
        .shutdown(now, id, Shutdown::Read)
        .unwrap();
    assert!(script.stack.take_readable(id));
}

/// Linux goes on acknowledging, and gives what comes to whoever reads all the same.
#[test]
fn what_comes_after_it_is_acknowledged_and_can_be_read() {
    let (mut script, id) = shut(Shutdown::Read);
    script.inject(A, "P. 1:11(10) ack 1");
    script.inject(A, "F. 11:11(0) ack 1");
    script.advance(Duration::from_millis(41)); // the ACK waits for an answer
    let last = script.segments_now(A).pop().expect("an ACK");
    assert_eq!(
        last.acknowledgment,
        script.segment(A, "F. 11:11(0) ack 1").sequence + 1
    );
    assert_eq!(script.read(id), Ok(content(0..10)));
    assert_eq!(read(&mut script, id), Ok(Read::End));
}

/// Once both directions are closed nobody can be meant by what comes.
#[test]
fn with_both_directions_closed_data_is_answered_by_a_reset() {
    let (mut script, id) = shut(Shutdown::Both);
    script.expect(A, "F. 1:1(0) ack 1");
    assert_eq!(read(&mut script, id), Ok(Read::End));
    let write = script.stack.shard.write(script.now, id, b"late");
    assert_eq!(write.err(), Some(StreamError::BrokenPipe));
    script.inject(A, "P. 1:11(10) ack 2");
    script.expect(A, "R 2:2(0)");
    assert_eq!(read(&mut script, id), Err(StreamError::Reset));
    assert_eq!(script.stack.shard.counters().tcp_abort_on_data, 1);
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(record.reason.as_deref(), Some("data_after_shutdown"));
}

#[test]
fn with_both_directions_closed_the_peers_fin_ends_it_in_order() {
    let (mut script, id) = shut(Shutdown::Both);
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, ". 1:1(0) ack 2");
    script.stack.shard.close(script.now, id);
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 1));
}

#[test]
fn the_second_shutdown_adds_nothing() {
    let (mut script, id) = shut(Shutdown::Write);
    script.expect(A, "F. 1:1(0) ack 1");
    let now = script.now;
    script
        .stack
        .shard
        .shutdown(now, id, Shutdown::Both)
        .unwrap();
    script.expect_nothing();
}
