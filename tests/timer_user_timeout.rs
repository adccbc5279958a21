//! TCP_USER_TIMEOUT (RFC 5482): a peer that takes nothing for so long is given up, to the tick.

use periplus_journey::Outcome;
use periplus_stack::{ConnectionId, SocketOptions, StreamError};
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const PEER: u16 = 8080;
const DATA: &str = "P. 1:101(100) ack 1";
const PROBE: &str = ". 0:0(0) ack 1";

const fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn three_seconds() -> SocketOptions {
    SocketOptions {
        user_timeout: Some(milliseconds(3000)),
        ..SocketOptions::default()
    }
}

fn established() -> (Script, ConnectionId) {
    let (mut script, id) = Script::established(A);
    let now = script.now;
    script
        .stack
        .shard
        .set_socket_options(now, id, three_seconds());
    (script, id)
}

/// Nothing is sent for `after`, then the connection is given up within a tick.
#[track_caller]
fn is_given_up_after(script: &mut Script, after: Duration, id: ConnectionId) {
    script.advance(after - milliseconds(1));
    script.expect_nothing();
    let error = |script: &Script| script.stack.shard.connection(id).unwrap().error();
    assert_eq!(error(script), None, "too early");
    script.advance(milliseconds(2));
    script.expect_nothing();
    assert_eq!(error(script), Some(StreamError::TimedOut));
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(
        (record.outcome, record.reason.as_deref()),
        (Outcome::Timeout, Some("user_timeout"))
    );
    assert_eq!(script.stack.shard.counters().tcp_abort_on_timeout, 1);
}

/// It counts from the first retransmission, as on Linux; the last RTO is cut short.
#[test]
fn unacknowledged_data_is_given_up() {
    let (mut script, id) = established();
    script.write(id, 0..100);
    script.expect(A, DATA);
    for wait in [200, 400, 800, 1600] {
        script.expect_after(milliseconds(wait), A, DATA);
    }
    is_given_up_after(&mut script, milliseconds(200), id);
}

#[test]
fn what_is_acknowledged_begins_it_anew() {
    let (mut script, id) = established();
    for n in 0..20u64 {
        script.write(id, n * 100..n * 100 + 100);
        script.drain();
        // Every second one is acknowledged at once, which measures the round trip and ends the back-off.
        script.advance(milliseconds(if n % 2 == 0 { 1000 } else { 0 }));
        script.drain();
        script.inject(A, &format!(". 1:1(0) ack {}", n * 100 + 101));
        script.drain();
    }
    assert_eq!(script.stack.shard.connection(id).unwrap().error(), None);
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 20);
    assert_eq!(
        script.stack.shard.connection(id).unwrap().next_timeout(),
        None,
        "its reason is gone"
    );
}

/// Unlike a number of probes, it does not care that the peer answers them.
#[test]
fn a_window_that_stays_closed_is_given_up_though_probes_are_answered() {
    let (mut script, id) = established();
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    script.expect_nothing();
    for wait in [200, 400, 800, 1600] {
        script.expect_after(milliseconds(wait), A, PROBE);
        script.inject(A, ". 1:1(0) ack 1 win 0");
    }
    is_given_up_after(&mut script, milliseconds(200), id);
}

#[test]
fn an_unanswered_syn_is_given_up() {
    let mut script = Script::new(options());
    let id = script.connect_with(PEER, three_seconds());
    script.expect(PEER, "S 0:0(0)");
    for _ in 0..2 {
        script.expect_after(milliseconds(1000), PEER, "S 0:0(0)");
    }
    is_given_up_after(&mut script, milliseconds(1000), id);
}

#[test]
fn an_orphans_fin_is_given_up() {
    let (mut script, id) = established();
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    for wait in [200, 400, 800, 1600] {
        script.expect_after(milliseconds(wait), A, "F. 1:1(0) ack 1");
    }
    script.advance(milliseconds(199));
    assert_eq!(script.stack.shard.connection_counts(), (1, 0, 0));
    script.advance(milliseconds(2));
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(record.reason.as_deref(), Some("user_timeout"));
    // Who comes too late learns that there is nobody any more.
    script.inject(A, ". 1:2(1) ack 1");
    script.expect(A, "R 1:1(0)");
}

/// 0 is the system's own, as with Linux's TCP_USER_TIMEOUT: it does not mean at once.
#[test]
fn a_user_timeout_of_zero_is_none() {
    let (mut script, id) = Script::established(A);
    let now = script.now;
    let none = SocketOptions {
        user_timeout: Some(Duration::ZERO),
        keep_alive: true,
        keep_idle: Some(Duration::from_secs(60)),
        keep_interval: Some(Duration::from_secs(10)),
        ..SocketOptions::default()
    };
    script.stack.shard.set_socket_options(now, id, none);
    script.write(id, 0..100);
    script.expect(A, DATA);
    for wait in [200, 400, 800, 1600] {
        script.expect_after(milliseconds(wait), A, DATA);
    }
    script.inject(A, ". 1:1(0) ack 101");
    // Keepalive goes by the number of probes.
    for wait in [61, 10, 10] {
        script.advance(Duration::from_secs(wait));
        script.expect(A, ". 100:100(0) ack 1");
    }
    assert_eq!(script.stack.shard.connection(id).unwrap().error(), None);

    let id = script.connect_with(PEER, none);
    script.expect(PEER, "S 0:0(0)");
    script.expect_after(milliseconds(1000), PEER, "S 0:0(0)");
    script.expect_after(milliseconds(1000), PEER, "S 0:0(0)");
    assert_eq!(script.stack.shard.connection(id).unwrap().error(), None);
}
