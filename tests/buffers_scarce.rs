//! Buffers that grow share a memory, and what a window promised is kept however little of it is left.

use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{ShardOptions, Sysctls};
use periplus_tests::{Pair, Stream, content, options};
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;
use std::collections::HashMap;
use std::time::Duration;

const MEBIBYTE: usize = 1 << 20;
/// What each uploads.
const LENGTH: u64 = 400_000;
const LIMIT: Duration = Duration::from_secs(600);
/// What a connection may have however little is free.
const GUARANTEED: usize = 4096;

fn pair(tcp_mem: usize, faults: FaultOptions) -> Pair {
    let tcp = Sysctls {
        tcp_mem,
        ..Sysctls::default()
    };
    let both = [(); 2].map(|()| ShardOptions { tcp, ..options() });
    let link = LinkOptions {
        offloads: false,
        ..LinkOptions::default()
    };
    Pair::faulty(both, faults, link)
}

/// A hundred connections of which each alone would grow beyond what all have together, in either direction.
#[test]
fn a_hundred_that_grow_share_what_there_is() {
    const CONNECTIONS: usize = 100;
    let memory = 16 * MEBIBYTE;
    let faults = FaultOptions {
        rate: Some(1_000_000_000),
        delay: Duration::from_millis(25),
        limit: usize::MAX,
        ..FaultOptions::default()
    };
    let mut pair = pair(memory, faults);
    let web = pair.server.listen(80, CONNECTIONS);
    let mut streams: Vec<_> = (0..CONNECTIONS)
        .map(|_| pair.connect(web, 80))
        .map(|(client, server)| [client, server].map(|id| Stream::new(id, content(0..LENGTH))))
        .collect();
    let mut most = 0;
    pair.run_until(LIMIT, |pair| {
        let now = pair.now;
        for [client, server] in &mut streams {
            client.pump(&mut pair.client, now).expect("it holds");
            server.pump(&mut pair.server, now).expect("it holds");
        }
        let claimed = pair.server.shard.tcp_memory();
        most = most.max(claimed.receive).max(claimed.send);
        streams.iter().flatten().all(Stream::is_done)
    });
    assert!(most <= memory / 2 + CONNECTIONS * GUARANTEED, "{most}");
    assert!(most > memory / 4, "the test tests something: {most}");
    let whole = content(0..LENGTH);
    assert!(
        streams
            .iter()
            .flatten()
            .all(|stream| stream.received == whole)
    );
    for host in [&pair.server, &pair.client] {
        let counters = host.shard.counters();
        assert_eq!(
            (counters.tcp_ofo_drop, counters.tcp_zero_window_drop),
            (0, 0)
        );
    }
}

/// Windows grow and are given back, memory is short and plentiful, frames are lost and overtake each other: what was offered stays so.
#[test]
fn the_right_edge_never_moves_left() {
    for seed in 0..15 {
        let faults = FaultOptions {
            seed,
            loss: 0.01 * (seed % 4) as f64,
            reorder: 0.02,
            rate: Some(50_000_000),
            delay: Duration::from_millis(5 + 7 * (seed % 5)),
            limit: 300,
            ..FaultOptions::default()
        };
        let memory = [MEBIBYTE, 32 * MEBIBYTE, 1024 * MEBIBYTE][(seed % 3) as usize];
        let mut pair = pair(memory, faults);
        let web = pair.server.listen(80, 10);
        let mut uploads: Vec<_> = (0..5)
            .map(|_| pair.connect(web, 80))
            .map(|(client, server)| {
                let upload = Stream::new(client, content(0..LENGTH));
                (upload, Stream::new(server, Vec::new()))
            })
            .collect();
        let mut looks = 0u64;
        pair.run_until(LIMIT, |pair| {
            looks += 1;
            let now = pair.now;
            for (number, (client, server)) in uploads.iter_mut().enumerate() {
                client.pump(&mut pair.client, now).expect("it holds");
                // readers of several kinds: always, now and then, in long strides
                let stride = [1, 3, 50, 400, 1][number];
                if looks.is_multiple_of(stride) {
                    server.pump(&mut pair.server, now).expect("it holds");
                }
            }
            pair.wake_at(now + Duration::from_millis(1));
            uploads.iter().all(|(_, server)| server.ended)
        });
        for (_, server) in &uploads {
            assert!(server.received == content(0..LENGTH), "seed {seed}");
        }
        check_edges(&pair, seed);
    }
}

/// Of each connection, in the order in which the server sent them.
#[track_caller]
fn check_edges(pair: &Pair, seed: u64) {
    const SCALE: u32 = 7;
    let mut edges = HashMap::<u16, (SeqNum, SeqNum)>::new();
    for (_, segment) in pair.server.device.segments() {
        let (ack, port) = (segment.acknowledgment, segment.destination.port());
        if segment.flags.contains(TcpFlags::SYN) {
            edges.insert(port, (ack, ack + u32::from(segment.window)));
            continue;
        }
        let (first, edge) = edges.get_mut(&port).expect("a handshake");
        if ack - *first > LENGTH as u32 {
            continue; // the peer has ended: nothing more is promised
        }
        let told = ack + (u32::from(segment.window) << SCALE);
        // by less than the scale can express, where memory is used up (RFC 7323 2.4)
        let least = *edge - ((1 << SCALE) - 1);
        assert!(
            least.at_or_before(told),
            "seed {seed}: {edge:?}, then {told:?}"
        );
        *edge = edge.max(told);
    }
    assert_eq!(edges.len(), 5);
}
