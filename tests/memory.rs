//! Five thousand peers that take what they are offered and give nothing back: the ring is never empty of buffers, the heap is
//! bounded, and an honest client is served throughout. A test binary of its own, because it counts every byte of the heap.

use bytes::Bytes;
use peak_alloc::PeakAlloc;
use periplus_journey::{DropReason, Instant};
use periplus_ring::memory::{LinkOptions, MemoryDevice, link};
use periplus_ring::{Capabilities, Device, PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use periplus_stack::{
    BufferSizes, ConnectionId, ListenerId, Read, ShardOptions, SocketOptions, Sysctls, Write,
};
use periplus_tests::Host;
use periplus_wire::ethernet::EthernetAddress;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The heap is the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

const SLOW: usize = 5_000;
const MEBIBYTE: usize = 1 << 20;
/// What every connection may hold, however little is free (`tcp_rmem`'s first value).
const GUARANTEED: usize = 4096;
/// What all connections of the server may hold together.
const TCP_MEM: usize = 64 * MEBIBYTE;

/// By then every window is closed.
const CLOSED: Duration = Duration::from_secs(2);
/// How long an answer to the honest client may take, at any moment.
const PATIENCE: Duration = Duration::from_millis(25);

/// How long a look at the rings takes, and how many frames the wire carries in that time: about 75 Gbit/s.
const LOOK: Duration = Duration::from_micros(10);
const FRAMES_A_LOOK: usize = 64;

/// What slow clients send: bytes that lie nowhere on the heap.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// How long the honest client looks at an answer before it asks again.
const THINKS: Duration = Duration::from_millis(10);
const REQUEST: usize = 100;
const ANSWER: usize = 20_000;

/// A device that carries only so many frames in a look, as a wire does.
struct Wire {
    inner: MemoryDevice,
    left: usize,
}

impl Device for Wire {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        self.left = FRAMES_A_LOOK;
        self.inner.receive(now, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.left = self.left.checked_sub(1)?;
        self.inner.reserve(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        self.inner.commit(now, descriptor);
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_arrivals(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_room(context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.inner.level()
    }

    fn statistics(&self) -> RingStatistics {
        self.inner.statistics()
    }
}

/// Two stacks on a cable whose rings drop what they have no buffer for, as a NIC's do.
struct World {
    server: Host<Wire>,
    client: Host<Wire>,
    listener: ListenerId,
    now: Instant,
    /// The least that was seen free of the server's pool.
    lowest: PoolLevel,
}

impl World {
    /// Nobody is parked: what is weighed is what connections hold, not what they are.
    fn new(server: Sysctls, client: Sysctls) -> Self {
        Self::parking(usize::MAX, server, client)
    }

    /// So many connections of either stack may be at rest without being parked.
    fn parking(max_resting: usize, server: Sysctls, client: Sysctls) -> Self {
        let (server_end, client_end) = link(LinkOptions {
            offloads: false,
            drop_when_full: true,
            ..LinkOptions::default()
        });
        let host = |number, tcp, inner| {
            let options = ShardOptions {
                ethernet: EthernetAddress([2, 0, 0, 0, 0, number]),
                address: Ipv4Addr::new(10, 0, 0, number),
                tcp,
                recording: false,
                max_resting,
                ..ShardOptions::default()
            };
            Host::new(options, number, Wire { inner, left: 0 })
        };
        let mut server = host(1, server, server_end);
        let listener = server.listen(80, SLOW);
        Self {
            server,
            client: host(2, client, client_end),
            listener,
            now: Instant::from_millis(1_000),
            lowest: PoolLevel::Ample,
        }
    }

    /// Both hosts look at their rings; if there was nothing, time moves on to the next timer, or a little.
    fn look(&mut self) {
        let moved = self.server.poll(self.now) | self.client.poll(self.now);
        self.lowest = self.lowest.max(self.server.device.level());
        self.now += LOOK;
        if !moved {
            let timers = [self.server.next_timeout(), self.client.next_timeout()];
            let thinker = self.now + THINKS / 10;
            let next = timers.into_iter().flatten().fold(thinker, Instant::min);
            self.now = self.now.max(next);
        }
    }

    /// As many connections: (client's end, server's end).
    fn connect(&mut self, count: usize) -> Vec<(ConnectionId, ConnectionId)> {
        let remote = SocketAddr::from(([10, 0, 0, 1], 80));
        let connecting: Vec<_> = (0..count)
            .map(|_| self.client.shard.connect(self.now, None, remote).unwrap())
            .collect();
        let by_port: HashMap<SocketAddr, ConnectionId> = connecting
            .iter()
            .map(|&id| (self.client.shard.addresses(id).unwrap().0, id))
            .collect();
        let mut connected = Vec::new();
        while connected.len() < count {
            self.look();
            while let Some(accepted) = self.server.shard.accept(self.now, self.listener) {
                connected.push((by_port[&accepted.peer], accepted.id));
            }
        }
        connected
    }
}

impl World {
    /// The client's backend writes what it may of `upload`.
    fn upload(&mut self, id: ConnectionId, upload: &mut Bytes) {
        while !upload.is_empty() {
            match self.client.shard.write_bytes(self.now, id, upload).unwrap() {
                Write::Accepted(_) => {}
                Write::Wait => return,
            }
        }
    }

    /// The server's backend reads all there is. Returns how much that was.
    fn read_all(&mut self, id: ConnectionId) -> usize {
        let (mut buffer, mut total) = ([0; 16 * 1024], 0);
        while let Read::Data(count) = self.server.shard.read(self.now, id, &mut buffer).unwrap() {
            total += count;
        }
        total
    }

    /// The server's backend writes as much as it may.
    fn write_all(&mut self, id: ConnectionId) {
        while self.server.shard.write(self.now, id, &ZEROS).unwrap() != Write::Wait {}
    }
}

/// A client that asks for an answer, takes it, and asks again.
struct Honest {
    client: ConnectionId,
    server: ConnectionId,
    asked: Option<Instant>,
    thinks_until: Instant,
    /// Bytes of the request that the server has not read, and of the answer that it has not written, and that the client has
    /// not read.
    unread: usize,
    unwritten: usize,
    missing: usize,
    answered: usize,
    slowest: Duration,
}

impl Honest {
    fn new(world: &mut World) -> Self {
        let (client, server) = world.connect(1)[0];
        let now = world.now;
        let no_delay = |options: &mut SocketOptions| options.no_delay = true;
        world
            .client
            .shard
            .change_socket_options(now, client, no_delay);
        world
            .server
            .shard
            .change_socket_options(now, server, no_delay);
        Self {
            client,
            server,
            asked: None,
            thinks_until: Instant::ZERO,
            unread: 0,
            unwritten: 0,
            missing: 0,
            answered: 0,
            slowest: Duration::ZERO,
        }
    }

    /// Does what both backends can do now.
    fn pump(&mut self, world: &mut World) {
        let now = world.now;
        if self.asked.is_none() && now >= self.thinks_until {
            let request = &ZEROS[..REQUEST];
            let asked = world.client.shard.write(now, self.client, request);
            assert_eq!(asked, Ok(Write::Accepted(REQUEST)));
            self.asked = Some(now);
            (self.unread, self.missing) = (REQUEST, ANSWER);
        }
        let mut buffer = [0; ANSWER];
        if self.unread > 0
            && let Read::Data(count) = world
                .server
                .shard
                .read(now, self.server, &mut buffer)
                .unwrap()
        {
            self.unread -= count;
            self.unwritten = if self.unread == 0 { ANSWER } else { 0 };
        }
        while self.unwritten > 0
            && let answer = &ZEROS[..self.unwritten]
            && let Write::Accepted(count) =
                world.server.shard.write(now, self.server, answer).unwrap()
        {
            self.unwritten -= count;
        }
        while self.missing > 0
            && let Read::Data(count) = world
                .client
                .shard
                .read(now, self.client, &mut buffer)
                .unwrap()
        {
            self.missing -= count;
        }
        if self.missing == 0
            && let Some(asked) = self.asked.take()
        {
            self.slowest = self.slowest.max(now.since(asked));
            self.answered += 1;
            self.thinks_until = now + THINKS;
        }
    }
}

/// A stack whose connections may hold 64 MiB together, and each up to 512 KiB: 2.5 GiB, were there no common bound.
fn bounded() -> Sysctls {
    Sysctls {
        tcp_mem: TCP_MEM,
        ..Sysctls::default()
    }
}

/// The stack of the slow clients, which is not what is tested: what it sends lies nowhere on the heap, and it takes little.
fn clients() -> Sysctls {
    Sysctls {
        tcp_mem: usize::MAX,
        tcp_rmem: BufferSizes::fixed(GUARANTEED),
        ..Sysctls::default()
    }
}

/// Says how it went, and checks what holds of either direction.
#[track_caller]
fn check(world: &World, honest: &Honest, heap: usize) {
    let server = &world.server;
    let (ring, ledger) = (server.device.statistics(), server.shard.ledger());
    println!(
        "heap {} KiB, {:?}, {} answers, the slowest after {:?}, {ring:?}",
        heap / 1024,
        server.shard.tcp_memory(),
        honest.answered,
        honest.slowest,
    );
    // The ring had room for every frame, and the stack took everything it had a window for.
    assert_eq!(ring.rx_ring_full, 0);
    assert!(world.lowest < PoolLevel::Scarce);
    assert!(ledger.is_balanced());
    for reason in [
        DropReason::TcpZeroWindow,
        DropReason::TcpOfoQueuePrune,
        DropReason::TcpInvalidSequence,
        DropReason::SocketLimit,
    ] {
        assert_eq!(ledger.dropped(reason), 0, "{reason}");
    }
    let counters = server.shard.counters();
    assert_eq!((counters.tcp_estab_resets, counters.tcp_out_rsts), (0, 0));
    assert!(counters.tcp_memory_pressures >= 1);
    // Memory: what all may hold together, and the little that each may hold beside it.
    let half = TCP_MEM / 2 + (SLOW + 1) * GUARANTEED;
    let claimed = server.shard.tcp_memory();
    assert!(claimed.receive <= half && claimed.send <= half);
    assert!(
        heap <= claimed.receive + claimed.send,
        "{heap} of {claimed:?}"
    );
    // Service: as if the others were not there, but for the turns they take.
    assert!(honest.answered >= 100);
    assert!(honest.slowest < PATIENCE, "{:?}", honest.slowest);
}

#[test]
fn five_thousand_uploads_that_nobody_reads() {
    const UPLOAD: usize = 24 * 1024;
    let _alone = ALONE.lock();
    let mut world = World::new(bounded(), clients());
    let slow = world.connect(SLOW);
    let mut honest = Honest::new(&mut world);
    let empty = HEAP.current_usage();
    let mut uploads: HashMap<ConnectionId, Bytes> = slow
        .iter()
        .map(|&(client, _)| (client, Bytes::from_static(&ZEROS[..UPLOAD])))
        .collect();
    for (&id, upload) in &mut uploads {
        world.upload(id, upload);
    }
    let mut upload_and_ask = |world: &mut World, honest: &mut Honest| {
        for id in world.client.take_all_writable() {
            if let Some(upload) = uploads.get_mut(&id) {
                world.upload(id, upload);
            }
        }
        honest.pump(world);
        world.look();
    };
    let end = world.now + CLOSED;
    while world.now < end {
        upload_and_ask(&mut world, &mut honest);
    }
    check(&world, &honest, HEAP.current_usage() - empty);
    assert!(
        world.server.shard.tcp_memory().receive > TCP_MEM / 3,
        "the test tests something"
    );

    // Everybody reads: every byte comes, and the memory is free again.
    let mut unread: HashMap<ConnectionId, usize> =
        slow.iter().map(|&(_, server)| (server, UPLOAD)).collect();
    let mut readable: Vec<ConnectionId> = slow.iter().map(|&(_, server)| server).collect();
    while !unread.is_empty() {
        for id in readable {
            let Some(left) = unread.get_mut(&id) else {
                continue;
            };
            *left -= world.read_all(id);
            if *left == 0 {
                unread.remove(&id);
            }
        }
        upload_and_ask(&mut world, &mut honest);
        readable = world.server.take_all_readable();
    }
    let heap = HEAP.current_usage().saturating_sub(empty);
    check(&world, &honest, heap);
    assert!(heap < 8 * MEBIBYTE, "{heap}");
}

#[test]
fn five_thousand_downloads_that_nobody_reads() {
    let _alone = ALONE.lock();
    let mut world = World::new(bounded(), clients());
    let slow = world.connect(SLOW);
    let mut honest = Honest::new(&mut world);
    let empty = HEAP.current_usage();
    // What a backend writes is copied, and so lies on the heap.
    let mut writable: Vec<ConnectionId> = slow.iter().map(|&(_, server)| server).collect();
    let end = world.now + CLOSED;
    while world.now < end {
        for id in writable.into_iter().filter(|&id| id != honest.server) {
            world.write_all(id);
        }
        honest.pump(&mut world);
        world.look();
        writable = world.server.take_all_writable();
    }
    // What the clients' stack holds of it is on the same heap.
    let heap = HEAP.current_usage() - empty;
    let theirs = world.client.shard.tcp_memory().receive;
    check(&world, &honest, heap.saturating_sub(theirs));
    assert!(
        world.server.shard.tcp_memory().send > TCP_MEM / 3,
        "the test tests something"
    );
}

/// Moves `text` from one host's end of a connection to the other's.
fn carry(
    world: &mut World,
    text: &[u8],
    mut write: impl FnMut(&mut World, &[u8]) -> Write,
    mut read: impl FnMut(&mut World, &mut [u8]) -> Read,
) {
    assert_eq!(write(world, text), Write::Accepted(text.len()));
    let (mut buffer, mut left) = ([0; 4096], text.len());
    while left > 0 {
        match read(world, &mut buffer) {
            Read::Data(count) => left -= count,
            _ => world.look(),
        }
    }
    assert_eq!(read(world, &mut buffer), Read::Wait);
}

fn ask(world: &mut World, client: ConnectionId, server: ConnectionId) {
    carry(
        world,
        &ZEROS[..REQUEST],
        |world, text| world.client.shard.write(world.now, client, text).unwrap(),
        |world, buffer| world.server.shard.read(world.now, server, buffer).unwrap(),
    );
    carry(
        world,
        &ZEROS[..1000],
        |world, text| world.server.shard.write(world.now, server, text).unwrap(),
        |world, buffer| world.client.shard.read(world.now, client, buffer).unwrap(),
    );
}

#[test]
fn a_connection_that_waits_for_its_next_request_takes_300_bytes() {
    let _alone = ALONE.lock();
    // Large enough for a table's worst moment to be in it: it doubles at 7/8 of 8,192.
    const CROWD: usize = 7_600;
    /// By then the rings have all their buffers.
    const FIRST: usize = 500;
    /// What either stack keeps for connections that wake, however many sleep.
    const PLACES: usize = 2 * 128 * 1304;
    let usual = Sysctls::default();
    let mut world = World::parking(0, usual, usual);
    let mut ends = Vec::with_capacity(CROWD);
    let mut empty = 0;
    while ends.len() < CROWD {
        for (client, server) in world.connect(100) {
            ask(&mut world, client, server);
            ends.push((client, server));
        }
        // What they were told is not theirs. Nor is what the rings have got meanwhile.
        for host in [&mut world.server, &mut world.client] {
            host.take_all_readable();
            host.take_all_writable();
        }
        if ends.len() == FIRST {
            empty = HEAP.current_usage();
        }
    }
    // The timers that were set meanwhile expire.
    let end = world.now + Duration::from_secs(2);
    while world.now < end {
        world.look();
    }
    let parked = (world.server.shard.parked(), world.client.shard.parked());
    assert_eq!(parked, (CROWD, CROWD));
    let held = HEAP.current_usage() - empty - PLACES;
    let each = held / (2 * (CROWD - FIRST));
    assert!(each <= 300, "{each} bytes");

    for &(client, server) in &ends {
        ask(&mut world, client, server);
    }
    let counters = world.server.shard.counters();
    assert_eq!(counters.tcp_retrans_segs, 0);
}
