//! Without SYN cookies the SYN queue turns away what it has no room for. It is bounded by `min(backlog, somaxconn)`: it holds one more than that, as in Linux since 6.14.

use periplus_journey::{DropReason, Kind, Station};
use periplus_stack::ShardOptions;
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;

const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";

/// Without SYN cookies, and otherwise as `tcp` says.
fn with(tcp: Sysctls) -> ShardOptions {
    let tcp = Sysctls {
        tcp_syncookies: 0,
        ..tcp
    };
    ShardOptions { tcp, ..options() }
}

fn without_cookies() -> ShardOptions {
    with(Sysctls::default())
}

#[test]
fn a_full_syn_queue_drops_the_syn_and_counts_it() {
    let (mut script, _) = Script::listening(without_cookies(), 1);
    for peer in [A, B] {
        script.inject(peer, SYN);
        script.expect(peer, SYN_ACK);
    }
    script.inject(C, SYN);
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.tcp_req_q_full_drop, counters.listen_drops),
        (1, 1)
    );
    assert_eq!(counters.listen_overflows, 0);
    assert_eq!(
        script
            .stack
            .shard
            .ledger()
            .dropped(DropReason::TcpReqQFullDrop),
        1
    );
}

#[test]
fn somaxconn_bounds_what_the_backend_asks_for() {
    let tcp = Sysctls {
        somaxconn: 0,
        ..Sysctls::default()
    };
    let (mut script, _) = Script::listening(with(tcp), 1000);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    script.inject(B, SYN);
    script.expect_nothing();
}

#[test]
fn a_completed_handshake_makes_room_for_the_next() {
    let (mut script, web) = Script::listening(without_cookies(), 1);
    script.inject(A, SYN);
    script.inject(B, SYN);
    script.expect(A, SYN_ACK);
    script.expect(B, SYN_ACK);
    script.inject(C, SYN);
    script.expect_nothing();

    script.inject(A, ". 1:1(0) ack 1");
    script.inject(C, SYN);
    script.expect(C, SYN_ACK);
    script.inject(C, ". 1:1(0) ack 1");
    assert_eq!(script.accept(web).peer.port(), A);
    assert_eq!(script.accept(web).peer.port(), C);
}

#[test]
fn a_reaped_record_makes_room_for_the_next() {
    let tcp = Sysctls {
        tcp_synack_retries: 0,
        ..Sysctls::default()
    };
    let (mut script, _) = Script::listening(with(tcp), 0);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    script.inject(B, SYN);
    script.expect_nothing();
    script.advance(Duration::from_millis(1_001));
    script.inject(B, SYN);
    script.expect(B, SYN_ACK);
}

#[test]
fn the_time_since_the_dropped_syn_is_in_the_journey() {
    let (mut script, web) = Script::listening(without_cookies(), 0);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    script.inject(B, SYN);
    script.expect_nothing();

    script.inject(A, ". 1:1(0) ack 1");
    script.accept(web);
    script.advance(Duration::from_secs(1));
    script.expect_nothing();
    script.inject(B, SYN);
    script.expect(B, SYN_ACK);
    script.inject(B, ". 1:1(0) ack 1");
    let second = script.accept(web);
    assert_eq!(second.peer.port(), B);
    script.inject(B, "R 1:1(0)");
    script.run();

    let mut records = script.stack.records.iter();
    let record = records.find(|record| record.kind == Kind::Connection && record.peer.port() == B);
    let spine = record.expect("the reset connection's record").spine();
    let first = spine.intervals()[0];
    assert_eq!(first.station, Station::SynRetry);
    assert_eq!(first.duration(), Duration::from_secs(1));
}
