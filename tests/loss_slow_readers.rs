//! Frames are handed to the receive queues as they are, and still no reader, however slow, takes the ring's buffers from
//! the others.

use periplus_ring::memory::LinkOptions;
use periplus_ring::{Device, PoolLevel, RxBurst};
use periplus_tests::{Pair, Script, Stream, content, options};
use std::time::Duration;

const A: u16 = 40_001;
const LENGTH: u64 = 700_000;
const LIMIT: Duration = Duration::from_secs(60);

/// A pool of few frames, which is dropped into as a NIC does.
fn scarce() -> LinkOptions {
    LinkOptions {
        frames: 256,
        ring_size: 64,
        offloads: false,
        drop_when_full: true,
        ..LinkOptions::default()
    }
}

#[test]
fn slow_readers_never_empty_the_ring() {
    let mut pair = Pair::joined(options(), options(), scarce());
    let web = pair.server.listen(80, 100);
    let mut clients = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..20 {
        let (client, server) = pair.connect(web, 80);
        clients.push(Stream::new(client, content(0..LENGTH)));
        servers.push(Stream::new(server, Vec::new()));
    }
    // Nobody reads, until every window is closed.
    let all_wait = pair.now + LIMIT;
    pair.run_until(2 * LIMIT, |pair| {
        for client in &mut clients {
            client.pump(&mut pair.client, pair.now).unwrap();
        }
        pair.now >= all_wait
    });

    let collapsed = pair.server.shard.counters().rcv_collapsed;
    assert!(collapsed > 0, "the pool was never low");

    // One more connection, and its reader reads: it is served as if it were alone.
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..LENGTH));
    let mut server = Stream::new(server, Vec::new());
    let start = pair.now;
    pair.run_until(LIMIT, |pair| {
        client.pump(&mut pair.client, pair.now).unwrap();
        server.pump(&mut pair.server, pair.now).unwrap();
        client.is_done() && server.ended
    });
    assert!(server.received == content(0..LENGTH));
    assert!(
        pair.now.since(start) < Duration::from_secs(2),
        "{:?}",
        pair.now.since(start)
    );

    // The others wake up, and have everything.
    pair.run_until(LIMIT, |pair| {
        for (client, server) in clients.iter_mut().zip(&mut servers) {
            client.pump(&mut pair.client, pair.now).unwrap();
            server.pump(&mut pair.server, pair.now).unwrap();
        }
        servers.iter().all(|server| server.ended)
    });
    assert!(
        servers
            .iter()
            .all(|server| server.received == content(0..LENGTH))
    );
    pair.check_conservation();
}

/// Small segments pin large frames: what a connection holds is bounded by memory, not by bytes.
#[test]
fn a_window_is_charged_by_the_memory_it_pins() {
    const PIECE: u64 = 10;
    let mut pair = Pair::joined(options(), options(), scarce());
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let now = pair.now;
    pair.client
        .shard
        .change_socket_options(now, client, |options| options.no_delay = true);
    let mut sent = 0;
    for _ in 0..5_000 {
        let piece = content(sent..sent + PIECE);
        let written = pair.client.shard.write(pair.now, client, &piece);
        assert!(written.is_ok());
        sent += PIECE;
        pair.settle();
    }
    assert_eq!(pair.server.device.statistics().rx_ring_full, 0);
    let mut server = Stream::new(server, Vec::new());
    pair.run_until(LIMIT, |pair| {
        server.pump(&mut pair.server, pair.now).unwrap();
        server.received.len() as u64 == sent
    });
    assert!(server.received == content(0..sent));
}

/// What connections of the past held is no reason to overlook one that holds frames now.
#[test]
fn a_scarce_ring_gets_frames_back_however_many_connections_came_before() {
    let (mut script, web) = Script::listening(options(), 10);
    let hold_frames = |script: &mut Script, port| {
        script.handshake(port);
        script.inject(port, "P. 1:1001(1000) ack 1");
        script.drain();
        script.accept(web).id
    };
    for port in A + 1..A + 101 {
        let id = hold_frames(&mut script, port);
        script.stack.shard.abort(script.now, id);
        script.stack.shard.close(script.now, id);
        script.drain();
    }
    let id = hold_frames(&mut script, A);
    script
        .stack
        .shard
        .receive(script.now, &mut RxBurst::new(), PoolLevel::Low);
    assert_eq!(script.stack.shard.counters().rcv_collapsed, 1000);
    assert_eq!(script.read(id), Ok(content(0..1000)));
}
