//! Nobody listens: the sender is told at once.

use periplus_journey::{DropReason, Kind, Outcome};
use periplus_ring::memory::LinkOptions;
use periplus_stack::{ClosedPortPolicy, ShardOptions, StreamError};
use periplus_tests::{PEER_ETHERNET, Pair, STACK_ETHERNET, Script, options};
use periplus_wire::icmpv4::unreachable;
use std::time::Duration;

const A: u16 = 40_001;

/// As Linux sends it: 60 bytes, room for an ICMP error that is not longer.
const SYN: &str = "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7>";

fn policy(on_closed_port: ClosedPortPolicy) -> ShardOptions {
    ShardOptions {
        on_closed_port,
        ..options()
    }
}

#[test]
fn by_default_a_syn_is_answered_by_rst_and_then_by_icmp() {
    let mut script = Script::new(options());
    script.inject(A, SYN);
    script.expect(A, "R. 0:0(0) ack 1");
    script.expect_unreachable(A, unreachable::PORT);
    script.expect_nothing();
    let ledger = script.stack.shard.ledger();
    assert!(ledger.is_balanced());
    assert_eq!(ledger.refused, 1);
}

#[test]
fn the_policy_says_how_the_sender_is_told() {
    let mut script = Script::new(policy(ClosedPortPolicy::Rst));
    script.inject(A, SYN);
    script.expect(A, "R. 0:0(0) ack 1");
    script.expect_nothing();

    let mut script = Script::new(policy(ClosedPortPolicy::Icmp));
    script.inject(A, SYN);
    script.expect_unreachable(A, unreachable::PORT);
    script.expect_nothing();

    let mut script = Script::new(policy(ClosedPortPolicy::Drop));
    script.inject(A, SYN);
    script.expect_nothing();
    assert_eq!(script.stack.shard.ledger().dropped_in_all(), 1);
}

/// Whoever forges our peer's address shall not gain by us.
#[test]
fn no_answer_is_longer_than_what_it_answers() {
    let mut script = Script::new(policy(ClosedPortPolicy::Icmp));
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect_nothing();
    assert_eq!(script.stack.shard.ledger().dropped(DropReason::NoSocket), 1);
}

/// RFC 9293 3.10.7.1: the RST's number is one the receiver will believe.
#[test]
fn the_rst_takes_its_number_from_what_it_answers() {
    let mut script = Script::new(policy(ClosedPortPolicy::Rst));
    script.inject(A, "P. 1:101(100) ack 77");
    script.expect(A, "R 77:77(0)");
    script.inject(A, "SF 0:0(0)");
    script.expect(A, "R. 0:0(0) ack 2");
}

#[test]
fn a_rst_is_never_answered() {
    let mut script = Script::new(options());
    script.inject(A, "R 0:0(0)");
    script.inject(A, "R. 0:0(0) ack 1");
    script.expect_nothing();
}

/// RFC 9293 3.10.7.2. The policy is for closed ports: a peer whose connection is gone must learn it.
#[test]
fn a_listeners_port_resets_what_belongs_to_no_connection() {
    let (mut script, _) = Script::listening(policy(ClosedPortPolicy::Drop), 10);
    script.inject(A, ". 1:1(0) ack 5");
    script.expect(A, "R 5:5(0)");
    script.inject(A, "S. 0:0(0) ack 5");
    script.expect(A, "R 5:5(0)");
    script.inject(A, "F 1:1(0)");
    script.expect_nothing();
}

#[test]
fn resets_to_knocks_are_limited_by_their_own_bucket() {
    for (resets_per_network, sent, limited) in [(200, 200, 300), (30, 30, 470)] {
        let mut script = Script::new(ShardOptions {
            resets_per_network,
            ..policy(ClosedPortPolicy::Rst)
        });
        for peer in 0..250 {
            script.inject(1_000 + peer, SYN);
            script.inject(1_000 + peer, "F 1:1(0)");
        }
        assert_eq!(script.all_segments_now().len(), sent);
        let counters = script.stack.shard.counters();
        assert_eq!(
            (counters.tcp_out_rsts, counters.tcp_out_rsts_limited),
            (sent as u64, limited)
        );
        assert!(script.stack.shard.ledger().is_balanced());
    }
}

