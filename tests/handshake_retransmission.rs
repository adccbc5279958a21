//! What is lost in a handshake is sent again, and nobody is waited for endlessly.

use periplus_journey::{Kind, Outcome, Station};
use periplus_stack::ShardOptions;
use periplus_stack::StreamError;
use periplus_tcp::Sysctls;
use periplus_tests::{Pair, Script, content, options};
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

const A: u16 = 40_001;
const PEER: u16 = 8080;
const SECOND: Duration = Duration::from_secs(1);

fn retries(tcp_syn_retries: u8, tcp_synack_retries: u8) -> ShardOptions {
    let tcp = Sysctls {
        tcp_syn_retries,
        tcp_syn_linear_timeouts: 0,
        tcp_synack_retries,
        ..Sysctls::default()
    };
    ShardOptions { tcp, ..options() }
}

#[test]
fn a_syn_ack_is_repeated_at_doubling_intervals_and_then_the_record_is_reaped() {
    let (mut script, web) = Script::listening(retries(6, 2), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.expect_after(SECOND, A, "S. 0:0(0) ack 1");
    script.expect_after(2 * SECOND, A, "S. 0:0(0) ack 1");
    script.advance(4 * SECOND + Duration::from_millis(1));
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!((counters.tcp_timeouts, counters.tcp_attempt_fails), (3, 0));
    assert_eq!(
        (counters.tcp_syn_retrans, counters.tcp_retrans_segs),
        (2, 2)
    );

    script.inject(A, ". 1:1(0) ack 1");
    script.expect(A, "R 1:1(0)");
    assert!(script.stack.shard.accept(script.now, web).is_none());

    let record = &script.stack.records[0];
    assert_eq!(
        (record.kind, record.outcome),
        (Kind::Connection, Outcome::Timeout)
    );
    let stations: Vec<Station> = record
        .spine()
        .intervals()
        .iter()
        .map(|i| i.station)
        .collect();
    assert_eq!(stations, [Station::SynQueue]);
}

#[test]
fn a_syn_is_repeated_at_doubling_intervals_and_then_the_attempt_times_out() {
    let mut script = Script::new(retries(2, 5));
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    script.expect_after(SECOND, PEER, "S 0:0(0)");
    script.expect_after(2 * SECOND, PEER, "S 0:0(0)");
    assert_eq!(script.stack.shard.counters().tcp_syn_retrans, 2);
    assert_eq!(script.stack.shard.is_connected(id), Ok(false));
    script.advance(4 * SECOND + Duration::from_millis(1));
    script.expect_nothing();
    assert_eq!(
        script.stack.shard.is_connected(id),
        Err(StreamError::TimedOut)
    );
}

#[test]
fn the_first_repetitions_of_a_syn_come_at_one_interval_as_the_knob_says() {
    let tcp = Sysctls {
        tcp_syn_retries: 2,
        tcp_syn_linear_timeouts: 2,
        ..Sysctls::default()
    };
    let mut script = Script::new(ShardOptions { tcp, ..options() });
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    for seconds in [1, 1, 1, 2] {
        script.expect_after(seconds * SECOND, PEER, "S 0:0(0)");
    }
    script.advance(4 * SECOND + Duration::from_millis(1));
    script.expect_nothing();
    assert_eq!(
        script.stack.shard.is_connected(id),
        Err(StreamError::TimedOut)
    );
}

#[test]
fn once_a_syn_follows_at_once_where_the_peer_acknowledges_something_else() {
    let mut script = Script::new(retries(2, 5));
    script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    script.inject(PEER, ". 0:0(0) ack 9 win 65535");
    script.expect(PEER, "R 9:9(0)");
    script.expect_after(Duration::from_millis(2), PEER, "S 0:0(0)");
    script.inject(PEER, ". 0:0(0) ack 9 win 65535");
    script.expect(PEER, "R 9:9(0)");
    script.advance(Duration::from_millis(900));
    script.expect_nothing();
    script.inject(PEER, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
    script.expect(PEER, ". 1:1(0) ack 1");
}

#[test]
fn a_lost_syn_a_lost_syn_ack_and_a_lost_ack_each_cost_one_timeout() {
    let syn_ack = TcpFlags::SYN | TcpFlags::ACK;
    for (lost, who) in [
        (TcpFlags::SYN, "client"),
        (syn_ack, "server"),
        (TcpFlags::ACK, "client"),
    ] {
        let mut pair = Pair::perfect();
        let web = pair.server.listen(80, 10);
        let device = if who == "client" {
            &mut pair.client.device
        } else {
            &mut pair.server.device
        };
        let mut left = 1;
        device.lose_if(move |segment| {
            let lose = left > 0 && segment.is(lost);
            left -= u32::from(lose);
            lose
        });
        let start = pair.now;
        pair.connect(web, 80);
        let took = pair.now.since(start);
        assert!(
            (SECOND..3 * SECOND / 2).contains(&took),
            "{lost} lost: {took:?}"
        );
    }
}

#[test]
fn the_clients_data_stands_in_for_its_lost_ack() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    // ". 1:1(0) ack 1" was lost.
    script.inject(A, "P. 1:11(10) ack 1");
    let id = script.accept(web).id;
    assert_eq!(script.read(id), Ok(content(0..10)));
}
