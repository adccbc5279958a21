//! We connect to a peer.

use periplus_journey::Kind;
use periplus_stack::{SocketOptions, StreamError};
use periplus_tcp::CaState;
use periplus_tests::{PEER_ETHERNET, Pair, STACK_ETHERNET, Script, options};
use std::net::SocketAddr;
use std::time::Duration;

const PEER: u16 = 8080;

#[test]
fn the_syn_ack_is_acknowledged_at_once() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    assert_eq!(script.stack.shard.is_connected(id), Ok(false));
    script.inject(PEER, "S. 0:0(0) ack 1 win 65535 <mss 1000>");
    script.expect(PEER, ". 1:1(0) ack 1");
    assert_eq!(script.stack.shard.is_connected(id), Ok(true));
    script.write(id, 0..1500);
    script.expect(PEER, ". 1:1001(1000) ack 1");
    script.expect(PEER, "P. 1001:1501(500) ack 1");
    script.write(id, 1500..1600);
    script.expect_nothing(); // Nagle's algorithm
    script.inject(PEER, ". 1:1(0) ack 1501");
    script.expect(PEER, "P. 1501:1601(100) ack 1");
}

/// Nobody kept it in a queue, nor in a cookie.
/// As on Linux; RFC 9293 3.10.7.3 would take it.
#[test]
fn text_and_a_fin_in_the_syn_ack_are_left_for_the_peer_to_send_again() {
    for (syn_ack, again, read) in [
        ("SP. 0:100(100) ack 1", "P. 1:101(100) ack 1", 100),
        ("SF. 0:0(0) ack 1", "F. 1:1(0) ack 1", 0),
    ] {
        let mut script = Script::new(options());
        let id = script.connect(PEER);
        script.expect(PEER, "S 0:0(0)");
        script.inject(PEER, &format!("{syn_ack} win 65535 <mss 1000>"));
        script.expect(PEER, ". 1:1(0) ack 1");
        assert_eq!(script.read(id), Ok(Vec::new()));
        script.inject(PEER, again);
        script.advance(Duration::from_millis(40));
        script.expect(
            PEER,
            if read > 0 {
                ". 1:1(0) ack 101"
            } else {
                ". 1:1(0) ack 2"
            },
        );
        assert_eq!(script.read(id).map(|read| read.len()), Ok(read));
    }
}

#[test]
fn the_record_of_a_connection_of_ours_tells_of_no_handshake_here() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.inject(PEER, "S. 0:0(0) ack 1 win 65535 <mss 1000>");
    script.drain();
    script.stack.shard.abort(script.now, id);
    script.run();
    let mut records = script.stack.records.iter();
    let record = records.find(|record| record.kind == Kind::Connection);
    assert_eq!(record.map(|record| record.handshake), Some(None));
}

#[test]
fn an_ack_of_something_else_is_reset_and_the_attempt_goes_on() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    script.inject(PEER, "S. 0:0(0) ack 9 win 65535 <mss 1000>");
    script.expect(PEER, "R 9:9(0)");
    assert_eq!(script.stack.shard.is_connected(id), Ok(false));
    script.inject(PEER, "S. 0:0(0) ack 1 win 65535 <mss 1000>");
    script.expect(PEER, ". 1:1(0) ack 1");
}

#[test]
fn a_rst_that_acknowledges_the_syn_refuses() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    script.inject(PEER, "R. 0:0(0) ack 7");
    assert_eq!(script.stack.shard.is_connected(id), Ok(false), "not ours");
    script.inject(PEER, "R. 0:0(0) ack 1");
    assert_eq!(
        script.stack.shard.is_connected(id),
        Err(StreamError::Refused)
    );
}

/// RFC 9293 3.5, figure 7.
#[test]
fn two_syns_that_cross_make_one_connection() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.expect(PEER, "S 0:0(0)");
    script.inject(PEER, "S 0:0(0) win 65535 <mss 1000>");
    script.expect(PEER, "S. 0:0(0) ack 1");
    script.inject(PEER, ". 1:1(0) ack 1");
    assert_eq!(script.stack.shard.is_connected(id), Ok(true));
}

#[test]
fn two_stacks_that_call_each_other_at_once_make_one_connection() {
    let mut pair = Pair::perfect();
    let server: SocketAddr = "10.0.0.1:5000".parse().unwrap();
    let client: SocketAddr = "10.0.0.2:6000".parse().unwrap();
    let one = pair
        .server
        .shard
        .connect(pair.now, Some(server), client)
        .unwrap();
    let other = pair
        .client
        .shard
        .connect(pair.now, Some(client), server)
        .unwrap();
    pair.run_until(Duration::from_secs(30), |pair| {
        let connected = pair.server.shard.is_connected(one) == Ok(true);
        connected && pair.client.shard.is_connected(other) == Ok(true)
    });
}

