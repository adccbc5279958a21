//! The stack behind an interface that a packet socket has taken over: one end of a veth pair, with the host's kernel at the
//! other.

use crate::interface_peer::{
    HOST, LONG, STACK, Seen, beside_a_shard, bytes_come_back, closed_tcp_port_refuses,
    closed_udp_port_refuses, passed_in_super_frames, ping_comes_back, serve_echo, stack,
    word_comes_back,
};
use periplus_net::journey::{Instant, Kind, RequestEnd, Station};
use periplus_net::ring::{Device, RingStatistics, RxBurst, RxChecksum};
use periplus_net::{ShardHandle, ShardOptions, TcpListener, TcpStream as StackStream};
use periplus_nic::netlink::{
    Address, Netlink, add_address, create_veth, delete_link, set_down, set_mtu, set_up,
};
use periplus_nic::{PacketDevice, PacketOptions, doctor};
use periplus_tests::{Watched, in_namespace};
use std::future::{Future, poll_fn};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::unconstrained;

/// Our end of the wire, and the host's.
const OURS: &str = "wire7";
const THEIRS: &str = "host7";

fn options() -> PacketOptions {
    PacketOptions::new(OURS)
}

/// The wire, the host's end of it with an address. IPv6 is switched off there: it says things when it finds the time, and here
/// frames are counted.
fn lay_wire() -> Netlink {
    let mut netlink = Netlink::open().unwrap();
    netlink.execute(&create_veth(OURS, THEIRS)).unwrap();
    std::fs::write(
        format!("/proc/sys/net/ipv6/conf/{THEIRS}/disable_ipv6"),
        "1",
    )
    .unwrap();
    for name in [OURS, THEIRS] {
        let index = netlink.index(name).unwrap();
        netlink.execute(&set_up(index)).unwrap();
    }
    let index = netlink.index(THEIRS).unwrap();
    let address = Address::new(index, HOST.into(), 24);
    netlink.execute(&add_address(&address)).unwrap();
    netlink
}

fn open(options: &PacketOptions) -> PacketDevice {
    lay_wire();
    PacketDevice::open(options).unwrap()
}

fn shard_options(device: &PacketDevice) -> ShardOptions {
    ShardOptions {
        ethernet: device.ethernet(),
        address: STACK,
        ..ShardOptions::default()
    }
}

fn beside<F: Future<Output = ()>>(test: impl FnOnce(ShardHandle) -> F) -> Seen {
    let device = open(&options());
    beside_a_shard(shard_options(&device), device, test)
}

#[test]
fn echo_there_and_back() {
    if !in_namespace("interface_packet::echo_there_and_back") {
        return;
    }
    let Seen { snapshot, .. } = beside(async |shard| {
        serve_echo(&shard).await;
        word_comes_back().await;
    });
    assert_eq!(snapshot.device, "packet");
    assert_eq!(snapshot.counters.tcp_in_errs, 0);
}

#[test]
fn megabytes_both_ways_are_exact_and_pass_in_super_frames() {
    if !in_namespace("interface_packet::megabytes_both_ways_are_exact_and_pass_in_super_frames") {
        return;
    }
    const LENGTH: usize = 16 << 20;
    let Seen { snapshot, .. } = beside(async |shard| {
        serve_echo(&shard).await;
        bytes_come_back(LENGTH).await;
    });
    assert_eq!(snapshot.counters.tcp_in_errs, 0);
    assert_eq!(snapshot.ring.rx_ring_full, 0);
    assert_eq!(snapshot.ring.tx_dropped, 0);
    passed_in_super_frames(&snapshot, LENGTH);
}

#[test]
fn megabytes_pass_over_a_small_wire_as_well() {
    if !in_namespace("interface_packet::megabytes_pass_over_a_small_wire_as_well") {
        return;
    }
    let mut netlink = lay_wire();
    for name in [OURS, THEIRS] {
        let index = netlink.index(name).unwrap();
        netlink.execute(&set_mtu(index, 576)).unwrap();
    }
    let device = PacketDevice::open(&options()).unwrap();
    assert_eq!(device.capabilities().mtu, 576);
    let options = shard_options(&device);
    let Seen { snapshot, .. } = beside_a_shard(options, device, async |shard| {
        serve_echo(&shard).await;
        bytes_come_back(1 << 20).await;
    });
    assert_eq!(snapshot.ring.tx_dropped, 0);
}

#[test]
fn ping_and_arp_are_answered() {
    if !in_namespace("interface_packet::ping_and_arp_are_answered") {
        return;
    }
    let Seen { snapshot, .. } = beside(async |_shard| ping_comes_back().await);
    // the kernel's question for our address, and the echo request
    assert!(snapshot.ledger.consumed >= 2, "{:?}", snapshot.ledger);
}

