//! The stack behind a TAP, with the host's kernel as the peer.

use crate::interface_peer::{
    HOST, LONG, STACK, beside_a_shard, bytes_come_back, closed_tcp_port_refuses,
    closed_udp_port_refuses, passed_in_super_frames, ping_comes_back, serve_echo, stack,
    word_comes_back,
};
use periplus_net::ring::{Device, RxBurst, RxChecksum};
use periplus_net::{ShardHandle, ShardOptions, Snapshot, TcpListener};
use periplus_nic::netlink::{Netlink, set_down, set_queue_length, set_up};
use periplus_nic::{OpenErrorKind, TapDevice, TapOptions, doctor, range_is_routed};
use periplus_tests::{content, in_namespace_with_tap};
use std::future::{Future, poll_fn};
use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn options() -> TapOptions {
    TapOptions {
        name: Some("tap7".to_owned()),
        host_address: Some((HOST, 24)),
        ..TapOptions::default()
    }
}

fn beside<F: Future<Output = ()>>(test: impl FnOnce(ShardHandle) -> F) -> Snapshot {
    let device = TapDevice::open(&options()).unwrap();
    beside_a_shard(ShardOptions::default(), device, test).snapshot
}

#[test]
fn echo_there_and_back() {
    if !in_namespace_with_tap("interface_tap::echo_there_and_back") {
        return;
    }
    let snapshot = beside(async |shard| {
        serve_echo(&shard).await;
        word_comes_back().await;
    });
    assert_eq!(snapshot.device, "tap");
    assert_eq!(snapshot.counters.tcp_in_errs, 0);
}

#[test]
fn megabytes_both_ways_are_exact_and_pass_in_super_frames() {
    if !in_namespace_with_tap(
        "interface_tap::megabytes_both_ways_are_exact_and_pass_in_super_frames",
    ) {
        return;
    }
    const LENGTH: usize = 16 << 20;
    let snapshot = beside(async |shard| {
        serve_echo(&shard).await;
        bytes_come_back(LENGTH).await;
    });
    // A probe may go out though nothing was lost, if this thread is left aside.
    assert_eq!(snapshot.ring.tx_dropped, 0);
    assert_eq!(snapshot.counters.tcp_in_errs, 0);
    assert_eq!(snapshot.ring.rx_ring_full, 0);
    passed_in_super_frames(&snapshot, LENGTH);
    assert!(snapshot.counters.tcp_out_segs > 0);
}

#[test]
fn clients_that_nobody_reads_do_not_empty_the_pool() {
    if !in_namespace_with_tap("interface_tap::clients_that_nobody_reads_do_not_empty_the_pool") {
        return;
    }
    const UNREAD: usize = 300;
    // All that so many clients may have on the way, in the smallest segments, if this thread is left aside.
    const QUEUE: usize = UNREAD * (64 << 10) / 1460 + 1000;
    let options = TapOptions {
        frames: 512,
        ..options()
    };
    let device = TapDevice::open(&options).unwrap();
    let mut netlink = Netlink::open().unwrap();
    let index = netlink.index("tap7").unwrap();
    netlink.execute(&set_queue_length(index, QUEUE)).unwrap();
    let test = async |shard: ShardHandle| {
        serve_echo(&shard).await;
        let silent = TcpListener::bind(&shard, stack(9)).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..UNREAD {
            let client = TcpStream::connect(stack(9)).await.unwrap();
            held.push((client, silent.accept().await.unwrap().0));
        }
        // each fills its window; together that is many times the pool
        let block = content(0..64 << 10);
        for (client, _) in &mut held {
            client.write_all(&block).await.unwrap();
            // the shard has its turn, or the kernel's queue would be full of what it was not let to take
            tokio::task::yield_now().await;
        }
        bytes_come_back(1 << 20).await;
        // what nobody has read so far can still be read
        for (_, accepted) in &mut held {
            let mut bytes = vec![0; block.len()];
            accepted.read_exact(&mut bytes).await.unwrap();
            assert!(bytes == block, "what is read is what was sent");
        }
    };
    let snapshot = beside_a_shard(ShardOptions::default(), device, test).snapshot;
    assert!(snapshot.counters.rcv_collapsed > 0, "the pool was low");
    assert_eq!(snapshot.ring.rx_ring_full, 0);
}

#[test]
fn ping_is_answered() {
    if !in_namespace_with_tap("interface_tap::ping_is_answered") {
        return;
    }
    beside(async |_shard| ping_comes_back().await);
}

