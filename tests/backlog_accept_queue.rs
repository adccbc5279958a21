//! The accept queue is bounded too: it holds one more than `min(backlog, somaxconn)`, as in Linux.

use periplus_journey::{QueueMet, QueuesMet};
use periplus_stack::ShardOptions;
use periplus_tcp::Sysctls;
use periplus_tests::{Pair, Script, Stream, content, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;
const D: u16 = 40_004;

const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";
const ACK: &str = ". 1:1(0) ack 1";

/// With a backlog of 2: three connections in the accept queue, and D in the SYN queue.
fn full(options: ShardOptions) -> (Script, periplus_stack::ListenerId) {
    let (mut script, web) = Script::listening(options, 2);
    script.handshake(A);
    script.handshake(B);
    for peer in [C, D] {
        script.inject(peer, SYN);
        script.expect(peer, SYN_ACK);
    }
    script.inject(C, ACK);
    script.expect_nothing();
    (script, web)
}

#[test]
fn a_full_accept_queue_drops_the_ack_and_keeps_the_record() {
    let (mut script, web) = full(options());
    script.inject(D, ACK);
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!((counters.listen_overflows, counters.listen_drops), (1, 1));

    for peer in [A, B, C] {
        assert_eq!(
            script.accept(web).peer.port(),
            peer,
            "first come, first served"
        );
    }
    assert!(script.stack.shard.accept(script.now, web).is_none());

    // The SYN/ACK's timer brings the peer to repeat its ACK, and now there is room.
    script.expect_after(Duration::from_secs(1), D, SYN_ACK);
    script.inject(D, ACK);
    assert_eq!(script.accept(web).peer.port(), D);
}

#[test]
fn a_full_accept_queue_drops_new_syns() {
    let (mut script, _) = full(options());
    script.inject(40_005, SYN);
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!((counters.listen_overflows, counters.listen_drops), (1, 1));
}

#[test]
fn a_full_accept_queue_resets_if_told_to() {
    let tcp = Sysctls {
        tcp_abort_on_overflow: true,
        ..Sysctls::default()
    };
    let (mut script, _) = full(ShardOptions { tcp, ..options() });
    script.inject(D, ACK);
    script.expect(D, "R 1:1(0)");
}

#[test]
fn a_listener_that_closes_resets_its_queues() {
    let (mut script, web) = full(options());
    script.stack.shard.close_listener(script.now, web);
    let mut reset = Vec::new();
    for segment in script.all_segments_now() {
        assert!(
            segment.flags.contains(periplus_wire::tcp::TcpFlags::RST),
            "{segment:?}"
        );
        reset.push(segment.destination.port());
    }
    reset.sort();
    assert!(
        [A, B, C].iter().all(|peer| reset.contains(peer)),
        "{reset:?}"
    );
    script.inject(40_005, SYN);
    script.expect(40_005, "R. 0:0(0) ack 1");
}

#[test]
fn clients_that_meet_full_queues_try_again_and_all_are_served() {
    let mut pair = Pair::perfect();
    let web = pair.server.listen(80, 2);
    let mut clients: Vec<Stream> = (0..8)
        .map(|_| Stream::new(pair.begin_connect(80), content(0..100)))
        .collect();
    pair.run_for(Duration::from_secs(2));
    let counters = pair.server.shard.counters();
    assert!(counters.listen_drops > 0, "nothing met a full queue");
    assert!(counters.listen_overflows > 0);

    let mut servers = Vec::new();
    pair.run_until(Duration::from_secs(300), |pair| {
        while let Some(accepted) = pair.server.shard.accept(pair.now, web) {
            servers.push(Stream::new(accepted.id, content(0..100)));
        }
        for client in &mut clients {
            if pair
                .client
                .shard
                .is_connected(client.id)
                .expect("in the end all are served")
            {
                client.pump(&mut pair.client, pair.now).unwrap();
            }
        }
        for server in &mut servers {
            server.pump(&mut pair.server, pair.now).unwrap();
        }
        servers.len() == clients.len() && servers.iter().chain(&clients).all(Stream::is_done)
    });
    let streams = servers.iter().chain(&clients);
    assert!(
        streams
            .into_iter()
            .all(|stream| stream.received == content(0..100))
    );
    pair.check_conservation();
}

#[test]
fn a_journey_tells_how_full_the_queues_were_when_it_came_to_them() {
    let (mut script, web) = full(options());
    // D stands alone in the SYN queue, and another SYN is turned away because three wait for `accept()`.
    script.inject(40_005, SYN);
    for _ in [A, B, C] {
        let id = script.accept(web).id;
        script.stack.shard.abort(script.now, id);
    }
    script.drain();
    let met = |length, limit| Some(QueueMet { length, limit });
    let journeys: Vec<_> = script
        .stack
        .records
        .iter()
        .map(|record| (record.peer.port(), record.queues))
        .collect();
    let turned_away = QueuesMet {
        syn_queue: met(1, 2),
        accept_queue: met(3, 2),
    };
    let accepted = |syn_queue, accept_queue| QueuesMet {
        syn_queue: met(syn_queue, 2),
        accept_queue: met(accept_queue, 2),
    };
    assert_eq!(
        journeys,
        [
            (40_005, turned_away),
            (A, accepted(1, 1)),
            (B, accepted(1, 2)),
            (C, accepted(1, 3)),
        ]
    );
}
