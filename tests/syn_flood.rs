//! A million SYNs from random sources at a listener with a backlog of 128, a thousand before every frame of honest clients: all
//! of these connect at once and get their page, and the heap does not grow by a byte. A test binary of its own, and without the
//! harness's threads, because it counts every byte of the heap.

use libtest_mimic::{Arguments, Trial};
use peak_alloc::PeakAlloc;
use periplus_journey::Instant;
use periplus_ring::memory::{LinkOptions, MemoryDevice, link};
use periplus_ring::{Device, RxBurst, TxDescriptor};
use periplus_stack::{ConnectionId, ListenerId, Read, ShardOptions, Sysctls, Write};
use periplus_tests::{Host, Segment, content};
use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{self, TcpFlags, TcpHeader, TcpOptions, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const SYNS: u64 = 1_000_000;
const SYNS_A_FRAME: u64 = 1_000;
const BACKLOG: usize = 128;
/// Which of the SYN/ACKs to strangers is answered.
const COMPLETED: u64 = 1_000;

/// How long a SYN takes on the wire: 200,000 come a second.
const SYN_TIME: Duration = Duration::from_micros(5);
/// SYNs that stand in the ring at once.
const BURST: u64 = 64;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const PORT: u16 = 80;
/// More than the longest SYN/ACK has.
const SYN_ACK: usize = 128;
const REQUEST: u64 = 100;
const PAGE: u64 = 10_000;

fn ethernet_address(host: u8) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 0, host])
}

/// Random numbers, the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    /// An address and port somewhere in the world.
    fn stranger(&mut self) -> SocketAddrV4 {
        let address = Ipv4Addr::from(0x4000_0000 | self.next() >> 3);
        SocketAddrV4::new(address, self.next() as u16 | 1)
    }
}

/// The SYNs, each made by changing the last one.
struct Flood {
    random: Random,
    /// With timestamps and what goes with them, and without.
    syns: [Vec<u8>; 2],
    sent: u64,
    /// SYN/ACKs that went to strangers.
    answered: u64,
    /// Every thousandth of them, to be completed.
    chosen: Vec<[u8; SYN_ACK]>,
    /// What the server last sent to a stranger.
    page: Vec<u8>,
    /// Strangers that got a page.
    pages: u64,
}

impl Flood {
    fn new() -> Self {
        let syn = |options| {
            let syn = Segment {
                source: SocketAddrV4::new(CLIENT, 1),
                destination: SocketAddrV4::new(SERVER, PORT),
                sequence: SeqNum(0),
                acknowledgment: SeqNum(0),
                flags: TcpFlags::SYN,
                window: u16::MAX,
                options,
                option_bytes: Vec::new(),
                ecn: Ecn::default(),
                data: Vec::new(),
            };
            syn.to_frame(ethernet_address(2), ethernet_address(1))
        };
        let plain = TcpOptions {
            mss: Some(1460),
            ..TcpOptions::default()
        };
        let rich = TcpOptions {
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some(Timestamps {
                value: 1,
                echo_reply: 0,
            }),
            ..plain
        };
        Self {
            random: Random(0x9e37_79b9_7f4a_7c15),
            syns: [syn(rich), syn(plain)],
            sent: 0,
            answered: 0,
            chosen: Vec::with_capacity(16),
            page: Vec::with_capacity(2 * PAGE as usize),
            pages: 0,
        }
    }

    fn next_syn(&mut self) -> &[u8] {
        let (source, sequence) = (self.random.stranger(), self.random.next());
        let frame = &mut self.syns[self.sent as usize % 2];
        self.sent += 1;
        let packet = &mut frame[ethernet::HEADER_LENGTH..];
        packet[12..16].copy_from_slice(&source.ip().octets());
        ipv4::write_checksum(packet);
        let segment = &mut packet[ipv4::HEADER_LENGTH..];
        segment[..2].copy_from_slice(&source.port().to_be_bytes());
        segment[4..8].copy_from_slice(&sequence.to_be_bytes());
        tcp::write_checksum((*source.ip()).into(), SERVER.into(), segment);
        frame
    }

