//! CLOSE and ABORT in every state (RFC 9293 3.10.4, 3.10.5), and that nothing is left of the connection.

use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{ConnectionId, StreamError};
use periplus_tests::{Pair, Script, options};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

const A: u16 = 40_001;

const MINUTES: Duration = Duration::from_secs(600);

fn in_syn_sent() -> (Script, ConnectionId) {
    let mut script = Script::new(options());
    let id = script.connect(A);
    script.expect(A, "S 0:0(0)");
    (script, id)
}

/// By a simultaneous open: a passive one has no connection to close yet.
fn in_syn_received() -> (Script, ConnectionId) {
    let (mut script, id) = in_syn_sent();
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    (script, id)
}

fn in_fin_wait_1() -> (Script, ConnectionId) {
    let (mut script, id) = Script::established(A);
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.expect(A, "F. 1:1(0) ack 1");
    (script, id)
}

fn in_fin_wait_2() -> (Script, ConnectionId) {
    let (mut script, id) = in_fin_wait_1();
    script.inject(A, ". 1:1(0) ack 2");
    (script, id)
}

fn in_close_wait() -> (Script, ConnectionId) {
    let (mut script, id) = Script::established(A);
    script.inject(A, "F. 1:1(0) ack 1");
    script.expect(A, ". 1:1(0) ack 2");
    (script, id)
}

fn in_closing() -> (Script, ConnectionId) {
    let (mut script, id) = in_fin_wait_1();
    script.inject(A, "F. 1:1(0) ack 1");
    script.expect(A, ". 2:2(0) ack 2");
    (script, id)
}

fn in_last_ack() -> (Script, ConnectionId) {
    let (mut script, id) = in_close_wait();
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.expect(A, "F. 1:1(0) ack 2");
    (script, id)
}

fn in_time_wait() -> (Script, ConnectionId) {
    let (mut script, id) = in_fin_wait_2();
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    (script, id)
}

type Prepare = fn() -> (Script, ConnectionId);

/// Every state, with the packet that an ABORT in it sends.
const STATES: [(&str, Prepare, Option<&str>); 9] = [
    ("SYN-SENT", in_syn_sent, None),
    ("SYN-RECEIVED", in_syn_received, Some("R. 1:1(0) ack 1")),
    (
        "ESTABLISHED",
        || Script::established(A),
        Some("R. 1:1(0) ack 1"),
    ),
    ("FIN-WAIT-1", in_fin_wait_1, Some("R. 2:2(0) ack 1")),
    ("FIN-WAIT-2", in_fin_wait_2, Some("R. 2:2(0) ack 1")),
    ("CLOSE-WAIT", in_close_wait, Some("R. 1:1(0) ack 2")),
    ("CLOSING", in_closing, None),
    ("LAST-ACK", in_last_ack, None),
    ("TIME-WAIT", in_time_wait, None),
];

#[test]
fn abort_resets_where_the_peer_still_counts_on_us() {
    for (state, prepare, sent) in STATES {
        let (mut script, id) = prepare();
        script.stack.shard.abort(script.now, id);
        script.stack.shard.close(script.now, id);
        if let Some(sent) = sent {
            script.expect(A, sent);
        }
        script.expect_nothing();
        assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0), "{state}");
        assert_eq!(script.stack.next_timeout(), None, "{state}");
    }
}

#[test]
fn after_close_a_silent_peer_is_waited_for_a_bounded_time() {
    for (state, prepare, _) in STATES {
        let (mut script, id) = prepare();
        script.stack.shard.close(script.now, id);
        script.advance(6 * MINUTES);
        script.drain();
        assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0), "{state}");
        assert_eq!(script.stack.next_timeout(), None, "{state}");
    }
}

#[test]
fn close_in_syn_sent_gives_the_attempt_up() {
    let (mut script, id) = in_syn_sent();
    script.stack.shard.close(script.now, id);
    script.inject(A, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
    script.expect(A, "R 1:1(0)");
}

#[test]
fn shutdown_in_syn_sent_gives_the_attempt_up() {
    for how in [Shutdown::Read, Shutdown::Write, Shutdown::Both] {
        let (mut script, id) = in_syn_sent();
        assert_eq!(script.stack.shard.shutdown(script.now, id, how), Ok(()));
        assert_eq!(
            script.stack.shard.is_connected(id),
            Err(StreamError::Aborted)
        );
        script.advance(MINUTES);
        script.expect_nothing();
    }
}

/// RFC 9293 3.10.4: in SYN-RECEIVED the FIN waits until the SYN is acknowledged.
#[test]
fn a_close_in_syn_received_does_not_forget_the_syn() {
    let (mut script, id) = in_syn_received();
    script.stack.shard.close(script.now, id);
    script.expect_nothing();
    // The SYN/ACK was lost.
    let again = script.wait_for_segment(A, Duration::from_secs(2));
    assert_eq!(again, "S. 0:0(0) ack 1");
    script.inject(A, ". 1:1(0) ack 1");
    script.expect(A, "F. 1:1(0) ack 1");
}

/// Both call, both close at once, and the link loses what it can.
#[test]
fn connections_opened_and_closed_at_once_leave_nothing_behind() {
    let server: SocketAddr = "10.0.0.1:5000".parse().unwrap();
    let client: SocketAddr = "10.0.0.2:6000".parse().unwrap();
    for seed in 0..100 {
        let faults = FaultOptions {
            seed,
            loss: 0.3,
            duplicate: 0.1,
            jitter: Duration::from_millis(50),
            ..FaultOptions::default()
        };
        let mut pair = Pair::faulty([options(), options()], faults, LinkOptions::default());
        let one = pair.server.shard.connect(pair.now, Some(server), client);
        let other = pair.client.shard.connect(pair.now, Some(client), server);
        let (one, other) = (one.unwrap(), other.unwrap());
        let start = pair.now;
        while pair.server.shard.is_connected(one) == Ok(false) && pair.step() {}
        pair.server.shard.close(pair.now, one);
        pair.step();
        pair.client.shard.close(pair.now, other);
        while pair.step() {}
        assert_eq!(
            pair.server.shard.connection_counts(),
            (0, 0, 0),
            "seed {seed}"
        );
        assert_eq!(
            pair.client.shard.connection_counts(),
            (0, 0, 0),
            "seed {seed}"
        );
        assert!(pair.now.since(start) < 6 * MINUTES, "seed {seed}");
        pair.check_conservation();
    }
}
