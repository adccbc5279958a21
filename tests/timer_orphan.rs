//! Connections that the backend let go of: nobody waits for them, and they do not wait for ever.

use periplus_journey::Outcome;
use periplus_stack::{ConnectionId, ListenerId, ShardOptions, SocketOptions, StreamError};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const FIN: &str = "F. 1:1(0) ack 1";
const PROBE: &str = ". 0:0(0) ack 1";

const fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn listening(tcp: Sysctls) -> (Script, ListenerId) {
    Script::listening(ShardOptions { tcp, ..options() }, 10)
}

fn established(tcp: Sysctls, socket: SocketOptions) -> (Script, ConnectionId) {
    let (mut script, web) = listening(tcp);
    let now = script.now;
    script.stack.shard.set_listener_options(now, web, socket);
    script.handshake(A);
    let id = script.accept(web).id;
    (script, id)
}

/// Nothing is sent for `after`, then the orphan is gone within two milliseconds.
#[track_caller]
fn is_gone_after(script: &mut Script, after: Duration, end: (Outcome, Option<&str>)) {
    script.advance(after - milliseconds(1));
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (1, 0, 0), "early");
    script.advance(milliseconds(3));
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    assert_eq!(script.stack.next_timeout(), None);
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!((record.outcome, record.reason.as_deref()), end);
}

const RETRIES: (Outcome, Option<&str>) = (Outcome::Timeout, Some("tcp_orphan_retries"));

/// Eight retries are 102.2 s after the first one; the time-out after that ends it.
#[test]
fn what_a_silent_peer_does_not_acknowledge_is_given_up_after_minutes() {
    let (mut script, id) = established(Sysctls::default(), SocketOptions::default());
    script.stack.shard.close(script.now, id);
    script.expect(A, FIN);
    for n in 0..9 {
        script.expect_after(milliseconds(200 << n), A, FIN);
    }
    is_gone_after(&mut script, milliseconds(200 << 9), RETRIES);
}

#[test]
fn the_knob_makes_it_shorter() {
    let tcp = Sysctls {
        tcp_orphan_retries: 2,
        ..Sysctls::default()
    };
    let (mut script, id) = established(tcp, SocketOptions::default());
    script.stack.shard.close(script.now, id);
    script.expect(A, FIN);
    for wait in [200, 400, 800] {
        script.expect_after(milliseconds(wait), A, FIN);
    }
    is_gone_after(&mut script, milliseconds(1600), RETRIES);
}

#[test]
fn a_closed_window_is_probed_eight_times_without_an_answer() {
    let (mut script, id) = established(Sysctls::default(), SocketOptions::default());
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    script.stack.shard.close(script.now, id);
    for n in 0..8 {
        script.expect_after(milliseconds(200 << n), A, PROBE);
    }
    is_gone_after(&mut script, milliseconds(200 << 8), RETRIES);
}

/// Answers keep it until the RTO has reached its bound, and no other ACKs put that off.
#[test]
fn a_window_that_stays_closed_to_an_orphan_is_not_probed_for_ever() {
    for (chatty, tcp_orphan_retries) in [(false, 0), (true, 0), (false, 5)] {
        let tcp = Sysctls {
            tcp_orphan_retries,
            ..Sysctls::default()
        };
        let (mut script, id) = established(tcp, SocketOptions::default());
        script.inject(A, ". 1:1(0) ack 1 win 0");
        script.write(id, 0..100);
        script.stack.shard.close(script.now, id);
        for n in 0..10 {
            script.expect_after(milliseconds(200 << n), A, PROBE);
            script.inject(A, ". 1:1(0) ack 1 win 0");
        }
        if chatty {
            for _ in 0..100 {
                script.advance(milliseconds(1000));
                script.inject(A, ". 1:1(0) ack 1 win 0");
            }
            is_gone_after(&mut script, milliseconds(20_000), RETRIES);
        } else {
            is_gone_after(&mut script, milliseconds(120_000), RETRIES);
        }
    }
}

#[test]
fn more_than_tcp_max_orphans_are_reset() {
    let tcp = Sysctls {
        tcp_max_orphans: 2,
        ..Sysctls::default()
    };
    let (mut script, web) = listening(tcp);
    for peer in A..A + 3 {
        script.handshake(peer);
        let id = script.accept(web).id;
        script.stack.shard.close(script.now, id);
        let expected = if peer < A + 2 { FIN } else { "R. 1:1(0) ack 1" };
        script.expect(peer, expected);
    }
    assert_eq!(script.stack.shard.connection_counts(), (2, 0, 0));
    assert_eq!(script.stack.shard.counters().tcp_abort_on_memory, 1);
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(
        (record.outcome, record.reason.as_deref()),
        (Outcome::Shed, Some("orphan_limit"))
    );
    // One that is over makes room.
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    script.handshake(A + 3);
    let id = script.accept(web).id;
    script.stack.shard.close(script.now, id);
    script.expect(A + 3, FIN);
}