/// Whoever speaks of a connection waits for an answer, and repeats its FIN until it has one (RFC 9293 3.5.2).
#[test]
fn of_ever_so_many_connections_that_are_gone_each_learns_it_at_once() {
    let (mut script, _) = Script::listening(policy(ClosedPortPolicy::Rst), 10);
    for peer in 0..12_000 {
        script.inject(1_000 + peer, "F. 1:1(0) ack 5");
        script.expect(1_000 + peer, "R 5:5(0)");
    }
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.tcp_out_rsts, counters.tcp_out_rsts_limited),
        (12_000, 0)
    );
}

/// Else somebody of the same network could tell by what is left for itself which of its forgeries met a connection.
#[test]
fn who_speaks_of_a_connection_is_answered_whatever_others_have_used_up() {
    let (mut script, listener) = Script::listening(policy(ClosedPortPolicy::Rst), 10);
    script.handshake(A);
    let accepted = script.accept(listener).id;
    let knock = |script: &mut Script, port: u16| {
        let mut syn = script.segment(port, SYN);
        syn.destination.set_port(81);
        script.inject_frame(&syn.to_frame(PEER_ETHERNET, STACK_ETHERNET));
    };
    for peer in 0..300 {
        knock(&mut script, 1_000 + peer);
    }
    script.drain();
    assert_eq!(script.stack.shard.counters().tcp_out_rsts_limited, 100);
    script.inject(A + 1, ". 1:1(0) ack 5");
    script.expect(A + 1, "R 5:5(0)");
    script.stack.shard.abort(script.now, accepted);
    script.expect(A, "R. 1:1(0) ack 1");
    script.inject(A, "P. 1:101(100) ack 1");
    script.expect(A, "R 1:1(0)");
    assert_eq!(script.stack.shard.counters().tcp_out_rsts_limited, 100);
}

#[test]
fn icmp_to_one_destination_is_limited() {
    let mut script = Script::new(policy(ClosedPortPolicy::Icmp));
    for peer in 0..20 {
        script.inject(1_000 + peer, SYN);
    }
    for peer in 0..6 {
        script.expect_unreachable(1_000 + peer, unreachable::PORT);
    }
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().icmp_out_rate_limited, 14);
}

#[test]
fn a_refusal_is_recorded_as_an_arrival() {
    let mut script = Script::new(options());
    script.inject(A, SYN);
    script.run();
    let record = &script.stack.records[0];
    assert_eq!(
        (record.kind, record.outcome),
        (Kind::Arrival, Outcome::Refused)
    );
    assert_eq!((record.peer.port(), record.local.port()), (A, 80));
}

/// A client learns it within one exchange, whether by RST or by ICMP (RFC 1122 4.2.3.9).
#[test]
fn connect_is_refused_within_one_exchange() {
    for how in [
        ClosedPortPolicy::Both,
        ClosedPortPolicy::Rst,
        ClosedPortPolicy::Icmp,
    ] {
        let mut pair = Pair::joined(policy(how), options(), LinkOptions::default());
        let id = pair.begin_connect(81);
        let start = pair.now;
        pair.settle();
        let result = pair.client.shard.is_connected(id);
        assert_eq!(result, Err(StreamError::Refused), "{how:?}");
        assert!(pair.now.since(start) < Duration::from_millis(1));
        assert_eq!(pair.client.device.segments().count(), 1, "one SYN");
        pair.check_conservation();
    }
}

#[test]
fn connect_to_a_silent_port_times_out() {
    let mut pair = Pair::joined(
        policy(ClosedPortPolicy::Drop),
        options(),
        LinkOptions::default(),
    );
    let id = pair.begin_connect(81);
    pair.run_until(Duration::from_secs(300), |pair| {
        pair.client.shard.is_connected(id) != Ok(false)
    });
    assert_eq!(
        pair.client.shard.is_connected(id),
        Err(StreamError::TimedOut)
    );
}
