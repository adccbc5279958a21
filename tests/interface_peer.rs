//! The host's kernel as the peer of a stack behind one of the host's devices: what both do, whatever the device.

use periplus_net::journey::Record;
use periplus_net::ring::Device;
use periplus_net::{Recorder, ShardHandle, ShardOptions, Snapshot, TcpListener};
use periplus_tests::content;
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::RefCell;
use std::future::Future;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};
use tokio::net::{TcpStream, UdpSocket};

pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub(crate) const STACK: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// A bound for what may take long on a busy machine and must never take for ever.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn stack(port: u16) -> SocketAddr {
    SocketAddrV4::new(STACK, port).into()
}

/// What became of a shard.
pub(crate) struct Seen {
    pub(crate) snapshot: Snapshot,
    pub(crate) records: Vec<Record>,
}

/// Runs `test` on a current-thread runtime beside a shard behind `device`, and balances the shard's books when it has ended.
pub(crate) fn beside_a_shard<F: Future<Output = ()>>(
    options: ShardOptions,
    device: impl Device + 'static,
    test: impl FnOnce(ShardHandle) -> F,
) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let records = Rc::new(RefCell::new(Vec::new()));
    let written = Rc::clone(&records);
    let recorder: Recorder = Box::new(move |record| written.borrow_mut().push(record));
    let snapshot = runtime.block_on(async {
        let shard = ShardHandle::spawn(options, device, Some(recorder)).unwrap();
        tokio::time::timeout(LONG, test(shard.clone()))
            .await
            .expect("the test takes no minute");
        let snapshot = shard.shutdown(Duration::ZERO).await.unwrap();
        assert!(snapshot.ring.is_balanced(), "{:?}", snapshot.ring);
        assert!(snapshot.ledger.is_balanced(), "{:?}", snapshot.ledger);
        assert_eq!(snapshot.ring.received, snapshot.ledger.received);
        snapshot
    });
    let records = records.take();
    Seen { snapshot, records }
}

/// Accepts one connection after the other and sends back what comes.
pub(crate) async fn serve_echo(shard: &ShardHandle) {
    let listener = TcpListener::bind(shard, stack(7)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reader, mut writer) = split(stream);
                let _ = copy(&mut reader, &mut writer).await;
                let _ = writer.shutdown().await;
            });
        }
    });
}

/// A word there and back.
pub(crate) async fn word_comes_back() {
    let mut client = TcpStream::connect(stack(7)).await.unwrap();
    client.write_all(b"halcyon").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"halcyon");
}

/// `length` bytes there and back at the same time.
pub(crate) async fn bytes_come_back(length: usize) {
    let client = TcpStream::connect(stack(7)).await.unwrap();
    let (mut reader, mut writer) = client.into_split();
    let sent = content(0..length as u64);
    let expected = sent.clone();
    let write = async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let mut answer = Vec::with_capacity(length);
    let ((), read) = tokio::join!(write, reader.read_to_end(&mut answer));
    assert_eq!(read.unwrap(), length);
    assert!(answer == expected, "what came back is what was sent");
}

/// One echo request, and its reply.
pub(crate) async fn ping_comes_back() {
    let ping = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).unwrap();
    ping.set_nonblocking(true).unwrap();
    // number 7 of 0x7065, with its checksum
    let request = [8, 0, 0x87, 0x93, 0x70, 0x65, 0, 7];
    ping.send_to(&request, &stack(0).into()).unwrap();
    let ping = UdpSocket::from_std(ping.into()).unwrap();
    let mut packet = [0; 128];
    let (length, from) = ping.recv_from(&mut packet).await.unwrap();
    assert_eq!(from.ip(), STACK);
    let ip_header = usize::from(packet[0] & 0x0f) * 4;
    let reply = [0, 0, 0x8f, 0x93, 0x70, 0x65, 0, 7];
    assert_eq!(packet[ip_header..length], reply);
}

/// The kernel's TCP hears that nobody listens.
pub(crate) async fn closed_tcp_port_refuses() {
    let refused = TcpStream::connect(stack(81)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// The kernel's UDP hears that nobody has the port.
pub(crate) async fn closed_udp_port_refuses() {
    let client = UdpSocket::bind((HOST, 0)).await.unwrap();
    client.connect(stack(81)).await.unwrap();
    client.send(&[0x55; 64]).await.unwrap();
    let refused = client.recv(&mut [0; 16]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// `length` bytes came and went in frames that the device did not cut: a segment is what TCP hands down at once, a frame what
/// the wire would have.
pub(crate) fn passed_in_super_frames(snapshot: &Snapshot, length: usize) {
    let frames = (length / 1460) as u64;
    assert!(snapshot.ring.taken > frames, "{:?}", snapshot.ring);
    assert!(snapshot.ring.transmitted > frames, "{:?}", snapshot.ring);
    assert!(snapshot.counters.tcp_in_segs < frames, "arrivals were cut");
}
