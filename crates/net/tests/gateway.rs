//! Host sockets, carried into a shard.

mod common;

use common::{LONG, pattern};
use periplus_net::gateway::{Embedded, bind, embed};
use periplus_net::{ShardOptions, TcpListener, TcpStream};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};
use tokio::net::TcpStream as HostStream;
use tokio::time::timeout;

/// A shard behind a gateway, and the address it is reached at.
async fn embedded() -> (Embedded, SocketAddr) {
    let host = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = host.local_addr().unwrap();
    (embed(host, ShardOptions::default(), None).unwrap(), address)
}

/// A connection through the gateway: (the backend's end, the client's end). The listener is closed.
async fn connection() -> (Embedded, TcpStream, HostStream) {
    let (embedded, address) = embedded().await;
    let listener = TcpListener::bind(&embedded.shard, address).await.unwrap();
    let client = HostStream::connect(address).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(server.local_addr().unwrap(), address);
    (embedded, server, client)
}

#[tokio::test]
async fn bytes_are_exact_both_ways() {
    let (_embedded, server, client) = connection().await;
    let sent = pattern(10 << 20);
    tokio::spawn(async move {
        let (mut reader, mut writer) = split(server);
        copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let (mut reader, mut writer) = client.into_split();
    let data = sent.clone();
    tokio::spawn(async move {
        writer.write_all(&data).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::with_capacity(sent.len());
    timeout(LONG, reader.read_to_end(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert!(received == sent, "{} bytes came back", received.len());
}

#[tokio::test]
async fn a_half_closed_client_still_gets_its_answer() {
    let (_embedded, mut server, mut client) = connection().await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    server.write_all(b"answer").await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer");
}

#[tokio::test]
async fn a_half_closed_backend_still_hears_its_client() {
    let (_embedded, mut server, mut client) = connection().await;
    server.shutdown().await.unwrap();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    client.write_all(b"afterwards").await.unwrap();
    drop(client);
    let mut heard = String::new();
    server.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "afterwards");
}

#[tokio::test]
async fn a_reset_by_the_client_reaches_the_backend() {
    let (_embedded, mut server, client) = connection().await;
    client.set_zero_linger().unwrap();
    drop(client);
    let error = server.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_reset_by_a_half_closed_client_reaches_the_backend() {
    let (_embedded, mut server, mut client) = connection().await;
    client.shutdown().await.unwrap();
    assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    client.set_zero_linger().unwrap();
    drop(client);
    let mut failed = Ok(0);
    while failed.is_ok() {
        // The reset is on its way: sooner or later writing fails.
        failed = timeout(LONG, server.write(b"into the void")).await.unwrap();
        tokio::task::yield_now().await;
    }
    let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(kinds.contains(&failed.unwrap_err().kind()));
}

#[tokio::test]
async fn a_reset_by_the_backend_reaches_the_client() {
    let (_embedded, server, mut client) = connection().await;
    server.abort();
    let error = client.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_client_without_a_listener_is_reset() {
    let (_embedded, address) = embedded().await;
    let mut client = HostStream::connect(address).await.unwrap();
    let error = client.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_backend() {
    let (_embedded, mut server, mut client) = connection().await;
    let chunk = pattern(64 << 10);
    let mut written = 0;
    while let Ok(result) = timeout(Duration::from_millis(200), server.write(&chunk)).await {
        written += result.unwrap();
        assert!(
            written < 32 << 20,
            "{written} bytes are held for a client that reads none"
        );
    }
    drop(server);
    let mut received = Vec::new();
    timeout(LONG, client.read_to_end(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(received.len(), written);
}

#[tokio::test]
async fn a_backend_that_does_not_read_stops_the_client_whose_reset_is_still_seen() {
    let (embedded, server, mut client) = connection().await;
    let chunk = pattern(64 << 10);
    let mut written = 0;
    while let Ok(result) = timeout(Duration::from_millis(200), client.write(&chunk)).await {
        written += result.unwrap();
        assert!(
            written < 32 << 20,
            "{written} bytes are held for a backend that reads none"
        );
    }
    assert_eq!(embedded.gateway.connections(), 1);
    client.set_zero_linger().unwrap();
    drop(client);
    timeout(LONG, embedded.gateway.drain())
        .await
        .expect("the reset ends the connection");
    drop(server);
}

#[tokio::test]
async fn draining_closes_the_host_socket_and_waits_for_the_last_connection() {
    let (embedded, mut server, mut client) = connection().await;
    let address = embedded.gateway.local_addr();
    let drained = tokio::spawn(async move {
        embedded.gateway.drain().await;
        embedded
    });
    let refused = async { while HostStream::connect(address).await.is_ok() {} };
    timeout(LONG, refused).await.unwrap();
    // The connection that was there goes on as before.
    client.write_all(b"last words").await.unwrap();
    server.read_exact(&mut [0; 10]).await.unwrap();
    assert!(!drained.is_finished());
    drop((server, client));
    let embedded = timeout(LONG, drained).await.unwrap().unwrap();
    let last = embedded.shard.shutdown(LONG).await.unwrap();
    assert!(last.ledger.is_balanced(), "{:?}", last.ledger);
}

#[tokio::test]
async fn draining_does_not_wait_for_a_client_that_has_all_of_its_answer() {
    let (embedded, mut server, mut client) = connection().await;
    server.write_all(b"answer").await.unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer");
    timeout(LONG, embedded.gateway.drain()).await.unwrap();
    assert_eq!(
        client.write(b"afterwards").await.unwrap(),
        10,
        "still open on the client's side"
    );
}

#[tokio::test]
async fn a_client_that_never_closes_is_reset_a_minute_after_the_server_did() {
    let (embedded, server, mut client) = connection().await;
    drop(server);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(embedded.gateway.connections(), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let given_up = async {
        while embedded.gateway.connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, given_up).await.unwrap();
    let error = client.write_all(b"too late").await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_may_use_its_port_again_at_once() {
    let (embedded, address) = embedded().await;
    let listener = TcpListener::bind(&embedded.shard, address).await.unwrap();
    // An address of its own, so that no other test's client is given the port in between.
    let mut from: SocketAddr = "127.0.0.77:0".parse().unwrap();
    for round in 0..3 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(from).unwrap();
        let mut client = socket.connect(address).await.unwrap();
        from = client.local_addr().unwrap();
        let (mut server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, from, "round {round}");
        // The server closes first, and so has the TIME-WAIT.
        server.shutdown().await.unwrap();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        client.set_zero_linger().unwrap();
        drop(client);
        let _ = server.read(&mut [0; 8]).await;
    }
}

#[tokio::test]
async fn a_gateway_on_an_address_that_the_stack_does_not_speak_says_so() {
    let Ok(host) = tokio::net::TcpListener::bind("[::1]:0").await else {
        return;
    };
    let error = embed(host, ShardOptions::default(), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("IPv4"), "{error}");
}

#[tokio::test]
async fn several_host_sockets_lead_into_one_shard_and_close_together() {
    // An address of its own, so that nobody is given a port that has just been closed.
    let bind = || bind("127.0.0.78:0".parse().unwrap()).unwrap();
    let host = bind();
    let first = host.local_addr().unwrap();
    let mut embedded = embed(host, ShardOptions::default(), None).unwrap();
    let host = bind();
    let second = host.local_addr().unwrap();
    embedded.gateway.add(host).unwrap();
    for address in [first, second] {
        let listener = TcpListener::bind(&embedded.shard, address).await.unwrap();
        let client = HostStream::connect(address).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(server.local_addr().unwrap(), address);
    }
    timeout(LONG, embedded.gateway.drain()).await.unwrap();
    for address in [first, second] {
        let error = HostStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
