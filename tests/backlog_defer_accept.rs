//! `TCP_DEFER_ACCEPT`: who has completed the handshake comes to the accept queue with the first data.

use periplus_stack::ListenerId;
use periplus_tcp::SocketOptions;
use periplus_tests::{Script, content, options};
use std::time::Duration;

const A: u16 = 40_001;
const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";
const ACK: &str = ". 1:1(0) ack 1";

/// A listener that defers for `seconds`, and a client that has nothing to say yet.
fn deferring(seconds: u64) -> (Script, ListenerId) {
    let (mut script, web) = Script::listening(options(), 8);
    let deferring = SocketOptions {
        defer_accept: Some(Duration::from_secs(seconds)),
        ..SocketOptions::default()
    };
    let now = script.now;
    script.stack.shard.set_listener_options(now, web, deferring);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    script.inject(A, ACK);
    script.expect_nothing();
    (script, web)
}

fn waiting(script: &Script, web: ListenerId) -> (u32, usize) {
    let listener = script.stack.shard.listener(web).unwrap();
    (listener.syn_queue.len(), listener.accept_queue.len())
}

#[test]
fn a_bare_ack_waits_for_data_and_data_completes_the_handshake() {
    let (mut script, web) = deferring(7);
    assert_eq!(waiting(&script, web), (1, 0));
    assert_eq!(script.stack.shard.counters().tcp_defer_accept_drop, 1);
    script.advance(Duration::from_millis(2_500));
    script.expect_nothing();
    script.inject(A, "P. 1:11(10) ack 1");
    assert_eq!(waiting(&script, web), (0, 1));
    let id = script.accept(web).id;
    assert_eq!(script.read(id).unwrap(), content(0..10));
    let info = script.stack.shard.tcp_info(script.now, id).unwrap();
    assert_eq!(info.rtt, None, "the client's silence is no round trip");
}

#[test]
fn a_fin_is_something_to_say() {
    let (mut script, web) = deferring(7);
    script.inject(A, "F. 1:1(0) ack 1");
    assert_eq!(waiting(&script, web), (0, 1));
}

#[test]
fn when_the_time_is_over_the_syn_ack_is_repeated_and_its_answer_is_enough() {
    // Seven seconds: the timer runs out at 1, 3 and 7.
    let (mut script, web) = deferring(7);
    script.advance(Duration::from_millis(6_999));
    script.expect_nothing();
    script.advance(Duration::from_millis(2));
    script.expect(A, SYN_ACK);
    assert_eq!(waiting(&script, web), (1, 0));
    script.inject(A, ACK);
    assert_eq!(waiting(&script, web), (0, 1));
}

#[test]
fn a_client_that_never_answers_is_treated_as_always() {
    let (mut script, web) = Script::listening(options(), 8);
    let deferring = SocketOptions {
        defer_accept: Some(Duration::from_secs(1_000)),
        ..SocketOptions::default()
    };
    let now = script.now;
    script.stack.shard.set_listener_options(now, web, deferring);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    for wait in [1, 2, 4, 8, 16] {
        script.expect_after(Duration::from_secs(wait), A, SYN_ACK);
    }
    script.advance(Duration::from_secs(33));
    assert_eq!(waiting(&script, web), (0, 0));
}

#[test]
fn one_that_answered_is_waited_for_beyond_the_retries() {
    // 1,000 seconds: more time-outs than tcp_synack_retries has.
    let (mut script, web) = deferring(1_000);
    script.advance(Duration::from_secs(100));
    script.expect_nothing();
    assert_eq!(waiting(&script, web), (1, 0));
    script.inject(A, "P. 1:11(10) ack 1");
    assert_eq!(waiting(&script, web), (0, 1));
}
