//! Connections that nobody has accepted yet: what their clients do meanwhile is kept for the backend.

use periplus_journey::{Kind, Outcome, Station};
use periplus_stack::StreamError;
use periplus_tests::{Script, content, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;

#[test]
fn data_and_fin_before_accept_are_acknowledged_and_wait() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    script.inject(A, "P. 1:101(100) ack 1");
    script.expect(A, ". 1:1(0) ack 101 win 64240");
    script.inject(A, "P. 101:301(200) ack 1");
    script.expect(A, ". 1:1(0) ack 301");
    script.inject(A, "F. 301:301(0) ack 1");
    script.expect_after(Duration::from_millis(40), A, ". 1:1(0) ack 302");
    let id = script.accept(web).id;
    assert_eq!(script.read(id).unwrap(), content(0..300));
}

#[test]
fn data_before_accept_is_no_more_than_the_window() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    // As much as the receive buffer holds, twice.
    let limit = script.stack.shard.options().tcp.tcp_rmem.most as u32;
    for start in (1..2 * limit).step_by(1_460) {
        let end = start + 1_460;
        script.inject(A, &format!(". {start}:{end}(1460) ack 1"));
    }
    script.advance(Duration::from_millis(500));
    let last = script.all_segments_now().pop().expect("an ACK");
    assert_eq!(last.window, 0);
    let id = script.accept(web).id;
    let read = script.read(id).unwrap();
    assert!(read.len() <= limit as usize, "{}", read.len());
    assert_eq!(read, content(0..read.len() as u64));
}

#[test]
fn a_client_that_resets_while_it_waits_is_accepted_and_then_the_reset_is_seen() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    script.handshake(B);
    script.inject(A, "P. 1:101(100) ack 1");
    script.drain();
    script.advance(Duration::from_millis(10));
    script.inject(A, "R 101:101(0)");
    script.expect_nothing();
    let listener = script.stack.shard.listener(web).unwrap();
    assert_eq!(listener.accept_queue.len(), 2, "it keeps its place");
    assert_eq!(script.stack.shard.counters().tcp_estab_resets, 1);

    let accepted = script.accept(web);
    assert_eq!(accepted.peer.port(), A);
    // What it had sent before can be read, as on Linux.
    let mut buffer = [0; 200];
    let read = script
        .stack
        .shard
        .read(script.now, accepted.id, &mut buffer);
    assert_eq!(read, Ok(periplus_stack::Read::Data(100)));
    assert_eq!(script.read(accepted.id), Err(StreamError::Reset));
    let write = script.stack.shard.write(script.now, accepted.id, b"?");
    assert_eq!(write, Err(StreamError::Reset));
    script.stack.shard.close(script.now, accepted.id);
    script.expect_nothing();
    assert_eq!(script.accept(web).peer.port(), B);

    let records = &script.stack.records;
    let record = records.iter().find(|record| record.peer.port() == A);
    let record = record.expect("its journey");
    assert_eq!(record.kind, Kind::Connection);
    assert_eq!(record.outcome, Outcome::Reset);
    assert_eq!(record.reason.as_deref(), Some("reset_by_peer"));
    let spine = record.spine();
    let last = spine.intervals().last().unwrap();
    assert_eq!(last.station, Station::AcceptQueue);
    assert!(last.duration() >= Duration::from_millis(10));
}

#[test]
fn a_connection_that_is_over_when_it_is_accepted_leaves_nothing_behind() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    script.inject(A, "P. 1:101(100) ack 1");
    script.inject(A, "R 101:101(0)");
    script.drain();
    let id = script.accept(web).id;
    script.stack.shard.close(script.now, id);
    script.run();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    assert_eq!(script.stack.shard.tcp_memory(), Default::default());
}
