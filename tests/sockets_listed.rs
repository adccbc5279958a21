//! What a shard shows of its sockets is what the script made of them.

use periplus_stack::{ConnectionSocket, Queue, QueueLengths, ShardOptions, SocketCursor};
use periplus_stack::{State, Sysctls, Timer, Write};
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;
const D: u16 = 40_004;

const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";
const ACK: &str = ". 1:1(0) ack 1";

/// A whole walk, and how many steps it took.
fn walk(script: &Script, from: SocketCursor) -> (Vec<ConnectionSocket>, usize) {
    let (mut all, mut steps, mut at) = (Vec::new(), 0, Some(from));
    while let Some(cursor) = at {
        let before = all.len();
        let shard = &script.stack.shard;
        at = shard.connection_sockets(script.now, cursor, &mut all);
        assert!(all.len() - before <= SocketCursor::STEP);
        steps += 1;
    }
    (all, steps)
}

/// The one connection there is.
#[track_caller]
fn only(script: &Script) -> ConnectionSocket {
    let (all, _) = walk(script, SocketCursor::all());
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]
}

fn without_cookies(tcp: Sysctls) -> ShardOptions {
    let tcp = Sysctls {
        tcp_syncookies: 0,
        ..tcp
    };
    ShardOptions { tcp, ..options() }
}

fn queue(length: u64, limit: u64, overflows: u64) -> Queue {
    Queue {
        length,
        limit,
        overflows,
    }
}

#[test]
fn a_listener_shows_its_two_queues_and_what_overflowed_each() {
    let (mut script, web) = Script::listening(without_cookies(Sysctls::default()), 1);
    script.stack.listen(81, 7);
    for peer in [A, B] {
        script.inject(peer, SYN);
        script.expect(peer, SYN_ACK);
    }
    // The SYN queue holds one more than its limit, and then is full.
    script.inject(C, SYN);
    script.expect_nothing();
    let [first, second] = &script.stack.shard.listener_sockets().collect::<Vec<_>>()[..] else {
        panic!("two listeners");
    };
    assert_eq!((first.local.port(), second.local.port()), (80, 81));
    assert_eq!(first.syn_queue, queue(2, 1, 1));
    assert_eq!(first.accept_queue, queue(0, 1, 0));
    assert_eq!(
        (first.counters.listen_drops, second.counters.listen_drops),
        (1, 0)
    );
    assert_eq!(second.syn_queue, queue(0, 7, 0), "its own counts");

    for peer in [A, B] {
        script.inject(peer, ACK);
    }
    // So does the accept queue: for a SYN, and for an ACK.
    script.inject(D, SYN);
    script.expect_nothing();
    let listener = script.stack.shard.listener_sockets().next().unwrap();
    assert_eq!(listener.syn_queue, queue(0, 1, 1));
    assert_eq!(listener.accept_queue, queue(2, 1, 1));
    assert_eq!(listener.counters.listen_drops, 2);

    script.accept(web);
    let listener = script.stack.shard.listener_sockets().next().unwrap();
    assert_eq!(listener.accept_queue, queue(1, 1, 1));
}

#[test]
fn the_limit_of_the_syn_queue_is_the_one_that_is_kept() {
    let tcp = Sysctls {
        tcp_max_syn_backlog: 4,
        ..Sysctls::default()
    };
    let with_cookies = ShardOptions { tcp, ..options() };
    for (options, held, drops) in [
        (without_cookies(tcp), queue(4, 3, 0), 1),
        (with_cookies, queue(5, 100, 0), 0),
    ] {
        let (mut script, _) = Script::listening(options, 100);
        for peer in [A, B, C, D, 40_005] {
            script.inject(peer, SYN);
        }
        let listener = script.stack.shard.listener_sockets().next().unwrap();
        let dropped = listener.counters.listen_drops;
        assert_eq!((listener.syn_queue, dropped), (held, drops));
        assert_eq!(listener.accept_queue.limit, 100);
    }
}

#[test]
fn a_syn_for_which_the_shard_has_no_place_counts_as_dropped_at_its_listener() {
    let (mut script, _) = Script::listening(
        ShardOptions {
            max_connections: 1,
            ..options()
        },
        10,
    );
    script.handshake(A);
    script.inject(B, SYN);
    script.expect(B, SYN_ACK);
    script.inject(B, ACK);
    script.expect_nothing();
    let listener = script.stack.shard.listener_sockets().next().unwrap();
    assert_eq!(listener.counters.listen_drops, 1);
    assert_eq!(listener.accept_queue, queue(1, 10, 0), "it is not full");
    assert_eq!(script.stack.shard.counters().listen_drops, 1);
}