#[test]
fn every_connection_gets_a_port_of_its_own() {
    let mut script = Script::new(options());
    let ids = [8080, 8081, 8082].map(|port| script.connect(port));
    let again = script.connect(8080);
    let shard = &script.stack.shard;
    let mut ports: Vec<_> = ids
        .into_iter()
        .chain([again])
        .map(|id| shard.addresses(id))
        .collect();
    ports.sort();
    ports.dedup();
    assert_eq!(ports.len(), 4);
}

/// What waits for the handshake has no timer of its own: only the SYN's runs.
#[test]
fn a_lost_syn_is_sent_again_though_data_waits_for_it() {
    let mut script = Script::new(options());
    let id = script.connect(PEER);
    script.write(id, 0..100);
    script.expect(PEER, "S 0:0(0)");
    script.expect_after(Duration::from_secs(1), PEER, "S 0:0(0)");
    script.inject(PEER, "S. 0:0(0) ack 1 win 0 <mss 1000>");
    script.expect(PEER, ". 1:1(0) ack 1");
    // And a window that is closed from the beginning is probed.
    script.expect_after(Duration::from_secs(3), PEER, ". 0:0(0) ack 1");
}

/// A peer whose own SYN came before ours was sent, and that does not answer ARP, is as silent as any.
#[test]
fn a_simultaneous_open_is_given_up_as_well_where_the_next_hop_is_silent() {
    let mut script = Script::new(options());
    script.answers_questions = false;
    script.advance(Duration::from_secs(600));
    script.connect(PEER + 1); // finds out that nobody answers
    script.advance(Duration::from_secs(10));
    script.drain();
    let id = script.connect(PEER);
    script.expect_nothing();
    let port = script
        .stack
        .shard
        .addresses(id)
        .expect("it is there")
        .0
        .port();
    let mut syn = script.segment(PEER, "S 0:0(0) win 65535 <mss 1000>");
    syn.destination.set_port(port);
    script.inject_frame(&syn.to_frame(PEER_ETHERNET, STACK_ETHERNET));
    script.advance(Duration::from_secs(600));
    assert_eq!(
        script.stack.shard.is_connected(id),
        Err(StreamError::TimedOut)
    );
}

/// Nobody's segments have room for less.
#[test]
fn a_largest_segment_that_leaves_no_room_is_not_taken_at_its_word() {
    let mut script = Script::new(options());
    let tiny = SocketOptions {
        max_segment: Some(0),
        ..SocketOptions::default()
    };
    let id = script.connect_with(PEER, tiny);
    let syn = script.next_segment(PEER);
    assert_eq!(syn.options.mss, Some(48));
    script.inject(PEER, "S. 0:0(0) ack 1 win 65535 <mss 1000,TS val 1 ecr 0>");
    script.expect(PEER, ". 1:1(0) ack 1");
    script.write(id, 0..36);
    script.expect(PEER, "P. 1:37(36) ack 1");
}

/// The handshake has no window to reduce, and begins no recovery.
#[test]
fn a_lost_syn_leaves_slow_start_as_it_is() {
    // By the second the path is taken for bad (RFC 5681 3.1), unless the echo says that the first arrived.
    for (lost, echoes_first, cwnd) in [(0, false, 10), (1, false, 10), (2, false, 1), (2, true, 10)]
    {
        let mut script = Script::new(options());
        let id = script.connect(PEER);
        let mut tsvals = Vec::new();
        for _ in 0..=lost {
            let syn = script.next_segment(PEER);
            tsvals.push(syn.options.timestamps.unwrap().value);
            if tsvals.len() <= lost {
                script.advance(Duration::from_millis(1100));
            }
        }
        let echo = if echoes_first {
            tsvals[0]
        } else {
            tsvals[lost]
        };
        let answer = format!("S. 0:0(0) ack 1 win 65535 <mss 1012,TS val 100 ecr {echo}>");
        script.inject(PEER, &answer);
        let info = script.stack.shard.tcp_info(script.now, id).unwrap();
        assert_eq!(info.ca_state, CaState::Open);
        assert_eq!((info.snd_cwnd, info.snd_ssthresh), (cwnd, None), "{lost}");
    }
}
