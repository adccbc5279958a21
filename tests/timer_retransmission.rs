//! How long what is not acknowledged is sent again, and a closed window probed (RFC 9293 3.8.3, R2), by Linux's knobs.

use periplus_journey::Outcome;
use periplus_stack::{ConnectionId, ShardOptions, SocketOptions, StreamError};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const PEER: u16 = 8080;
const DATA: &str = "P. 1:101(100) ack 1";
const PROBE: &str = ". 0:0(0) ack 1";

const fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A connection of a stack with this knob.
fn established(tcp_retries2: u8) -> (Script, ConnectionId) {
    let tcp = Sysctls {
        tcp_retries2,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    script.handshake(A);
    let id = script.accept(web).id;
    (script, id)
}

fn error(script: &Script, id: ConnectionId) -> Option<StreamError> {
    script.stack.shard.connection(id).unwrap().error()
}

/// Nothing is sent for `after`, then the connection is given up within two milliseconds.
#[track_caller]
fn is_given_up_after(script: &mut Script, after: Duration, id: ConnectionId, reason: &str) {
    script.advance(after - milliseconds(1));
    script.expect_nothing();
    assert_eq!(error(script, id), None, "too early");
    script.advance(milliseconds(3));
    script.expect_nothing();
    assert_eq!(error(script, id), Some(StreamError::TimedOut));
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(
        (record.outcome, record.reason.as_deref()),
        (Outcome::Timeout, Some(reason))
    );
}

/// Three retries take 3 s at the shortest RTO: after the first retransmission as much must have passed at a time-out.
#[test]
fn a_number_of_retries_is_the_time_they_take() {
    let (mut script, id) = established(3);
    script.write(id, 0..100);
    script.expect(A, DATA);
    for wait in [200, 400, 800, 1600] {
        script.expect_after(milliseconds(wait), A, DATA);
    }
    is_given_up_after(&mut script, milliseconds(3200), id, "retransmission_limit");
}

#[test]
fn an_ack_of_anything_new_begins_the_count_anew() {
    let (mut script, id) = established(3);
    script.write(id, 0..300);
    script.expect(A, "P. 1:301(300) ack 1");
    for acked in [101, 201] {
        script.advance(milliseconds(5000));
        script.drain();
        script.inject(A, &format!(". 1:1(0) ack {acked}"));
    }
    script.advance(milliseconds(2500));
    script.drain();
    assert_eq!(error(&script, id), None);
    script.inject(A, ". 1:1(0) ack 301");
    script.expect_nothing();
    assert_eq!(
        script.stack.shard.connection(id).unwrap().next_timeout(),
        None
    );
}

/// A peer that lives but takes nothing: its ACKs are no progress.
#[test]
fn duplicate_acks_do_not_begin_the_count_anew() {
    let (mut script, id) = established(3);
    script.write(id, 0..100);
    for _ in 0..12 {
        script.advance(milliseconds(500));
        script.inject(A, ". 1:1(0) ack 1");
    }
    script.drain();
    assert_eq!(error(&script, id), None);
    script.advance(milliseconds(300));
    assert_eq!(error(&script, id), Some(StreamError::TimedOut));
}

#[test]
fn a_closed_window_whose_probes_nobody_answers_is_given_up() {
    let (mut script, id) = established(3);
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    for wait in [200, 400, 800] {
        script.expect_after(milliseconds(wait), A, PROBE);
    }
    is_given_up_after(&mut script, milliseconds(1600), id, "probe_limit");
}

/// RFC 1122 4.2.2.17.
#[test]
fn a_closed_window_whose_probes_are_answered_is_probed_for_ever() {
    let (mut script, id) = established(3);
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    let mut wait = milliseconds(200);
    for _ in 0..1000 {
        script.expect_after(wait, A, PROBE);
        script.inject(A, ". 1:1(0) ack 1 win 0");
        wait = (2 * wait).min(Duration::from_secs(120));
    }
    script.inject(A, ". 1:1(0) ack 1 win 1000");
    script.expect(A, DATA);
    // The back-off was the probes', and is over.
    script.expect_after(milliseconds(200), A, DATA);
    script.inject(A, ". 1:1(0) ack 101");
    assert_eq!(
        script.stack.shard.connection(id).unwrap().next_timeout(),
        None
    );
}

/// The wait for the next probe begins with the answer to the last one.
#[test]
fn an_answer_after_a_while_puts_the_next_probe_off() {
    let (mut script, id) = established(3);
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    script.expect_after(milliseconds(200), A, PROBE);
    script.advance(milliseconds(100));
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.advance(milliseconds(50));
    script.inject(A, ". 1:1(0) ack 1 win 0"); // answers nothing
    script.expect_after(milliseconds(350), A, PROBE);
}

/// What is in flight is sent again to a peer that took its window back, as a probe. It is borne with while it answers.
#[test]
fn a_window_that_was_taken_back_ends_only_the_connection_of_a_silent_peer() {
    for answers in [true, false] {
        let (mut script, id) = established(3);
        script.write(id, 0..100);
        script.expect(A, DATA);
        script.inject(A, ". 1:1(0) ack 1 win 0");
        for _ in 0..200 {
            script.advance(Duration::from_secs(10));
            script.drain();
            if answers {
                script.inject(A, ". 1:1(0) ack 1 win 0");
            }
        }
        let expected = (!answers).then_some(StreamError::TimedOut);
        assert_eq!(error(&script, id), expected);
    }
}

#[test]
fn the_socket_says_how_often_its_syn_is_sent_again() {
    let mut shard = options();
    shard.tcp.tcp_syn_linear_timeouts = 0;
    let mut script = Script::new(shard);
    let socket = SocketOptions {
        syn_count: Some(1),
        ..SocketOptions::default()
    };
    let id = script.connect_with(PEER, socket);
    script.expect(PEER, "S 0:0(0)");
    script.expect_after(milliseconds(1000), PEER, "S 0:0(0)");
    is_given_up_after(&mut script, milliseconds(2000), id, "retransmission_limit");
    assert_eq!(script.stack.shard.counters().tcp_attempt_fails, 1);
}

#[test]
fn a_listener_says_how_often_its_syn_ack_is_sent_again() {
    let (mut script, web) = Script::listening(options(), 10);
    let socket = SocketOptions {
        syn_count: Some(1),
        ..SocketOptions::default()
    };
    let now = script.now;
    script.stack.shard.set_listener_options(now, web, socket);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.expect_after(milliseconds(1000), A, "S. 0:0(0) ack 1");
    script.advance(Duration::from_secs(60));
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
}

/// RFC 6298 5.7: a SYN that was sent again measured nothing, and a path that slow needs more patience.
#[test]
fn after_a_repeated_syn_the_first_rto_is_three_seconds() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    script.expect_after(milliseconds(1000), PEER, "S 0:0(0)");
    script.inject(PEER, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
    script.expect(PEER, ". 1:1(0) ack 1");
    script.write(id, 0..100);
    script.expect(PEER, DATA);
    script.expect_after(milliseconds(3000), PEER, DATA);
}

/// Karn's algorithm: the ACK of what was sent twice says nothing of the path, and the back-off stays until one does.
#[test]
fn the_back_off_stays_until_a_round_trip_is_measured() {
    let (mut script, id) = established(15);
    script.write(id, 0..100);
    script.expect(A, DATA);
    script.expect_after(milliseconds(200), A, DATA);
    script.inject(A, ". 1:1(0) ack 101");
    script.write(id, 100..200);
    script.expect(A, "P. 101:201(100) ack 1");
    script.expect_after(milliseconds(400), A, "P. 101:201(100) ack 1");
    script.inject(A, ". 1:1(0) ack 201");
    for (from, rto) in [(201, 800), (301, 200)] {
        script.write(id, from - 1..from + 99);
        script.expect(A, &format!("P. {from}:{}(100) ack 1", from + 100));
        let now = script.stack.shard.tcp_info(script.now, id).unwrap();
        assert_eq!(now.rto, milliseconds(rto));
        script.inject(A, &format!(". 1:1(0) ack {}", from + 100));
    }
}