    /// A frame came for a stranger.
    fn take(&mut self, frame: &[u8]) {
        let segment = &frame[ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH..];
        let (header, _, data) = TcpHeader::parse(segment).expect("a segment");
        if header.flags() == TcpFlags::SYN | TcpFlags::ACK {
            self.answered += 1;
            if self.answered.is_multiple_of(COMPLETED) {
                let mut chosen = [0; SYN_ACK];
                chosen[..frame.len()].copy_from_slice(frame);
                self.chosen.push(chosen);
            }
        }
        self.page.extend_from_slice(data);
    }
}

/// The server, the honest clients' host, and between them a switch at which the strangers are plugged in.
struct World {
    server: Host<MemoryDevice>,
    client: Host<MemoryDevice>,
    to_server: MemoryDevice,
    to_client: MemoryDevice,
    burst: RxBurst,
    web: ListenerId,
    flood: Flood,
    /// Connections that the server's backend has, and not looked at.
    accepted: Vec<(SocketAddr, ConnectionId)>,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let link = || {
            link(LinkOptions {
                offloads: false,
                ..LinkOptions::default()
            })
        };
        let ((server_end, to_server), (client_end, to_client)) = (link(), link());
        let host = |number, gateway: Option<Ipv4Addr>, device| {
            let options = ShardOptions {
                ethernet: ethernet_address(number),
                address: Ipv4Addr::new(10, 0, 0, number),
                // Strangers are behind the switch as well, at the same Ethernet address.
                gateway: gateway.map(Into::into),
                recording: false,
                // The place of a client that has gone would be something that stays.
                max_resting: 0,
                // A client in TIME-WAIT would be something that stays.
                tcp: Sysctls {
                    tcp_max_tw_buckets: 0,
                    ..Sysctls::default()
                },
                ..ShardOptions::default()
            };
            Host::new(options, number, device)
        };
        let mut server = host(1, Some(CLIENT), server_end);
        let web = server.listen(PORT, BACKLOG);
        Self {
            server,
            client: host(2, None, client_end),
            to_server,
            to_client,
            burst: RxBurst::default(),
            web,
            flood: Flood::new(),
            accepted: Vec::with_capacity(16),
            now: Instant::from_millis(1_000),
        }
    }

    /// A thousand SYNs, and what the server has to say to them: nothing of either is kept, once the SYN queue is full.
    fn flood(&mut self) {
        let is_full = self.flood.sent > 0;
        let before = HEAP.current_usage();
        for syns in [BURST; (SYNS_A_FRAME / BURST) as usize]
            .into_iter()
            .chain([SYNS_A_FRAME % BURST])
        {
            for _ in 0..syns {
                self.now += SYN_TIME;
                put(&mut self.to_server, self.now, self.flood.next_syn());
            }
            self.server_works();
        }
        if is_full {
            assert_eq!(HEAP.current_usage(), before, "at {} SYNs", self.flood.sent);
        }
    }

    /// The server does what it can do now, and the switch carries what it sent.
    fn server_works(&mut self) {
        loop {
            let moved = self.server.poll(self.now);
            self.to_server.receive(self.now, &mut self.burst);
            if !moved && self.burst.is_empty() {
                return;
            }
            for arrival in self.burst.drain() {
                let frame: &[u8] = &arrival.frame;
                match destination(frame) {
                    Some(address) if address != CLIENT => self.flood.take(frame),
                    _ => put(&mut self.to_client, self.now, frame),
                }
            }
        }
    }

    /// The honest clients' host sends what it can, a thousand SYNs before each frame, and takes what is there for it. Returns
    /// whether there was anything.
    fn client_works(&mut self) -> bool {
        let moved = self.client.poll(self.now);
        let mut sent = RxBurst::default();
        self.to_client.receive(self.now, &mut sent);
        for arrival in sent.drain() {
            if destination(&arrival.frame).is_some() && self.flood.sent < SYNS {
                self.flood();
            }
            put(&mut self.to_server, self.now, &arrival.frame);
            self.server_works();
            self.accept();
            while let Some(syn_ack) = self.flood.chosen.pop() {
                self.complete(&syn_ack);
            }
        }
        moved
    }

    fn accept(&mut self) {
        while let Some(accepted) = self.server.shard.accept(self.now, self.web) {
            self.accepted.push((accepted.peer, accepted.id));
        }
    }

    /// The connection of `peer`, if the backend has it.
    fn accepted_from(&mut self, peer: SocketAddr) -> Option<ConnectionId> {
        let found = self.accepted.iter().position(|&(from, _)| from == peer)?;
        Some(self.accepted.swap_remove(found).1)
    }

    /// One of the strangers is honest: it brings its cookie back, with a request, and gets its page.
    fn complete(&mut self, syn_ack: &[u8]) {
        let syn_ack = Segment::from_frame(syn_ack).expect("a SYN/ACK");
        let cookies = self.server.shard.counters().syncookies_recv;
        let timestamps = syn_ack.options.timestamps.map(|theirs| Timestamps {
            value: theirs.echo_reply + 1,
            echo_reply: theirs.value,
        });
        let mut segment = Segment {
            source: syn_ack.destination,
            destination: syn_ack.source,
            sequence: syn_ack.acknowledgment,
            acknowledgment: syn_ack.sequence + 1,
            flags: TcpFlags::ACK | TcpFlags::PSH,
            options: TcpOptions {
                timestamps,
                ..TcpOptions::default()
            },
            data: content(0..REQUEST),
            ..syn_ack
        };
        self.send(&segment);
        assert_eq!(self.server.shard.counters().syncookies_recv, cookies + 1);
        let id = self.accepted_from(segment.source.into());
        let id = id.expect("the backend has it");
        assert_eq!(self.server_reads(id), Some(content(0..REQUEST)));
        self.flood.page.clear();
        self.server_writes(id);
        self.server_works();
        assert!(
            self.flood.page == content(0..PAGE),
            "a page for {segment:?}"
        );
        self.flood.pages += 1;

        segment.flags = TcpFlags::RST;
        segment.sequence += REQUEST as u32;
        segment.data.clear();
        self.send(&segment);
        self.server.shard.close(self.now, id);
    }

    fn send(&mut self, segment: &Segment) {
        let frame = segment.to_frame(ethernet_address(2), ethernet_address(1));
        put(&mut self.to_server, self.now, &frame);
        self.server_works();
        self.accept();
    }

    /// What the server's backend reads, empty at the end of the stream.
    fn server_reads(&mut self, id: ConnectionId) -> Option<Vec<u8>> {
        read(&mut self.server, self.now, id)
    }

    fn server_writes(&mut self, id: ConnectionId) {
        let written = self.server.shard.write(self.now, id, &content(0..PAGE));
        assert_eq!(written, Ok(Write::Accepted(PAGE as usize)));
    }

    /// Everybody does what there is to do, or else time passes.
    fn works(&mut self) {
        self.server_works();
        if !self.client_works() {
            let timers = [self.client.next_timeout(), self.server.next_timeout()];
            let next = timers.into_iter().flatten().min().expect("a timer");
            self.now = self.now.max(next);
        }
    }

    /// An honest client connects, asks for its page, gets it and leaves. Returns how long it took to connect.
    fn honest_client(&mut self) -> Duration {
        let (start, server) = (self.now, SocketAddr::from((SERVER, PORT)));
        let id = self.client.shard.connect(start, None, server);
        let id = id.expect("a free port");
        while self.client.shard.is_connected(id) == Ok(false) {
            self.works();
        }
        let connected = self.now.since(start);
        let local = self.client.shard.addresses(id).expect("a connection").0;
        let asked = self.client.shard.write(self.now, id, &content(0..REQUEST));
        assert_eq!(asked, Ok(Write::Accepted(REQUEST as usize)));
        let ours = loop {
            self.works();
            if let Some(ours) = self.accepted_from(local) {
                break ours;
            }
        };
        while self.server_reads(ours).is_none() {
            self.works();
        }
        self.server_writes(ours);
        let mut page = Vec::new();
        while page.len() < PAGE as usize {
            self.works();
            page.extend(read(&mut self.client, self.now, id).unwrap_or_default());
        }
        assert!(page == content(0..PAGE), "the page is right");
        self.client.shard.close(self.now, id);
        while self.server_reads(ours).is_none() {
            self.works();
        }
        self.server.shard.close(self.now, ours);
        while self.server.shard.connection_counts().0 > 0 {
            self.works();
        }
        // What the hosts remember for the test, which looks by itself.
        for host in [&mut self.server, &mut self.client] {
            host.take_all_readable();
            host.take_all_writable();
        }
        connected
    }
}