#[test]
fn the_stack_asks_for_the_hosts_address_and_connects() {
    if !in_namespace("interface_packet::the_stack_asks_for_the_hosts_address_and_connects") {
        return;
    }
    beside(async |shard| {
        let listener = tokio::net::TcpListener::bind((HOST, 7)).await.unwrap();
        let server = async {
            let (mut stream, from) = listener.accept().await.unwrap();
            assert_eq!(from.ip(), STACK);
            stream.write_all(b"halcyon").await.unwrap();
        };
        let client = async {
            let to = SocketAddr::from((HOST, 7));
            let mut stream = StackStream::connect(&shard, to).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"halcyon");
        };
        tokio::join!(server, client);
    });
}

#[test]
fn closed_ports_refuse_at_once() {
    if !in_namespace("interface_packet::closed_ports_refuse_at_once") {
        return;
    }
    let Seen { snapshot, .. } = beside(async |_shard| {
        closed_tcp_port_refuses().await;
        closed_udp_port_refuses().await;
    });
    assert_eq!(snapshot.ledger.refused, 2);
}

#[test]
fn a_request_has_waited_in_the_ring_for_as_long_as_the_shard_was_away() {
    if !in_namespace(
        "interface_packet::a_request_has_waited_in_the_ring_for_as_long_as_the_shard_was_away",
    ) {
        return;
    }
    const AWAY: Duration = Duration::from_millis(5);
    let mut journeys = Vec::new();
    let Seen { records, snapshot } = beside(async |shard| {
        let listener = TcpListener::bind(&shard, stack(7)).await.unwrap();
        let mut client = TcpStream::connect(stack(7)).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let journal = stream.journal();
        for _ in 0..10 {
            let (start, answer) = stream.offsets();
            let before = std::time::Instant::now();
            client.write_all(b"question").await.unwrap();
            // The kernel brings it when it finds the time; nobody takes it out of the ring while this thread is here.
            while unconstrained(shard.snapshot()).await.unwrap().ring.held == 0 {
                std::thread::yield_now();
            }
            std::thread::sleep(2 * AWAY);
            stream.read_exact(&mut [0; 8]).await.unwrap();
            journeys.push(before.elapsed());
            journal.request(start);
            journal.request_end(start + 8, RequestEnd::Complete);
            journal.handler_called();
            journal.response(answer);
            stream.write_all(b"answer").await.unwrap();
            journal.response_end(answer + 6);
            client.read_exact(&mut [0; 6]).await.unwrap();
        }
    });
    let requests = records.iter().filter(|record| record.kind == Kind::Request);
    let mut waits = Vec::new();
    for record in requests {
        assert_eq!(record.device, "packet");
        assert_eq!(record.rx_ring_at_most, None);
        let spine = record.spine();
        let intervals = spine.intervals();
        let ring = intervals.iter().find(|i| i.station == Station::RxRing);
        waits.push(ring.unwrap_or_else(|| panic!("{record:#?}")).duration());
        let sum: Duration = intervals.iter().map(|i| i.duration()).sum();
        assert_eq!(sum, record.total());
    }
    assert_eq!(waits.len(), journeys.len(), "{records:#?}");
    // As a rule it was the request that was seen in the ring, and not the acknowledgment of an answer; and as a rule nobody sets
    // the wall clock, by which the kernel stamps frames.
    let mut pairs = waits.iter().zip(&journeys);
    let is_right = |(wait, journey): (&Duration, &Duration)| *wait >= AWAY && wait < journey;
    assert!(pairs.any(is_right), "{waits:?} of {journeys:?}");
    assert!(snapshot.shard_gap.max() >= AWAY);
}

#[test]
fn a_link_that_goes_down_and_up_again_goes_on() {
    if !in_namespace("interface_packet::a_link_that_goes_down_and_up_again_goes_on") {
        return;
    }
    let Seen { snapshot, .. } = beside(async |shard| {
        let listener = TcpListener::bind(&shard, stack(7)).await.unwrap();
        let mut client = TcpStream::connect(stack(7)).await.unwrap();
        let (mut accepted, _) = listener.accept().await.unwrap();
        let mut netlink = Netlink::open().unwrap();
        let index = netlink.index(OURS).unwrap();
        netlink.execute(&set_down(index)).unwrap();
        accepted.write_all(b"halcyon").await.unwrap();
        while shard.snapshot().await.unwrap().ring.tx_dropped == 0 {
            tokio::task::yield_now().await;
        }
        netlink.execute(&set_up(index)).unwrap();
        let mut bytes = [0; 7];
        client.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"halcyon");
    });
    assert!(snapshot.ring.tx_dropped >= 1);
}

