//! The first two duplicate ACKs each let a new segment out (RFC 3042), with SACK and without.

use periplus_stack::ConnectionId;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;

/// Fifteen segments are written to a peer that takes them all; ten of them go.
fn ten_of_fifteen_sent(syn_options: &str) -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, &format!("S 0:0(0) win 65535 <mss 1000{syn_options}>"));
    script.drain();
    script.advance(Duration::from_millis(50));
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    script.write(id, 0..15_000);
    assert_eq!(script.segments_now(A).len(), 10);
    (script, id)
}

/// The peer's next word, a while later: at once, the stack would wait for more to fill a super-frame with.
fn later(script: &mut Script, text: &str) {
    script.advance(Duration::from_millis(10));
    script.inject(A, text);
}

#[test]
fn duplicate_acks_without_sack_let_two_segments_out() {
    let (mut script, _) = ten_of_fifteen_sent("");
    later(&mut script, ". 1:1(0) ack 1");
    script.expect(A, ". 10001:11001(1000) ack 1");
    later(&mut script, ". 1:1(0) ack 1");
    script.expect(A, ". 11001:12001(1000) ack 1");
    // It was reordering: what the duplicates told of does not let slow start grow a second time.
    later(&mut script, ". 1:1(0) ack 3001");
    script.expect(A, ". 12001:13001(1000) ack 1");
    script.expect(A, "P. 13001:14001(1000) ack 1");
    script.expect_nothing();
}

#[test]
fn so_do_sack_blocks() {
    let (mut script, _) = ten_of_fifteen_sent(",sackOK");
    later(&mut script, ". 1:1(0) ack 1 <sack 1001:2001>");
    script.expect(A, ". 10001:11001(1000) ack 1");
    later(&mut script, ". 1:1(0) ack 1 <sack 1001:3001>");
    script.expect(A, ". 11001:12001(1000) ack 1");
    later(&mut script, ". 1:1(0) ack 3001");
    script.expect(A, ". 12001:13001(1000) ack 1");
    script.expect(A, "P. 13001:14001(1000) ack 1");
    script.expect_nothing();
}

/// Whoever negotiated SACK tells what arrived: an ACK that only repeats itself says nothing (RFC 6675 2).
#[test]
fn with_sack_a_repeated_ack_without_a_block_lets_nothing_out() {
    let (mut script, _) = ten_of_fifteen_sent(",sackOK");
    for _ in 0..4 {
        later(&mut script, ". 1:1(0) ack 1");
    }
    script.expect_nothing();
}
