//! `axum::serve` over our listener, on both kinds of runtime, asked by ordinary host sockets.

mod common;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use common::{LONG, pattern};
use periplus_net::gateway::{bind, embed};
use periplus_net::{ShardOptions, TcpListener};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream as HostStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

fn app() -> Router {
    Router::new()
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/echo", post(|body: Bytes| async move { body }))
        .layer(axum::extract::DefaultBodyLimit::disable())
}

async fn serve(listener: TcpListener) {
    let app = app().into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener.tap_io(|_| ()), app).await.unwrap();
}

/// One exchange on a connection that is kept alive.
async fn exchange(client: &mut BufReader<HostStream>, head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{head} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(body).await.unwrap();
    let mut length = 0;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        client.read_line(&mut line).await.unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut answer = vec![0; length];
    client.read_exact(&mut answer).await.unwrap();
    answer
}

async fn ask(address: SocketAddr) {
    let mut clients = JoinSet::new();
    for number in 0..50 {
        clients.spawn(async move {
            let client = HostStream::connect(address).await.unwrap();
            let local = client.local_addr().unwrap().to_string();
            let mut client = BufReader::new(client);
            for _ in 0..3 {
                let peer = exchange(&mut client, "GET /peer", b"").await;
                assert_eq!(String::from_utf8(peer).unwrap(), local);
            }
            let body = pattern(100_000 + number);
            assert!(exchange(&mut client, "POST /echo", &body).await == body);
        });
    }
    timeout(LONG, clients.join_all()).await.unwrap();
}

#[tokio::test]
async fn on_the_shards_own_current_thread_runtime() {
    let host = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = host.local_addr().unwrap();
    let embedded = embed(host, ShardOptions::default(), None).unwrap();
    let listener = TcpListener::bind(&embedded.shard, address).await.unwrap();
    tokio::spawn(serve(listener));
    ask(address).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_multi_thread_runtime_far_from_the_shard() {
    let (report, started) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let host = bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = host.local_addr().unwrap();
            let embedded = embed(host, ShardOptions::default(), None).unwrap();
            report.send((embedded.shard.clone(), address)).unwrap();
            let _ = stopped.await;
        });
    });
    let (shard, address) = started.await.unwrap();
    let listener = TcpListener::bind(&shard, address).await.unwrap();
    tokio::spawn(serve(listener));
    ask(address).await;
    let snapshot = shard.snapshot().await.unwrap();
    assert!(snapshot.ledger.is_balanced(), "{:?}", snapshot.ledger);
    drop(stop);
    thread.join().unwrap();
}