#[test]
fn a_connection_shows_its_state_and_what_its_queues_hold() {
    let (mut script, id) = Script::established(A);
    let socket = only(&script);
    assert_eq!(socket.local.to_string(), "10.0.0.1:80");
    assert_eq!(socket.peer.to_string(), "10.0.0.2:40001");
    assert_eq!((socket.state, socket.timer), (State::Established, None));
    assert_eq!(socket.queues, QueueLengths::default());
    // `tcp_rmem`'s middle value, and room for twice an initial window with its overhead: neither has grown
    assert_eq!(socket.receive_limit, Sysctls::default().tcp_rmem.usual);
    assert_eq!(socket.send_limit, 2 * 10 * (4096 + 256));

    script.inject(A, "P. 1:101(100) ack 1");
    script.inject(A, ". 201:301(100) ack 1");
    script.write(id, 0..20_000);
    script.drain();
    let QueueLengths {
        receive_queue,
        reassembly_queue,
        receive_memory,
        send_queue,
        retransmit_queue,
    } = only(&script).queues;
    assert_eq!((receive_queue, reassembly_queue), (100, 100));
    assert!(receive_memory >= 200);
    // Ten segments are the initial window.
    assert_eq!((send_queue, retransmit_queue), (5_400, 14_600));
    let Some((Timer::Retransmission, due)) = only(&script).timer else {
        panic!("{:?}", only(&script).timer);
    };
    assert!(due <= Duration::from_secs(1), "{due:?}");
}

#[test]
fn a_udp_socket_shows_the_memory_of_what_nobody_has_taken_and_what_found_no_room() {
    let mut script = Script::new(ShardOptions {
        rmem_default: 3_000,
        ..options()
    });
    let id = script.bind_udp(53);
    for _ in 0..3 {
        script.inject_datagram(A, 53, &[7; 1_000]);
    }
    let [socket] = script.stack.shard.datagram_sockets().collect::<Vec<_>>()[..] else {
        panic!("one socket");
    };
    assert_eq!(socket.local.to_string(), "0.0.0.0:53");
    assert_eq!(socket.datagrams, 2);
    assert_eq!(
        (socket.receive_queue.limit, socket.receive_queue.overflows),
        (3_000, 1)
    );
    assert!(
        (2_000..=3_000).contains(&socket.receive_queue.length),
        "{socket:?}"
    );
    assert_eq!(
        (socket.send_queue, socket.send_limit),
        (0, options().wmem_default)
    );
    script.receive_all(id);
    let socket = script.stack.shard.datagram_sockets().next().unwrap();
    assert_eq!(socket.receive_queue, queue(0, 3_000, 1));
}

#[test]
fn half_open_connections_and_those_in_time_wait_are_met_when_asked_for() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    assert_eq!(walk(&script, SocketCursor::connections()).0, []);
    let socket = only(&script);
    assert_eq!((socket.state, socket.peer.port()), (State::SynReceived, A));
    let (timer, due) = socket.timer.expect("the SYN/ACK's");
    assert_eq!(timer, Timer::Retransmission);
    assert_eq!(due.as_millis(), 1_000);

    script.inject(A, ACK);
    let id = script.accept(web).id;
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    assert_eq!(only(&script).state, State::FinWait1);
    script.inject(A, ". 1:1(0) ack 2");
    assert_eq!(only(&script).state, State::FinWait2);
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    assert_eq!(walk(&script, SocketCursor::connections()).0, []);
    let socket = only(&script);
    assert_eq!((socket.state, socket.peer.port()), (State::TimeWait, A));
    assert_eq!(
        socket.timer,
        Some((Timer::TimeWait, Duration::from_secs(60)))
    );
}

#[test]
fn a_long_walk_goes_in_steps_and_meets_everyone_once() {
    const CROWD: u16 = 1_000;
    let (mut script, _) = Script::listening(options(), 4096);
    for number in 0..CROWD {
        script.handshake(40_000 + number);
    }
    script.inject(A + CROWD, SYN);
    script.drain();
    let (met, steps) = walk(&script, SocketCursor::all());
    let mut ports: Vec<_> = met.iter().map(|socket| socket.peer.port()).collect();
    ports.sort_unstable();
    let expected: Vec<_> = (40_000..40_000 + CROWD).chain([A + CROWD]).collect();
    assert_eq!(ports, expected);
    assert_eq!(steps, 4 + 1 + 1, "the last finds nothing more");
}

/// A writer waits, and a window closes, at what is left to the connection, not at what it could have had.
#[test]
fn where_memory_is_scarce_a_connection_shows_the_limits_that_hold() {
    let tcp = Sysctls {
        tcp_mem: 2,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 2);
    script.handshake(A);
    let id = script.accept(web).id;
    let written = script.stack.shard.write(script.now, id, &[0; 10_000]);
    assert_eq!(written, Ok(Write::Accepted(4096)));
    let socket = only(&script);
    assert_eq!((socket.receive_limit, socket.send_limit), (4096, 4096));
}
