//! Keepalive (RFC 9293 3.8.4): who is silent for long is asked, and who does not answer is given up.

use periplus_journey::Outcome;
use periplus_stack::{ConnectionId, ShardOptions, SocketOptions, StreamError};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const PROBE: &str = ". 0:0(0) ack 1";
const RESET: &str = "R. 1:1(0) ack 1";

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn keepalive() -> SocketOptions {
    SocketOptions {
        keep_alive: true,
        keep_idle: Some(seconds(10)),
        keep_interval: Some(seconds(2)),
        keep_count: Some(3),
        ..SocketOptions::default()
    }
}

/// A connection with these options.
fn established(options: SocketOptions) -> (Script, ConnectionId) {
    let (mut script, id) = Script::established(A);
    let now = script.now;
    script.stack.shard.set_socket_options(now, id, options);
    (script, id)
}

#[track_caller]
fn is_given_up(script: &mut Script, id: ConnectionId) {
    let read = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert_eq!(read.err(), Some(StreamError::TimedOut));
    let record = script.stack.records.last().expect("the end is recorded");
    assert_eq!(
        (record.outcome, record.reason.as_deref()),
        (Outcome::Timeout, Some("keepalive"))
    );
}

#[test]
fn a_silent_peer_is_probed_and_then_reset() {
    let (mut script, id) = established(keepalive());
    script.expect_after(seconds(10), A, PROBE);
    script.expect_after(seconds(2), A, PROBE);
    script.expect_after(seconds(2), A, PROBE);
    script.expect_after(seconds(2), A, RESET);
    is_given_up(&mut script, id);
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.tcp_keep_alive, counters.tcp_abort_on_timeout),
        (3, 1)
    );
    script.stack.shard.close(script.now, id);
    assert_eq!(script.stack.next_timeout(), None);
}

#[test]
fn the_knobs_are_linuxs() {
    let (mut script, id) = established(SocketOptions {
        keep_alive: true,
        ..SocketOptions::default()
    });
    script.expect_after(seconds(7200), A, PROBE);
    for _ in 1..9 {
        script.expect_after(seconds(75), A, PROBE);
    }
    script.expect_after(seconds(75), A, RESET);
    is_given_up(&mut script, id);
}

#[test]
fn the_knobs_decide_where_the_socket_does_not() {
    let tcp = Sysctls {
        tcp_keepalive_time: seconds(5),
        tcp_keepalive_intvl: seconds(1),
        tcp_keepalive_probes: 1,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    let inherited = SocketOptions {
        keep_alive: true,
        ..SocketOptions::default()
    };
    let now = script.now;
    script.stack.shard.set_listener_options(now, web, inherited);
    script.handshake(A);
    let id = script.accept(web).id;
    script.expect_after(seconds(5), A, PROBE);
    script.expect_after(seconds(1), A, RESET);
    is_given_up(&mut script, id);
}

#[test]
fn a_connection_that_was_opened_with_it_has_it_from_the_handshake_on() {
    let mut script = Script::new(options());
    script.connect_with(8080, keepalive());
    script.expect(8080, "S 0:0(0)");
    script.advance(Duration::from_millis(500));
    script.inject(8080, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
    script.expect(8080, ". 1:1(0) ack 1");
    script.expect_after(seconds(10), 8080, PROBE);
}

#[test]
fn an_answer_ends_the_probing() {
    let (mut script, _) = established(keepalive());
    for _ in 0..20 {
        script.expect_after(seconds(10), A, PROBE);
        script.expect_after(seconds(2), A, PROBE);
        script.inject(A, ". 1:1(0) ack 1");
    }
}

#[test]
fn what_comes_puts_the_probe_off() {
    let (mut script, _) = established(keepalive());
    script.advance(seconds(7));
    script.inject(A, "P. 1:11(10) ack 1");
    script.expect(A, ". 1:1(0) ack 11");
    script.advance(Duration::from_millis(9_900));
    script.expect_nothing();
    script.expect_after(Duration::from_millis(100), A, ". 0:0(0) ack 11");
}

/// RFC 9293 3.8.4: other timers look after what is in flight.
#[test]
fn no_probe_while_data_is_in_flight() {
    let (mut script, id) = established(keepalive());
    script.advance(seconds(9));
    script.write(id, 0..100);
    script.advance(seconds(20));
    for segment in script.segments_now(A) {
        assert_eq!(segment.data.len(), 100, "{segment:?}");
    }
    assert_eq!(script.stack.shard.counters().tcp_keep_alive, 0);
}

#[test]
fn switched_off_it_leaves_no_timer() {
    let (mut script, id) = established(keepalive());
    script.advance(seconds(5));
    let now = script.now;
    let off = |options: &mut SocketOptions| options.keep_alive = false;
    script.stack.shard.change_socket_options(now, id, off);
    assert_eq!(
        script.stack.shard.connection(id).unwrap().next_timeout(),
        None
    );
}

#[test]
fn a_shorter_time_counts_the_silence_that_there_was() {
    let (mut script, id) = established(keepalive());
    script.advance(seconds(3));
    let now = script.now;
    let shorter = |options: &mut SocketOptions| options.keep_idle = Some(seconds(4));
    script.stack.shard.change_socket_options(now, id, shorter);
    script.expect_after(seconds(1), A, PROBE);
}

/// As on Linux: how long the peer may be silent, however many probes that are.
#[test]
fn the_user_timeout_takes_the_place_of_the_number_of_probes() {
    let (mut script, id) = established(SocketOptions {
        keep_count: Some(1),
        user_timeout: Some(seconds(15)),
        ..keepalive()
    });
    script.expect_after(seconds(10), A, PROBE);
    script.expect_after(seconds(2), A, PROBE);
    script.expect_after(seconds(2), A, PROBE);
    script.expect_after(seconds(2), A, RESET);
    is_given_up(&mut script, id);
}

#[test]
fn a_half_closed_connection_is_kept_alive_too() {
    let (mut script, id) = established(keepalive());
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, ". 1:1(0) ack 2");
    script.expect_after(seconds(10), A, ". 1:1(0) ack 1");
}

/// Nobody's peer has to be asked all the time, and while something is in flight it is not asked at all.
#[test]
fn no_time_at_all_is_a_short_time() {
    let (mut script, id) = Script::established(A);
    let now = script.now;
    script
        .stack
        .shard
        .change_socket_options(now, id, |options| {
            options.keep_alive = true;
            options.keep_idle = Some(Duration::ZERO);
            options.keep_interval = Some(Duration::ZERO);
            options.keep_count = Some(3);
        });
    script.write(id, 0..10);
    script.drain();
    for _ in 0..100 {
        let due = script.stack.next_timeout().expect("a timer");
        script.now = script.now.max(due);
        script.run();
    }
    assert!(script.now.since(now) >= Duration::from_millis(20), "a spin");
}
