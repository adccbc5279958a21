//! Datagrams over two shards, on the shard's thread and on others.

mod common;

use common::{LONG, ShardThread, pattern, shards};
use periplus_net::{ShardHandle, UdpSocket};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

fn server(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

fn client(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 2], port))
}

/// Answers every datagram with itself.
async fn echo(socket: UdpSocket) {
    let mut buffer = [0; 2000];
    loop {
        let Ok((length, source)) = socket.recv_from(&mut buffer).await else {
            return;
        };
        if socket.send_to(&buffer[..length], source).await.is_err() {
            return;
        }
    }
}

/// Sends datagrams of every kind of size to `server`, each after the answer to the one before.
async fn ask(shard: ShardHandle, server: SocketAddr) {
    let socket = UdpSocket::bind(&shard, ANY).await.unwrap();
    let mut buffer = [0; 2000];
    for length in [0, 1, 2, 999, 1471, 1472] {
        let data = pattern(length);
        assert_eq!(socket.send_to(&data, server).await.unwrap(), length);
        let (count, source) = socket.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..count], source), (&data[..], server));
    }
}

#[tokio::test]
async fn datagrams_are_echoed_on_the_shards_thread() {
    let (left, right) = shards();
    let socket = UdpSocket::bind(&left, server(7)).await.unwrap();
    assert_eq!(socket.local_addr().unwrap(), server(7));
    let echoing = tokio::spawn(echo(socket));
    timeout(LONG, ask(right.clone(), server(7))).await.unwrap();
    let [left, right] = [left, right].map(|shard| async move {
        let snapshot = shard.shutdown(Duration::ZERO).await.unwrap();
        assert!(snapshot.ledger.is_balanced(), "{:?}", snapshot.ledger);
        snapshot.counters
    });
    let (left, right) = (left.await, right.await);
    assert_eq!((left.udp_in_datagrams, left.udp_out_datagrams), (6, 6));
    assert_eq!((right.udp_in_datagrams, right.udp_out_datagrams), (6, 6));
    // The socket ended with its shard.
    timeout(LONG, echoing).await.unwrap().unwrap();
}

#[test]
fn datagrams_are_echoed_on_foreign_threads() {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = UdpSocket::bind(&shards.server, server(7)).await.unwrap();
        let echoing = tokio::spawn(echo(socket));
        let mut clients = JoinSet::new();
        for _ in 0..20 {
            clients.spawn(timeout(LONG, ask(shards.client.clone(), server(7))));
        }
        while let Some(asked) = clients.join_next().await {
            asked.unwrap().unwrap();
        }
        let ended = shards.server.shutdown(Duration::ZERO).await.unwrap();
        assert!(ended.ledger.is_balanced(), "{:?}", ended.ledger);
        timeout(LONG, echoing).await.unwrap().unwrap();
    });
}

/// One sends as fast as it may, another receives. What the sender's socket may not have on its way waits, and is woken.
async fn a_flood_is_sent_whole(sender: UdpSocket, receiver: UdpSocket) {
    const COUNT: u32 = 2_000;
    let (from, to) = (sender.local_addr().unwrap(), receiver.local_addr().unwrap());
    // The link address is asked for: not all that is sent meanwhile would wait for it.
    sender.send_to(b"hello", to).await.unwrap();
    receiver.recv_from(&mut [0; 5]).await.unwrap();
    let receiving = tokio::spawn(async move {
        // A receiver may lose datagrams, to a full queue; none comes twice or out of order over this link.
        let mut buffer = [0; 2000];
        let mut next = 0;
        while next < COUNT {
            let received = receiver.recv_from(&mut buffer).await.unwrap();
            assert_eq!(received, (1000, from));
            let number = u32::from_be_bytes(buffer[..4].try_into().unwrap());
            assert!(number >= next);
            next = number + 1;
        }
    });
    let mut data = [0; 1000];
    // The last ones are sent until one finds room.
    let mut number = 0u32;
    while number < COUNT || !receiving.is_finished() {
        data[..4].copy_from_slice(&number.to_be_bytes());
        sender.send_to(&data, to).await.unwrap();
        if number >= COUNT {
            tokio::task::yield_now().await;
        }
        number += 1;
    }
    receiving.await.unwrap();
}

#[tokio::test]
async fn a_sender_waits_for_the_link_on_the_shards_thread() {
    let (left, right) = shards();
    let receiver = UdpSocket::bind(&left, server(9)).await.unwrap();
    let sender = UdpSocket::bind(&right, client(9)).await.unwrap();
    timeout(LONG, a_flood_is_sent_whole(sender, receiver))
        .await
        .unwrap();
    let sent = right.shutdown(LONG).await.unwrap().counters;
    assert!(sent.udp_out_datagrams > 2_000);
    assert_eq!(sent.ip_out_discards, 0);
    let snapshot = left.snapshot().await.unwrap();
    assert!(snapshot.ledger.is_balanced());
}