fn put(device: &mut MemoryDevice, now: Instant, frame: &[u8]) {
    let buffer = device.reserve(frame.len()).expect("room in the ring");
    buffer.copy_from_slice(frame);
    device.commit(now, TxDescriptor::complete(frame.len()));
}

/// What the backend reads now: nothing if it has to wait, nothing more at the end.
fn read(host: &mut Host<MemoryDevice>, now: Instant, id: ConnectionId) -> Option<Vec<u8>> {
    let mut buffer = [0; PAGE as usize];
    match host.shard.read(now, id, &mut buffer) {
        Ok(Read::Data(count)) => Some(buffer[..count].to_vec()),
        Ok(Read::End) => Some(Vec::new()),
        Ok(Read::Wait) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Whom an IP packet is for.
fn destination(frame: &[u8]) -> Option<Ipv4Addr> {
    let (ethernet, packet) = EthernetHeader::parse(frame).ok()?;
    let is_ip = ethernet.ether_type() == EtherType::IPV4;
    let (ip, _) = Ipv4Header::parse(packet).ok().filter(|_| is_ip)?;
    Some(ip.destination())
}

/// On this thread, beside no other.
fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let name = "a_million_syns_keep_no_honest_client_waiting_and_cost_no_memory";
    let test = Trial::test(name, || {
        a_million_syns_keep_no_honest_client_waiting_and_cost_no_memory();
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![test]).exit();
}

fn a_million_syns_keep_no_honest_client_waiting_and_cost_no_memory() {
    let mut world = World::new();
    let (mut clients, mut slowest, mut idle) = (0, Duration::ZERO, None);
    while world.flood.sent < SYNS {
        slowest = slowest.max(world.honest_client());
        clients += 1;
        // From the second client on nothing is new to the server, and what it holds between two is always the same.
        if clients > 1 {
            let heap = HEAP.current_usage();
            assert_eq!(*idle.get_or_insert(heap), heap, "after {clients} clients");
        }
    }
    let (flood, counters) = (&world.flood, world.server.shard.counters());
    println!(
        "{} SYNs, {clients} honest clients, the slowest connected after {slowest:?}; {} SYN/ACKs to strangers, {} pages for their \
         cookies; heap {:?}",
        flood.sent, flood.answered, flood.pages, idle
    );
    assert_eq!(flood.sent, SYNS);
    // Nobody was turned away, neither a client nor a stranger; and no client had to send anything twice.
    assert_eq!(counters.listen_drops, 0);
    assert_eq!(counters.tcp_req_q_full_drop, 0);
    let theirs = world.client.shard.counters();
    assert_eq!((theirs.tcp_syn_retrans, theirs.tcp_retrans_segs), (0, 0));
    assert_eq!(theirs.tcp_active_opens, clients);
    // The SYN queue holds one more than the backlog, whoever comes.
    let (_, half_open, _) = world.server.shard.connection_counts();
    assert!(half_open <= BACKLOG + 1);
    // Every SYN has an answer, and every thousandth of those brought its cookie back.
    assert!(flood.answered >= SYNS);
    assert_eq!(flood.pages, flood.answered / COMPLETED);
    assert!(flood.pages >= SYNS / COMPLETED);
    assert_eq!(counters.syncookies_failed, 0);
    assert!(counters.syncookies_recv >= flood.pages);
    assert!(world.server.shard.ledger().is_balanced());
}
