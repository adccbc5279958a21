//! Lingering, and peers that vanish.

mod common;

use common::{LONG, SERVER, ShardThread, options, shards};
use periplus_net::ring::memory::{LinkOptions, link};
use periplus_net::{Keepalive, ShardHandle, SocketOptions, TcpListener, TcpStream};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const A_WHILE: Duration = Duration::from_millis(300);

async fn connect(server: &ShardHandle, client: &ShardHandle) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(server, SERVER).await.unwrap();
    let (connected, accepted) = tokio::join!(TcpStream::connect(client, SERVER), listener.accept());
    (accepted.unwrap().0, connected.unwrap())
}

/// A close that lingers comes back when the peer has everything; by then the peer's part needs nobody here.
async fn lingering(server: ShardHandle, client: ShardHandle) {
    let (mut accepted, mut connected) = connect(&server, &client).await;
    connected.set_linger(Some(LONG)).unwrap();
    connected.write_all(&[7; 30_000]).await.unwrap();
    let (closed, read) = tokio::join!(connected.close(), async {
        let mut read = Vec::new();
        accepted.read_to_end(&mut read).await.map(|_| read)
    });
    closed.unwrap();
    assert_eq!(read.unwrap().len(), 30_000);
}

#[tokio::test]
async fn a_lingering_close_waits_for_the_last_acknowledgment() {
    let (server, client) = shards();
    timeout(LONG, lingering(server, client)).await.unwrap();
}

#[test]
fn it_does_on_a_foreign_thread_too() {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let test = lingering(shards.server.clone(), shards.client.clone());
        timeout(LONG, test).await.unwrap();
    });
}

#[tokio::test]
async fn a_linger_time_that_is_over_is_an_error() {
    let (server, client) = shards();
    let (accepted, mut connected) = connect(&server, &client).await;
    // More than the other end takes while nobody reads.
    let filled = timeout(A_WHILE, connected.write_all(&vec![7; 8 << 20])).await;
    assert!(filled.is_err(), "all of it found room");
    connected.set_linger(Some(A_WHILE)).unwrap();
    let error = connected.close().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(accepted);
}

#[tokio::test]
async fn without_any_linger_time_the_peer_is_reset() {
    let (server, client) = shards();
    let (mut accepted, mut connected) = connect(&server, &client).await;
    connected.write_all(b"never mind").await.unwrap();
    connected.set_linger(Some(Duration::ZERO)).unwrap();
    connected.close().await.unwrap();
    let mut read = Vec::new();
    let error = timeout(LONG, accepted.read_to_end(&mut read))
        .await
        .unwrap();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// A connection whose client's shard, and with it the client, has vanished without a word.
async fn whose_client_vanishes() -> TcpStream {
    let (server_end, client_end) = link(LinkOptions::default());
    let server = ShardHandle::spawn(options(1), server_end, None).unwrap();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let lost = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let client = ShardHandle::spawn(options(2), client_end, None).unwrap();
            // The runtime ends, and with it the shard, without a word to anybody.
            std::mem::forget(TcpStream::connect(&client, SERVER).await.unwrap());
        });
    });
    let accepted = listener.accept().await.unwrap().0;
    tokio::task::spawn_blocking(|| lost.join().unwrap())
        .await
        .unwrap();
    accepted
}

#[tokio::test]
async fn a_reader_learns_by_keepalive_that_its_client_has_vanished() {
    let mut stream = whose_client_vanishes().await;
    let keepalive = Keepalive {
        idle: Some(A_WHILE),
        interval: Some(A_WHILE),
        count: Some(2),
    };
    stream.set_keepalive(Some(keepalive)).unwrap();
    let read = timeout(LONG, stream.read(&mut [0; 10])).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_writer_learns_by_the_user_timeout_that_its_client_has_vanished() {
    let mut stream = whose_client_vanishes().await;
    stream.set_user_timeout(Some(A_WHILE)).unwrap();
    let written = timeout(LONG, stream.write_all(&vec![7; 8 << 20])).await;
    assert_eq!(written.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_listener_hands_its_options_on_and_a_stream_has_its_own() {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let inherited = SocketOptions {
        no_delay: true,
        user_timeout: Some(LONG),
        ..SocketOptions::default()
    };
    listener.set_options(inherited).unwrap();
    let connecting = TcpStream::connect_with(&client, None, SERVER, inherited);
    let (connected, accepted) = tokio::join!(connecting, listener.accept());
    let (connected, accepted) = (connected.unwrap(), accepted.unwrap().0);
    assert_eq!(accepted.options().unwrap(), inherited);
    assert_eq!(connected.options().unwrap(), inherited);
    accepted.set_nodelay(false).unwrap();
    let changed = SocketOptions {
        no_delay: false,
        ..inherited
    };
    assert_eq!(accepted.options().unwrap(), changed);
    assert_eq!(connected.options().unwrap(), inherited);
}