fn in_fin_wait_2(socket: SocketOptions) -> Script {
    let (mut script, id) = established(Sysctls::default(), socket);
    script.stack.shard.close(script.now, id);
    script.expect(A, FIN);
    script.inject(A, ". 1:1(0) ack 2");
    script
}

const IN_ORDER: (Outcome, Option<&str>) = (Outcome::Closed, None);

#[test]
fn the_peers_fin_is_waited_for_a_minute() {
    let mut script = in_fin_wait_2(SocketOptions::default());
    is_gone_after(&mut script, milliseconds(60_000), IN_ORDER);
}

#[test]
fn linger2_says_how_long_the_peers_fin_is_waited_for() {
    let mut script = in_fin_wait_2(SocketOptions {
        linger2: Some(milliseconds(7000)),
        ..SocketOptions::default()
    });
    is_gone_after(&mut script, milliseconds(7000), IN_ORDER);
}

#[test]
fn linger2_is_two_minutes_at_most_and_three_and_a_half_rtos_at_least() {
    for (asked, given) in [(1_000_000, 120_000), (1, 700)] {
        let mut script = in_fin_wait_2(SocketOptions {
            linger2: Some(milliseconds(asked)),
            ..SocketOptions::default()
        });
        is_gone_after(&mut script, milliseconds(given), IN_ORDER);
    }
}

#[test]
fn without_linger2_the_peers_fin_is_not_waited_for() {
    let socket = SocketOptions {
        linger2: Some(Duration::ZERO),
        ..SocketOptions::default()
    };
    for close_first in [true, false] {
        let (mut script, id) = established(Sysctls::default(), socket);
        let now = script.now;
        if close_first {
            script.stack.shard.close(now, id);
        } else {
            script.stack.shard.shutdown_write(now, id).unwrap();
        }
        script.expect(A, FIN);
        script.inject(A, ". 1:1(0) ack 2");
        script.stack.shard.close(now, id);
        // one that answers the peer's ACK has none itself
        let reset = ["R. 2:2(0) ack 1", "R 2:2(0)"][usize::from(close_first)];
        script.expect(A, reset);
        assert_eq!(script.stack.shard.counters().tcp_abort_on_linger, 1);
        assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    }
}

#[test]
fn data_in_fin_wait_2_is_answered_by_a_reset() {
    let mut script = in_fin_wait_2(SocketOptions::default());
    script.inject(A, "P. 1:11(10) ack 2");
    script.expect(A, "R 2:2(0)");
    assert_eq!(script.stack.shard.counters().tcp_abort_on_data, 1);
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
}

/// At SEG.ACK, which is the peer's RCV.NXT: it has not seen our FIN, and would only challenge a RST beyond it (RFC 5961 3.2).
#[test]
fn data_that_crosses_a_lost_fin_is_answered_where_the_peer_believes_it() {
    let (mut script, id) = established(Sysctls::default(), SocketOptions::default());
    script.stack.shard.close(script.now, id);
    script.expect(A, FIN);
    script.inject(A, "P. 1:11(10) ack 1");
    script.expect(A, "R 1:1(0)");
}

/// What is sent to a peer that has left the network is lost, and so is what cannot be sent at all: the FIN's time-outs count from
/// the moment at which the next hop is given up.
#[test]
fn an_orphan_whose_next_hop_has_gone_is_given_up() {
    let (mut script, id) = established(Sysctls::default(), SocketOptions::default());
    script.answers_questions = false;
    script.advance(Duration::from_secs(600));
    let another = script.connect(8080); // finds out that the next hop has gone
    script.advance(Duration::from_secs(10));
    script.drain();
    let connecting = script.stack.shard.is_connected(another);
    assert_eq!(connecting, Err(StreamError::TimedOut));
    script.stack.shard.close(script.now, another);
    script.stack.shard.close(script.now, id);
    script.advance(Duration::from_secs(600));
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!((record.outcome, record.reason.as_deref()), RETRIES);
}

/// A window that opens by less than what could go into it changes nothing: a peer that lets it flutter would put the timer off for
/// as long as it likes.
#[test]
fn a_fluttering_window_does_not_keep_an_orphan() {
    let (mut script, id) = established(Sysctls::default(), SocketOptions::default());
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..1000);
    script.stack.shard.close(script.now, id);
    for n in 0..6000 {
        script.advance(milliseconds(100));
        script.inject(A, &format!(". 1:1(0) ack 1 win {}", n % 2));
        script.drain();
        if script.stack.shard.connection_counts() == (0, 0, 0) {
            return;
        }
    }
    panic!("it is still there after ten minutes");
}