#[test]
fn a_link_that_is_deleted_is_quiet_and_costs_nothing() {
    if !in_namespace("interface_packet::a_link_that_is_deleted_is_quiet_and_costs_nothing") {
        return;
    }
    let device = open(&options());
    let options = shard_options(&device);
    let device = Watched::new(device);
    let (looks, mut looked) = (device.looks(), 0);
    let Seen { snapshot, .. } = beside_a_shard(options, device, async |shard| {
        let listener = TcpListener::bind(&shard, stack(7)).await.unwrap();
        let client = TcpStream::connect(stack(7)).await.unwrap();
        let (mut accepted, _) = listener.accept().await.unwrap();
        let mut netlink = Netlink::open().unwrap();
        let index = netlink.index(OURS).unwrap();
        netlink.execute(&delete_link(index)).unwrap();
        accepted.write_all(b"halcyon").await.unwrap();
        while shard.snapshot().await.unwrap().ring.tx_dropped == 0 {
            tokio::task::yield_now().await;
        }
        let before = looks.count();
        // nothing is awaited here but that nothing happens
        tokio::time::sleep(Duration::from_millis(500)).await;
        looked = looks.count() - before;
        drop(client);
    });
    // what was written is sent again, each time after twice as long
    assert!(looked < 20, "{looked} looks at nothing");
    assert!(snapshot.ring.tx_dropped >= 1);
}

/// Broadcasts need no ARP: they reach a device that nobody answers for.
fn broadcast(count: usize, length: usize) {
    let socket = UdpSocket::bind((HOST, 0)).unwrap();
    socket.set_broadcast(true).unwrap();
    let to = (Ipv4Addr::new(10, 77, 0, 255), 9);
    for _ in 0..count {
        socket.send_to(&vec![0x55; length], to).unwrap();
    }
}

/// The UDP datagrams among the frames in the ring, as (length of the frame, how its checksum stands).
fn datagrams(device: &mut PacketDevice) -> Vec<(usize, RxChecksum)> {
    let (mut burst, mut found) = (RxBurst::new(), Vec::new());
    loop {
        device.receive(Instant::ZERO, &mut burst);
        if burst.is_empty() {
            return found;
        }
        for arrival in burst.drain() {
            assert!(arrival.arrived.is_some());
            if arrival.frame.get(23) == Some(&17) {
                found.push((arrival.length(), arrival.checksum));
            }
        }
    }
}

/// What the device has counted when `count` frames have come over the wire: the kernel brings them when it finds the time.
fn when_received(device: &PacketDevice, count: u64) -> RingStatistics {
    let begun = std::time::Instant::now();
    loop {
        let statistics = device.statistics();
        if statistics.received >= count {
            return statistics;
        }
        assert!(begun.elapsed() < LONG, "{statistics:?}");
        std::thread::yield_now();
    }
}

#[test]
fn what_the_ring_has_no_room_for_is_counted() {
    if !in_namespace("interface_packet::what_the_ring_has_no_room_for_is_counted") {
        return;
    }
    const SENT: usize = 100;
    let mut device = open(&PacketOptions {
        ring_size: 30,
        ..options()
    });
    assert_eq!(device.capabilities().rx_ring, Some(30));
    broadcast(SENT, 100);
    let full = when_received(&device, SENT as u64);
    assert_eq!((full.held, full.rx_ring_full), (30, SENT as u64 - 30));
    assert!(full.is_balanced(), "{full:?}");
    let taken = datagrams(&mut device);
    assert_eq!(taken.len(), 30);
    assert!(
        taken
            .iter()
            .all(|found| *found == (142, RxChecksum::Partial))
    );
    let emptied = device.statistics();
    assert_eq!((emptied.held, emptied.taken), (0, full.held));
    assert_eq!(emptied.rx_ring_full, full.rx_ring_full);
    assert!(emptied.is_balanced());
    broadcast(1, 100);
    when_received(&device, SENT as u64 + 1);
    assert_eq!(
        datagrams(&mut device).len(),
        1,
        "the ring takes frames again"
    );
}

#[test]
fn frames_wait_in_the_ring_while_the_pool_is_empty() {
    if !in_namespace("interface_packet::frames_wait_in_the_ring_while_the_pool_is_empty") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut device = open(&PacketOptions {
            frames: 50,
            ..options()
        });
        broadcast(100, 100);
        let (mut burst, mut taken) = (RxBurst::new(), 0);
        while taken < 100 {
            poll_fn(|context| device.poll_arrivals(context)).await;
            device.receive(Instant::ZERO, &mut burst);
            let held: Vec<_> = burst.drain().collect();
            taken += held.len();
            assert!(held.len() <= 50, "no more than there are buffers");
            let statistics = device.statistics();
            assert!(statistics.is_balanced());
            assert_eq!(statistics.rx_ring_full, 0);
            let arrivals = poll_fn(|context| device.poll_arrivals(context));
            let home = async { drop(held) };
            if taken < 100 {
                let ((), ()) = tokio::time::timeout(LONG, async { tokio::join!(arrivals, home) })
                    .await
                    .expect("a buffer that comes home wakes");
            }
        }
    });
}

#[test]
fn the_doctor_opens_a_packet_socket() {
    if !in_namespace("interface_packet::the_doctor_opens_a_packet_socket") {
        return;
    }
    let findings = doctor::look();
    let packet = findings.iter().find(|finding| finding.device == "packet");
    assert!(packet.unwrap().works, "{packet:?}");
}
