//! Datagrams between the stack and the host's kernel, over a TAP.

use periplus_net::{ShardHandle, ShardOptions, UdpSocket};
use periplus_nic::{TapDevice, TapOptions};
use periplus_tests::{content, in_namespace_with_tap};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

const HOST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const STACK: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// A bound for what may take long on a busy machine and must never take for ever.
const LONG: Duration = Duration::from_secs(60);

/// Answers every datagram with itself.
async fn echo(socket: UdpSocket) {
    let mut buffer = [0; 2000];
    while let Ok((length, source)) = socket.recv_from(&mut buffer).await {
        socket.send_to(&buffer[..length], source).await.unwrap();
    }
}

async fn host_talks_to(shard: ShardHandle) {
    let stack = SocketAddr::from((STACK, 7));
    let echoing = tokio::spawn(echo(UdpSocket::bind(&shard, stack).await.unwrap()));
    let host = tokio::net::UdpSocket::bind((HOST, 0)).await.unwrap();
    let mut buffer = [0; 2000];
    for length in [0, 1, 2, 17, 18, 999, 1471, 1472] {
        let data = content(0..length);
        host.send_to(&data, stack).await.unwrap();
        let (count, source) = host.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..count], source), (&data[..], stack));
    }
    // The stack speaks first, to a kernel whose link address it does not know.
    let speaker = UdpSocket::bind(&shard, SocketAddr::from((STACK, 0))).await;
    let (speaker, to) = (speaker.unwrap(), host.local_addr().unwrap());
    speaker.send_to(b"hello", to).await.unwrap();
    let (count, source) = host.recv_from(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..count], b"hello");
    assert_eq!(source, speaker.local_addr().unwrap());

    // Without a socket the kernel's own is told, however short the datagram.
    host.connect((STACK, 8)).await.unwrap();
    host.send(b"x").await.unwrap();
    let refused = host.recv(&mut buffer).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    echoing.abort();
}

#[test]
fn datagrams_are_echoed_to_the_kernel_and_a_closed_port_refuses() {
    if !in_namespace_with_tap(
        "interface_udp::datagrams_are_echoed_to_the_kernel_and_a_closed_port_refuses",
    ) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let device = TapDevice::open(&TapOptions {
            host_address: Some((HOST, 24)),
            ..TapOptions::default()
        });
        let shard = ShardHandle::spawn(ShardOptions::default(), device.unwrap(), None).unwrap();
        let talk = host_talks_to(shard.clone());
        tokio::time::timeout(LONG, talk).await.unwrap();
        let snapshot = shard.shutdown(Duration::ZERO).await.unwrap();
        assert!(snapshot.ledger.is_balanced(), "{:?}", snapshot.ledger);
        let counters = snapshot.counters;
        assert_eq!((counters.udp_in_errors, counters.udp_no_ports), (0, 1));
        assert_eq!(
            (counters.udp_in_datagrams, counters.udp_out_datagrams),
            (8, 9)
        );
    });
}
