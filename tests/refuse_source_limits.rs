//! What one network of sources may hold is bounded, and where memory is used up nobody new is let in.

use periplus_stack::{ListenerId, ShardOptions, SourceLimits, Sysctls};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, options};
use std::net::{Ipv4Addr, SocketAddrV4};

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;
const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";

/// A listener with room for many, where a network may hold so much of it.
fn limited(sources: SourceLimits, tcp_syncookies: u8) -> (Script, ListenerId) {
    let options = ShardOptions {
        prefix: 8,
        sources,
        tcp: Sysctls {
            tcp_syncookies,
            ..Sysctls::default()
        },
        ..options()
    };
    Script::listening(options, 128)
}

/// A SYN from another host on the link than the peers'.
fn knock(script: &mut Script, host: Ipv4Addr) {
    let mut syn = script.segment(A, SYN);
    syn.source = SocketAddrV4::new(host, A);
    script.inject_frame(&syn.to_frame(PEER_ETHERNET, STACK_ETHERNET));
}

fn half_open(script: &Script) -> usize {
    script.stack.shard.connection_counts().1
}

#[test]
fn a_network_beyond_its_half_open_connections_leaves_the_queue_to_others() {
    let sources = SourceLimits {
        half_open: Some(2),
        ..SourceLimits::default()
    };
    let (mut script, _) = limited(sources, 0);
    script.answers_questions = false;
    let [one, two, three] = [10, 20, 30].map(|host| Ipv4Addr::new(10, 1, 1, host));
    for host in [one, two, three] {
        knock(&mut script, host);
    }
    assert_eq!(half_open(&script), 2);
    assert_eq!(script.stack.shard.counters().tcp_req_q_full_drop, 1);
    knock(&mut script, Ipv4Addr::new(10, 1, 2, 10));
    assert_eq!(half_open(&script), 3);
}

#[test]
fn a_network_beyond_its_half_open_connections_is_answered_by_cookies() {
    let sources = SourceLimits {
        half_open: Some(1),
        ..SourceLimits::default()
    };
    let (mut script, web) = limited(sources, 1);
    for port in [A, B] {
        script.inject(port, SYN);
        script.expect(port, "S. 0:0(0) ack 1");
    }
    assert_eq!(half_open(&script), 1);
    assert_eq!(script.stack.shard.counters().syncookies_sent, 1);
    script.inject(B, ". 1:1(0) ack 1");
    assert_eq!(script.accept(web).peer.port(), B);
    // A's handshake ends, and there is room for a record again
    script.inject(A, ". 1:1(0) ack 1");
    assert_eq!(script.accept(web).peer.port(), A);
    script.inject(C, SYN);
    script.expect(C, "S. 0:0(0) ack 1");
    assert_eq!(half_open(&script), 1);
}

#[test]
fn a_network_beyond_its_connections_is_not_let_in_until_one_ends() {
    let sources = SourceLimits {
        connections: Some(2),
        ..SourceLimits::default()
    };
    let (mut script, web) = limited(sources, 1);
    script.handshake(A);
    let a = script.accept(web).id;
    script.inject(B, SYN);
    script.expect(B, "S. 0:0(0) ack 1");
    script.inject(C, SYN);
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().listen_drops, 1);
    script.answers_questions = false;
    knock(&mut script, Ipv4Addr::new(10, 1, 2, 10));
    assert_eq!(half_open(&script), 2, "another network is not held to it");
    script.inject(A, "R 1:1(0)");
    script.stack.shard.close(script.now, a);
    script.inject(C, SYN);
    script.expect(C, "S. 0:0(0) ack 1");
}

#[test]
fn a_cookie_does_not_get_a_network_past_its_connections() {
    let sources = SourceLimits {
        connections: Some(2),
        ..SourceLimits::default()
    };
    let (mut script, web) = limited(sources, 2);
    for port in [A, B, C] {
        script.inject(port, SYN);
        script.expect(port, "S. 0:0(0) ack 1");
    }
    for port in [A, B, C] {
        script.inject(port, ". 1:1(0) ack 1");
    }
    assert_eq!([A, B], [0; 2].map(|_| script.accept(web).peer.port()));
    assert!(script.stack.shard.accept(script.now, web).is_none());
    assert_eq!(script.stack.shard.counters().listen_drops, 1);
}

#[test]
fn where_memory_is_used_up_the_newest_goes_and_nobody_is_cut_off() {
    let options = ShardOptions {
        tcp: Sysctls {
            tcp_mem: 8030,
            ..Sysctls::default()
        },
        ..options()
    };
    let (mut script, web) = Script::listening(options, 128);
    // the first windows, 4,015 bytes each, use the memory up
    for port in [A, B] {
        script.handshake(port);
    }
    let [a, _] = [0; 2].map(|_| script.accept(web).id);
    script.inject(C, SYN);
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().listen_drops, 1);
    // those that are in are served
    script.inject(A, "P. 1:1001(1000) ack 1");
    assert_eq!(script.read(a).map(|data| data.len()), Ok(1000));
}
