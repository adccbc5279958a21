//! A congested router marks what it would have dropped (RFC 3168).

use periplus_stack::{CongestionAlgorithm, ConnectionId, ShardOptions};
use periplus_tcp::{CaState, Sysctls};
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;

fn listening(tcp_ecn: u8) -> Script {
    let tcp = Sysctls {
        tcp_ecn,
        ..Sysctls::default()
    };
    Script::listening(ShardOptions { tcp, ..options() }, 10).0
}

/// A peer that speaks ECN and SACK has connected.
fn connected() -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "SEW 0:0(0) win 65535 <mss 1000,sackOK>");
    script.expect(A, "SE. 0:0(0) ack 1");
    script.advance(Duration::from_millis(10));
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    (script, id)
}

/// So many segments of a thousand bytes are in flight.
fn in_flight(segments: u64) -> (Script, ConnectionId) {
    let (mut script, id) = connected();
    script.write(id, 0..1000 * segments);
    assert_eq!(script.segments_now(A).len() as u64, segments);
    script.advance(Duration::from_millis(10));
    (script, id)
}

#[test]
fn a_syn_that_asks_is_answered_as_the_knob_says() {
    for (tcp_ecn, answer) in [(0, "S. 0:0(0)"), (1, "SE. 0:0(0)"), (2, "SE. 0:0(0)")] {
        let mut script = listening(tcp_ecn);
        script.inject(A, "SEW 0:0(0) win 65535 <mss 1000>");
        script.expect(A, answer);
    }
    let mut script = listening(1);
    script.inject(A, "S 0:0(0) win 65535 <mss 1000>");
    script.expect(A, "S. 0:0(0)");
    script.inject(A + 1, "SE 0:0(0) win 65535 <mss 1000>");
    script.expect(A + 1, "S. 0:0(0)");
    // a SYN must not be marked
    script.inject(A + 2, "[ect0] SEW 0:0(0) win 65535 <mss 1000>");
    script.expect(A + 2, "S. 0:0(0)");
}

#[test]
fn our_syn_asks_only_with_tcp_ecn_1_and_its_copy_does_not() {
    for (tcp_ecn, syn) in [(0, "S 0:0(0)"), (1, "SEW 0:0(0)"), (2, "S 0:0(0)")] {
        let mut script = listening(tcp_ecn);
        script.connect(A);
        script.expect(A, syn);
        script.expect_after(Duration::from_secs(1), A, "S 0:0(0)");
    }
}

#[test]
fn what_the_syn_ack_says_decides() {
    for (answer, data) in [
        (
            "SE. 0:0(0) ack 1 win 65535 <mss 1000>",
            "[ect0] P. 1:101(100)",
        ),
        ("S. 0:0(0) ack 1 win 65535 <mss 1000>", "P. 1:101(100)"),
        // an old stack that reflects what it does not know
        ("SEW. 0:0(0) ack 1 win 65535 <mss 1000>", "P. 1:101(100)"),
    ] {
        let mut script = listening(1);
        let id = script.connect(A);
        script.drain();
        script.inject(A, answer);
        script.expect(A, ". 1:1(0) ack 1");
        script.write(id, 0..100);
        script.expect(A, data);
    }
}

#[test]
fn new_data_is_marked_and_neither_acks_nor_what_is_sent_again() {
    let (mut script, id) = connected();
    script.inject(A, "[ect0] P. 1:101(100) ack 1");
    script.expect(A, ". 1:1(0) ack 101");
    script.inject(A, "[ect0] P. 101:201(100) ack 1");
    script.expect(A, ". 1:1(0) ack 201");
    script.write(id, 0..100);
    script.expect(A, "[ect0] P. 1:101(100) ack 201");
    script.expect_after(Duration::from_millis(210), A, "P. 1:101(100) ack 201");
}

#[test]
fn a_mark_is_echoed_at_once_and_until_the_peer_has_slowed_down() {
    let (mut script, id) = connected();
    script.inject(A, "[ce] P. 1:101(100) ack 1");
    script.expect(A, "E. 1:1(0) ack 101");
    script.inject(A, "[ect0] P. 101:201(100) ack 1");
    script.expect(A, "E. 1:1(0) ack 201");
    script.write(id, 0..50);
    script.expect(A, "[ect0] PE. 1:51(50) ack 201");
    script.inject(A, "[ect0] PW. 201:301(100) ack 51");
    script.expect(A, ". 51:51(0) ack 301");
    // slowed down for the earlier one, and marked again
    script.inject(A, "[ce] PW. 301:401(100) ack 51");
    script.expect(A, "E. 51:51(0) ack 401");
    assert_eq!(script.stack.shard.counters().ip_in_ce_pkts, 2);
}

#[test]
fn an_echo_halves_the_window_once_a_window_and_new_data_says_so() {
    let (mut script, id) = in_flight(10);
    script.choose(id, CongestionAlgorithm::Reno);
    script.write(id, 10_000..30_000);
    script.drain();
    let mut sent = 10_001;
    // On the way from ten segments to five one is sent for every second that arrives (RFC 9937).
    for acked in 1..=8 {
        script.advance(Duration::from_millis(5));
        script.inject(A, &format!("E. 1:1(0) ack {}", 1000 * acked + 1));
        if acked % 2 == 1 {
            let cwr = if acked == 1 { "W" } else { "" };
            let segment = format!("[ect0] {cwr}. {sent}:{}(1000) ack 1", sent + 1000);
            script.expect(A, &segment);
            sent += 1000;
        }
        script.expect_nothing();
    }
    script.inject(A, "E. 1:1(0) ack 10001");
    script.drain();
    let info = |script: &Script| script.stack.shard.tcp_info(script.now, id).unwrap();
    assert_eq!(info(&script).ca_state, CaState::Cwr);
    assert_eq!(
        (info(&script).snd_cwnd, info(&script).snd_ssthresh),
        (5, Some(5))
    );
    // More than what was in flight is acknowledged: the next echo may halve it again.
    script.inject(A, ". 1:1(0) ack 11001");
    assert_eq!(info(&script).ca_state, CaState::Open);
    script.drain();
    script.inject(A, "E. 1:1(0) ack 12001");
    assert_eq!(
        (info(&script).ca_state, info(&script).snd_ssthresh),
        (CaState::Cwr, Some(2))
    );
}

#[test]
fn a_loss_is_told_as_well() {
    let (mut script, id) = in_flight(5);
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:4001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 5001");
    script.write(id, 5000..5100);
    script.expect(A, "[ect0] PW. 5001:5101(100) ack 1");
}

#[test]
fn an_echo_of_a_peer_that_did_not_agree_means_nothing() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..5000);
    script.drain();
    script.inject(A, "E. 1:1(0) ack 1001");
    let info = script
        .stack
        .shard
        .tcp_info(script.now, id)
        .expect("it is there");
    assert_eq!(info.ca_state, CaState::Open);
}