#[test]
fn a_sender_waits_for_the_link_on_a_foreign_thread() {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let receiver = UdpSocket::bind(&shards.server, server(9)).await.unwrap();
        let sender = UdpSocket::bind(&shards.client, client(9)).await.unwrap();
        timeout(LONG, a_flood_is_sent_whole(sender, receiver))
            .await
            .unwrap();
    });
}

#[tokio::test]
async fn what_the_buffer_has_no_room_for_is_lost() {
    let (left, right) = shards();
    let receiver = UdpSocket::bind(&left, server(9)).await.unwrap();
    let sender = UdpSocket::bind(&right, client(9)).await.unwrap();
    sender.send_to(b"0123456789", server(9)).await.unwrap();
    sender.send_to(b"next", server(9)).await.unwrap();
    let mut buffer = [0; 4];
    for expected in [b"0123", b"next"] {
        let received = receiver.recv_from(&mut buffer).await.unwrap();
        assert_eq!(received, (4, client(9)));
        assert_eq!(&buffer, expected);
    }
}

#[tokio::test]
async fn refusals_have_the_kinds_of_tokios_and_say_what_to_do() {
    let (left, _right) = shards();
    let socket = UdpSocket::bind(&left, server(9)).await.unwrap();
    let busy = UdpSocket::bind(&left, server(9)).await.unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::AddrInUse);
    assert_eq!(
        busy.to_string(),
        "binding to 10.0.0.1:9: 10.0.0.1:9 already has a UDP socket: choose another port"
    );
    let elsewhere = UdpSocket::bind(&left, client(9)).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable);
    let long = socket.send_to(&[0; 1473], client(9)).await.unwrap_err();
    assert_eq!(long.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        long.to_string(),
        "sending to 10.0.0.2:9: 1473 bytes are too long for a datagram on this link: send at most 1472 at a time, fragments are not offered"
    );
    let broadcast = SocketAddr::from(([10, 0, 0, 255], 9));
    let broadcast = socket.send_to(b"x", broadcast).await.unwrap_err();
    assert_eq!(broadcast.kind(), ErrorKind::PermissionDenied);
    let nowhere = SocketAddr::from(([192, 0, 2, 1], 9));
    let nowhere = socket.send_to(b"x", nowhere).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NetworkUnreachable);
    drop(socket);
    UdpSocket::bind(&left, server(9)).await.unwrap();
}

/// What the shard alone can know comes with the next call; what was sent before a drop still goes.
#[test]
fn on_a_foreign_thread_refusals_come_late_and_farewells_are_sent() {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let receiver = UdpSocket::bind(&shards.server, server(9)).await.unwrap();
        let sender = UdpSocket::bind(&shards.client, client(9)).await.unwrap();
        let long = sender.send_to(&[0; 1473], server(9)).await.unwrap_err();
        assert_eq!(long.kind(), ErrorKind::InvalidInput);
        let nowhere = SocketAddr::from(([192, 0, 2, 1], 9));
        sender.send_to(b"x", nowhere).await.unwrap();
        shards.client.snapshot().await.unwrap(); // the driver has come by
        let late = sender.send_to(b"y", server(9)).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::NetworkUnreachable);
        for number in 0..50 {
            sender.send_to(&[number; 1000], server(9)).await.unwrap();
        }
        drop(sender);
        let mut buffer = [0; 1500];
        for number in 0..50 {
            let received = timeout(LONG, receiver.recv_from(&mut buffer)).await;
            assert_eq!(received.unwrap().unwrap(), (1000, client(9)));
            assert_eq!(buffer[0], number);
        }
        // The drop closed it: the port is free again.
        let rebound = async {
            while UdpSocket::bind(&shards.client, client(9)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, rebound).await.unwrap();
    });
}

/// A reader whose task is dropped is woken no more, and takes nothing with it.
#[tokio::test]
async fn a_receive_that_is_given_up_loses_no_datagram() {
    let (left, right) = shards();
    let receiver = UdpSocket::bind(&left, server(9)).await.unwrap();
    let sender = UdpSocket::bind(&right, client(9)).await.unwrap();
    let mut buffer = [0; 10];
    let given_up = timeout(Duration::from_millis(1), receiver.recv_from(&mut buffer)).await;
    assert!(given_up.is_err());
    sender.send_to(b"later", server(9)).await.unwrap();
    let received = timeout(LONG, receiver.recv_from(&mut buffer)).await;
    assert_eq!(received.unwrap().unwrap(), (5, client(9)));
}
