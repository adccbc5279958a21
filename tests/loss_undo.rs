//! What was sent again though it was only late, and the window that is given back for it (RFC 3522, RFC 4015).

use periplus_stack::ConnectionId;
use periplus_tcp::{CaState, TcpInfo};
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;

/// Ten segments of a thousand bytes are in flight to a peer with SACK and timestamps. Returns the timestamp that they carry.
fn in_flight() -> (Script, ConnectionId, u32) {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1012,sackOK,TS val 100 ecr 0>");
    let tsval = script.next_segment(A).options.timestamps.unwrap().value;
    script.advance(Duration::from_millis(50));
    script.inject(A, &format!(". 1:1(0) ack 1 <TS val 110 ecr {tsval}>"));
    let id = script.accept(web).id;
    script.write(id, 0..10_000);
    let flight = script.segments_now(A);
    assert_eq!(flight.len(), 10);
    let tsval = flight[0].options.timestamps.unwrap().value;
    (script, id, tsval)
}

fn info(script: &Script, id: ConnectionId) -> TcpInfo {
    script.stack.shard.tcp_info(script.now, id).unwrap()
}

/// An ACK that echoes a timestamp.
fn acknowledge(script: &mut Script, text: &str, echo: u32) {
    script.inject(A, &format!("{text} <TS val 200 ecr {echo}>"));
}

/// Nothing is heard until the timer sends the first segment again.
fn time_out(script: &mut Script, id: ConnectionId) {
    script.wait_for_segment(A, Duration::from_secs(1));
    let state = info(script, id);
    assert_eq!((state.ca_state, state.snd_cwnd), (CaState::Loss, 1));
    assert_eq!(state.snd_ssthresh, Some(7));
}

#[test]
fn a_time_out_for_what_was_only_late_costs_nothing() {
    let (mut script, id, tsval) = in_flight();
    time_out(&mut script, id);
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_cwnd), (CaState::Open, 15));
    assert_eq!(state.snd_ssthresh, None);
    script.expect_nothing(); // the other five are on their way, too
    assert_eq!(script.stack.shard.counters().tcp_loss_undo, 1);
}

#[test]
fn a_time_out_whose_copy_is_acknowledged_was_one() {
    let (mut script, id, tsval) = in_flight();
    let before = script.now;
    time_out(&mut script, id);
    let waited = script.now.since(before).as_millis() as u32;
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval + waited);
    assert_eq!(info(&script, id).snd_ssthresh, Some(7));
    assert_eq!(script.stack.shard.counters().tcp_loss_undo, 0);
    script.expect(A, ". 5001:6001(1000) ack 1");
}

#[test]
fn a_recovery_from_what_was_only_late_gives_the_window_back_when_it_ends() {
    let (mut script, id, tsval) = in_flight();
    script.advance(Duration::from_millis(50));
    script.inject(
        A,
        &format!(". 1:1(0) ack 1 <TS val 200 ecr {tsval},sack 1001:4001>"),
    );
    script.expect(A, ". 1:1001(1000) ack 1");
    assert_eq!(info(&script, id).ca_state, CaState::Recovery);
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    assert_eq!(info(&script, id).ca_state, CaState::Recovery);
    acknowledge(&mut script, ". 1:1(0) ack 10001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_ssthresh), (CaState::Open, None));
    assert!(state.snd_cwnd >= 10, "{}", state.snd_cwnd);
    assert_eq!(script.stack.shard.counters().tcp_full_undo, 1);
}

#[test]
fn without_timestamps_nobody_knows() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1000,sackOK>");
    script.drain();
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    script.write(id, 0..10_000);
    script.drain();
    time_out(&mut script, id);
    script.inject(A, ". 1:1(0) ack 10001");
    assert_eq!(info(&script, id).snd_ssthresh, Some(7));
}