#[test]
fn a_closed_tcp_port_refuses_at_once() {
    if !in_namespace_with_tap("interface_tap::a_closed_tcp_port_refuses_at_once") {
        return;
    }
    let snapshot = beside(async |_shard| closed_tcp_port_refuses().await);
    assert_eq!(snapshot.ledger.refused, 1);
}

#[test]
fn a_closed_udp_port_refuses_at_once() {
    if !in_namespace_with_tap("interface_tap::a_closed_udp_port_refuses_at_once") {
        return;
    }
    let snapshot = beside(async |_shard| closed_udp_port_refuses().await);
    assert_eq!(snapshot.ledger.refused, 1);
}

#[test]
fn an_interface_that_goes_down_loses_frames_that_are_counted_and_tcp_sends_again() {
    if !in_namespace_with_tap(
        "interface_tap::an_interface_that_goes_down_loses_frames_that_are_counted_and_tcp_sends_again",
    ) {
        return;
    }
    let snapshot = beside(async |shard| {
        let listener = TcpListener::bind(&shard, stack(7)).await.unwrap();
        let mut client = TcpStream::connect(stack(7)).await.unwrap();
        let (mut accepted, _) = listener.accept().await.unwrap();
        let mut netlink = Netlink::open().unwrap();
        let index = netlink.index("tap7").unwrap();
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
    assert!(snapshot.counters.tcp_retrans_segs >= 1);
}

#[test]
fn the_hosts_side_is_set_up_and_vanishes_with_the_device() {
    if !in_namespace_with_tap(
        "interface_tap::the_hosts_side_is_set_up_and_vanishes_with_the_device",
    ) {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let device = TapDevice::open(&TapOptions {
        mtu: 9000,
        ..options()
    });
    let device = device.unwrap();
    assert_eq!(device.interface(), "tap7");
    let link = netlink.link("tap7").unwrap();
    assert_eq!((link.mtu, link.is_up), (9000, true));
    assert_eq!(link.ethernet, device.host_ethernet());
    let addresses = netlink.addresses(link.index).unwrap();
    let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.77.0.1/24"], "no IPv6 among them");
    drop(device);
    assert!(netlink.link("tap7").is_err());

    let device = TapDevice::open(&TapOptions::default()).unwrap();
    assert_eq!(device.interface(), "periplus0");
    let link = netlink.link("periplus0").unwrap();
    assert!(netlink.addresses(link.index).unwrap().is_empty());
}

/// Opens it as soon as who has it lets it go. The device itself waits for that for two seconds, and a busy machine may need
/// more: only then it is opened once more.
fn open_in_the_end() -> TapDevice {
    let begun = Instant::now();
    loop {
        let asked = Instant::now();
        match TapDevice::open(&options()) {
            Err(error) if error.kind() == OpenErrorKind::Busy && begun.elapsed() < LONG => {
                assert!(asked.elapsed() >= Duration::from_secs(2), "{error}");
                eprintln!("this machine is busy: {error}");
            }
            opened => return opened.unwrap(),
        }
    }
}

#[test]
fn it_opens_again_as_soon_as_it_is_free_and_waits_for_that() {
    if !in_namespace_with_tap(
        "interface_tap::it_opens_again_as_soon_as_it_is_free_and_waits_for_that",
    ) {
        return;
    }
    for _ in 0..20 {
        drop(TapDevice::open(&options()).unwrap());
    }
    let device = TapDevice::open(&options()).unwrap();
    let busy = TapDevice::open(&options()).unwrap_err();
    assert_eq!(busy.kind(), OpenErrorKind::Busy);
    let expected = "cannot open TAP tap7: device or resource busy. \
                    Another process holds it. Choose another name.";
    assert_eq!(busy.to_string(), expected);

    let (trying, tries) = std::sync::mpsc::channel();
    let second = std::thread::spawn(move || {
        trying.send(()).unwrap();
        open_in_the_end().interface().to_owned()
    });
    tries.recv().unwrap();
    drop(device);
    assert_eq!(second.join().unwrap(), "tap7");
}

#[test]
fn a_device_that_cannot_be_opened_says_why() {
    if !in_namespace_with_tap("interface_tap::a_device_that_cannot_be_opened_says_why") {
        return;
    }
    let open = |name: &str| {
        let name = Some(name.to_owned());
        TapDevice::open(&TapOptions { name, ..options() }).unwrap_err()
    };
    let no_tap = open("lo");
    assert!(
        no_tap.to_string().starts_with("cannot open TAP lo: "),
        "{no_tap}"
    );
    assert!(no_tap.advice().is_some());
    for name in ["", "a/b", "sixteen bytes is", "much-longer-than-that"] {
        assert!(open(name).to_string().contains("no name of an interface"));
    }
}

/// Broadcasts need no ARP: they reach a device that nobody answers for.
fn broadcast(count: usize, length: usize) {
    let socket = std::net::UdpSocket::bind((HOST, 0)).unwrap();
    socket.set_broadcast(true).unwrap();
    let to = (Ipv4Addr::new(10, 77, 0, 255), 9);
    for _ in 0..count {
        socket.send_to(&vec![0x55; length], to).unwrap();
    }
}

#[test]
fn what_the_kernels_queue_has_no_room_for_is_counted() {
    if !in_namespace_with_tap("interface_tap::what_the_kernels_queue_has_no_room_for_is_counted") {
        return;
    }
    const SENT: u64 = 5000;
    let mut device = TapDevice::open(&options()).unwrap();
    broadcast(SENT as usize, 100);
    let mut burst = RxBurst::new();
    let mut taken = 0;
    loop {
        device.receive(Default::default(), &mut burst);
        if burst.is_empty() {
            break;
        }
        for arrival in burst.drain() {
            taken += 1;
            assert_eq!((arrival.length(), arrival.segments), (142, 1));
            assert_eq!(arrival.checksum, RxChecksum::Partial);
        }
    }
    let statistics = device.statistics();
    let queue_length = device.capabilities().rx_ring.unwrap() as u64;
    assert_eq!(
        statistics.rx_ring_full,
        SENT - queue_length,
        "{statistics:?}"
    );
    assert_eq!((statistics.received, statistics.taken), (SENT, taken));
    assert!(statistics.is_balanced());
}

#[test]
fn frames_wait_in_the_kernel_while_the_pool_is_empty() {
    if !in_namespace_with_tap("interface_tap::frames_wait_in_the_kernel_while_the_pool_is_empty") {
        return;
    }
    let options = TapOptions {
        frames: 50,
        ..options()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut device = TapDevice::open(&options).unwrap();
        broadcast(50, 100);
        let (mut burst, mut taken) = (RxBurst::new(), 0);
        while taken < 50 {
            poll_fn(|context| device.poll_arrivals(context)).await;
            device.receive(Default::default(), &mut burst);
            let held: Vec<_> = burst.drain().collect();
            taken += held.len();
            assert!(held.len() < 50, "no more than there are buffers");
            let arrivals = poll_fn(|context| device.poll_arrivals(context));
            let home = async { drop(held) };
            if taken < 50 {
                let ((), ()) = tokio::time::timeout(LONG, async { tokio::join!(arrivals, home) })
                    .await
                    .expect("a buffer that comes home wakes");
            }
        }
        let statistics = device.statistics();
        assert_eq!((statistics.received, statistics.rx_ring_full), (50, 0));
    });
}

#[test]
fn the_doctor_opens_a_tap_and_leaves_nothing_behind() {
    if !in_namespace_with_tap("interface_tap::the_doctor_opens_a_tap_and_leaves_nothing_behind") {
        return;
    }
    let findings = doctor::look();
    let tap = findings.iter().find(|finding| finding.device == "tap");
    assert!(tap.unwrap().works, "{tap:?}");
    let links = Netlink::open().unwrap().links().unwrap();
    assert_eq!(links.len(), 1, "lo alone: {links:?}");
}

#[test]
fn a_range_that_is_routed_is_found() -> io::Result<()> {
    if !in_namespace_with_tap("interface_tap::a_range_that_is_routed_is_found") {
        return Ok(());
    }
    let routed = |address: [u8; 4], prefix| {
        let route = range_is_routed(address.into(), prefix, None)?;
        Ok::<_, io::Error>(route.map(|route| route.to_string()))
    };
    assert_eq!(routed([10, 77, 0, 2], 24)?, None);
    let device = TapDevice::open(&options()).unwrap();
    let by_tap = Some("10.77.0.0/24 by tap7".to_owned());
    assert_eq!(routed([10, 77, 0, 2], 24)?, by_tap);
    assert_eq!(routed([10, 77, 0, 128], 25)?, by_tap);
    assert_eq!(routed([10, 0, 0, 0], 8)?, by_tap);
    assert_eq!(routed([10, 77, 1, 2], 24)?, None);
    assert_eq!(
        routed([127, 0, 3, 2], 24)?,
        Some("127.0.0.0/8 by lo".to_owned())
    );
    assert!(range_is_routed(STACK, 24, Some("tap7"))?.is_none());
    drop(device);
    assert_eq!(routed([10, 77, 0, 2], 24)?, None);
    Ok(())
}
