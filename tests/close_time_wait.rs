//! TIME-WAIT: a small record that outlives the connection.

use periplus_stack::{ConnectError, ShardOptions};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

const A: u16 = 40_001;

/// The server closed first; the port pair is in TIME-WAIT, with SND.NXT and RCV.NXT at 2.
fn in_time_wait() -> Script {
    let (mut script, id) = Script::established(A);
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    script
}

#[test]
fn a_repeated_fin_is_acknowledged_again() {
    let mut script = in_time_wait();
    script.advance(Duration::from_secs(10));
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
}

#[test]
fn it_ends_after_a_minute_and_nothing_is_left() {
    let mut script = in_time_wait();
    script.advance(Duration::from_secs(61));
    script.expect_nothing();
    assert_eq!(script.stack.next_timeout(), None);
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, "R 2:2(0)");
}

/// RFC 9293 3.10.7.4 (MAY-2), RFC 6191: a SYN beyond what was received is a new connection, not an old copy.
#[test]
fn a_later_syn_opens_the_port_pair_anew() {
    let mut script = in_time_wait();
    script.inject(A, "S 1000:1000(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1001");
    script.inject(A, ". 1001:1001(0) ack 1");
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().time_wait_recycled, 1);
}

#[test]
fn an_old_syn_is_acknowledged_and_opens_nothing() {
    let mut script = in_time_wait();
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, ". 2:2(0) ack 2");
    assert_eq!(script.stack.shard.counters().time_wait_recycled, 0);
}

#[test]
fn records_are_bounded_and_the_surplus_is_counted() {
    let tcp = Sysctls {
        tcp_max_tw_buckets: 2,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    for peer in A..A + 5 {
        script.handshake(peer);
        let id = script.accept(web).id;
        script.stack.shard.close(script.now, id);
        script.expect(peer, "F. 1:1(0) ack 1");
        script.inject(peer, "F. 1:1(0) ack 2");
        script.expect(peer, ". 2:2(0) ack 2");
    }
    let counters = script.stack.shard.counters();
    assert_eq!((counters.time_wait, counters.time_wait_overflow), (5, 3));
}

/// RFC 9293 3.6.1: the new connection's numbers lie beyond the old one's, however fast that was.
#[test]
fn a_port_pair_opened_anew_begins_beyond_all_that_was_sent() {
    let (mut script, id) = Script::established(A);
    let first = script.stack.shard.offsets(id).unwrap().1;
    let mut sent = 1;
    let now = script.now;
    script
        .stack
        .shard
        .change_socket_options(now, id, |options| options.no_delay = true);
    while sent < 200_000 {
        script.write(id, first..first + 10_000);
        sent += 10_000;
        script.drain();
        script.inject(A, &format!(". 1:1(0) ack {sent}"));
        script.drain();
    }
    script.stack.shard.close(script.now, id);
    script.drain();
    script.inject(A, &format!("F. 1:1(0) ack {}", sent + 1));
    let old = script.next_segment(A).sequence;
    script.inject(A, "S 1000:1000(0) win 65535 <mss 1460>");
    let iss = script.next_segment(A).sequence;
    assert!(
        iss.after(old),
        "{iss:?} is within the old connection's, which ended at {old:?}"
    );
}

/// Who cannot connect has not used the port pair: what guards it stays.
#[test]
fn a_connection_that_cannot_be_made_leaves_the_record() {
    let full = ShardOptions {
        max_connections: 1,
        ..options()
    };
    let (mut script, web) = Script::listening(full, 10);
    script.handshake(A);
    let id = script.accept(web).id;
    let (local, remote) = script.stack.shard.addresses(id).unwrap();
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    script.handshake(A + 1);
    let other = script.accept(web).id;

    let shard = &mut script.stack.shard;
    let connected = shard.connect(script.now, Some(local), remote);
    assert_eq!(connected, Err(ConnectError::TooManyConnections));
    assert_eq!(shard.connection_counts(), (1, 0, 1));
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");

    let shard = &mut script.stack.shard;
    shard.abort(script.now, other);
    shard.close(script.now, other);
    script.drain();
    let shard = &mut script.stack.shard;
    assert!(shard.connect(script.now, Some(local), remote).is_ok());
    assert_eq!(shard.connection_counts(), (1, 0, 0), "now it is used");
    assert!(script.next_segment(A).flags.contains(TcpFlags::SYN));
}
