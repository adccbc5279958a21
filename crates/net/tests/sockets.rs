//! What a shard shows of its sockets, and that showing it does not hold the shard up.

mod common;

use common::{LONG, SERVER, ShardThread, shards};
use periplus_net::sockets::{ConnectionSocket, Queue, SocketCursor, State};
use periplus_net::{ShardHandle, TcpListener, TcpStream};
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

async fn walk(shard: &ShardHandle, from: SocketCursor) -> Vec<ConnectionSocket> {
    let (mut all, mut at) = (Vec::new(), Some(from));
    while let Some(cursor) = at {
        let page = shard.connections(cursor).await.unwrap();
        assert!(page.connections.len() <= SocketCursor::STEP);
        all.extend(page.connections);
        at = page.next;
    }
    all
}

/// Connects `count` times; nobody accepts.
async fn crowd(client: &ShardHandle, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(TcpStream::connect(client, SERVER).await.unwrap());
    }
    streams
}

#[tokio::test]
async fn a_listener_nobody_accepts_from_shows_a_full_accept_queue_and_its_overflows() {
    let (server, client) = shards();
    let listener = server.listen(SERVER, 2).await.unwrap();
    let _accepted_by_nobody = crowd(&client, 3).await;
    // One more finds the queue full: its SYN is dropped, until somebody accepts.
    let late = tokio::spawn(async move { TcpStream::connect(&client, SERVER).await });
    let full = loop {
        let sockets = server.sockets().await.unwrap();
        if sockets.listeners[0].accept_queue.overflows > 0 {
            break sockets;
        }
        tokio::task::yield_now().await;
    };
    let [socket] = full.listeners[..] else {
        panic!("one listener: {full:?}");
    };
    assert_eq!(socket.local, SERVER);
    // A second SYN may have come before we had our turn.
    let overflows = socket.accept_queue.overflows;
    assert_eq!(
        socket.accept_queue,
        Queue {
            length: 3,
            limit: 2,
            overflows
        }
    );
    assert_eq!((socket.syn_queue.length, socket.syn_queue.limit), (0, 2));
    assert_eq!(socket.counters.listen_drops, overflows);
    assert_eq!(
        (full.connections, full.half_open, full.time_wait),
        (3, 0, 0)
    );
    assert_eq!((full.device, full.rx_ring.limit), ("memory", Some(1024)));
    assert_eq!(full.rx_ring.overflows, 0);
    let _first = listener.accept().await.unwrap();
    timeout(LONG, late).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_shows_what_its_backend_has_not_read() {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let mut stream = TcpStream::connect(&client, SERVER).await.unwrap();
    let (mut accepted, peer) = listener.accept().await.unwrap();
    stream.write_all(&[7; 5000]).await.unwrap();
    let unread = loop {
        let [socket] = walk(&server, SocketCursor::all()).await[..] else {
            panic!("one connection");
        };
        if socket.queues.receive_queue == 5000 {
            break socket;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((unread.local, unread.peer), (SERVER, peer));
    assert_eq!(unread.state, State::Established);
    assert!(unread.queues.receive_memory >= 5000);
    let mut buffer = [0; 5000];
    accepted.read_exact(&mut buffer).await.unwrap();
    let read = walk(&server, SocketCursor::all()).await;
    assert_eq!(read[0].queues.receive_queue, 0);
}

#[test]
fn a_foreign_thread_walks_through_a_crowd() {
    const CROWD: usize = 600;
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let _listener = shards.server.listen(SERVER, 4096).await.unwrap();
        let streams = crowd(&shards.client, CROWD).await;
        let mut peers: Vec<_> = walk(&shards.server, SocketCursor::all())
            .await
            .iter()
            .map(|socket| socket.peer)
            .collect();
        let mut expected: Vec<_> = streams
            .iter()
            .map(|stream| stream.local_addr().unwrap())
            .collect();
        peers.sort_unstable();
        expected.sort_unstable();
        assert_eq!(peers, expected);
    });
}

#[tokio::test]
async fn a_walk_lets_others_work_between_its_steps() {
    let (server, client) = shards();
    let _listener = server.listen(SERVER, 4096).await.unwrap();
    let _streams = crowd(&client, 600).await;
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let other = tokio::spawn(async move {
        while sender.send(()).is_ok() {
            tokio::task::yield_now().await;
        }
    });
    let mut at = Some(SocketCursor::connections());
    let mut steps = 0;
    while let Some(cursor) = at {
        while receiver.try_recv().is_ok() {}
        at = server.connections(cursor).await.unwrap().next;
        assert!(receiver.try_recv().is_ok(), "nobody else had a turn");
        steps += 1;
    }
    assert_eq!(steps, 4);
    drop(receiver);
    other.await.unwrap();
}

#[tokio::test]
async fn a_shard_that_has_ended_says_so() {
    let (server, _client) = shards();
    server.shutdown(LONG).await.unwrap();
    let error = server.sockets().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted, "{error}");
    assert!(server.connections(SocketCursor::all()).await.is_err());
}

#[tokio::test]
async fn a_longer_backlog_lets_in_who_was_turned_away() {
    let (server, client) = shards();
    let listener = server.listen(SERVER, 0).await.unwrap();
    let _accepted_by_nobody = crowd(&client, 1).await;
    let late = tokio::spawn(async move { TcpStream::connect(&client, SERVER).await });
    while server.sockets().await.unwrap().listeners[0]
        .counters
        .listen_drops
        == 0
    {
        tokio::task::yield_now().await;
    }
    listener.set_backlog(1).unwrap();
    let late = timeout(LONG, late).await.unwrap().unwrap();
    late.unwrap();
    let sockets = server.sockets().await.unwrap();
    let queue = sockets.listeners[0].accept_queue;
    assert_eq!((queue.length, queue.limit), (2, 1));
}
