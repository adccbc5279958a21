//! Sockets used on threads that are not their shard's: calls and bytes go by the mailbox.

mod common;

use common::{LONG, SERVER, ShardThread, pattern, shards};
use periplus_net::{TcpListener, TcpStream};
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf, copy, split};
use tokio::task::JoinSet;
use tokio::time::timeout;

async fn echo(stream: TcpStream) {
    let (mut reader, mut writer) = split(stream);
    copy(&mut reader, &mut writer).await.unwrap();
    writer.shutdown().await.unwrap();
}

/// Sends `data`, closes, and reads what comes back.
async fn ask(stream: TcpStream, data: Vec<u8>) -> Vec<u8> {
    let (mut reader, mut writer) = stream.into_split();
    let writing = tokio::spawn(async move {
        writer.write_all(&data).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut answer = Vec::new();
    reader.read_to_end(&mut answer).await.unwrap();
    writing.await.unwrap();
    answer
}

/// Runs `test` on a multi-thread runtime, with two shards on a thread of their own.
fn far_from_the_shard<F: Future<Output = ()>>(test: impl FnOnce(ShardThread) -> F) {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .unwrap()
        .block_on(async { timeout(LONG, test(shards)).await.unwrap() });
}

#[test]
fn a_hundred_streams_echo_on_a_multi_thread_runtime() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let serving = tokio::spawn(async move {
            let mut echoes = JoinSet::new();
            for _ in 0..100 {
                echoes.spawn(echo(listener.accept().await.unwrap().0));
            }
            echoes.join_all().await;
        });
        let mut clients = JoinSet::new();
        for number in 0..100 {
            let shard = shards.client.clone();
            clients.spawn(async move {
                let stream = TcpStream::connect(&shard, SERVER).await.unwrap();
                let data = pattern(10_000 + 3_000 * number);
                assert!(ask(stream, data.clone()).await == data, "stream {number}");
            });
        }
        clients.join_all().await;
        serving.await.unwrap();
        let snapshot = shards.server.snapshot().await.unwrap();
        assert!(snapshot.ledger.is_balanced(), "{:?}", snapshot.ledger);
    });
}

#[test]
fn ten_mebibytes_are_echoed_byte_for_byte() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let serving = tokio::spawn(async move { echo(listener.accept().await.unwrap().0).await });
        let stream = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let data = pattern(10 << 20);
        assert!(ask(stream, data.clone()).await == data);
        serving.await.unwrap();
    });
}

#[tokio::test]
async fn a_stream_may_leave_its_thread_in_mid_stream_and_come_back() {
    let (mut server, mut client) = common::connection().await;
    client.write_all(b"one ").await.unwrap();
    let mut buffer = [0; 4];
    server.read_exact(&mut buffer).await.unwrap();
    client.write_all(b"two ").await.unwrap();
    // The thread has a runtime of its own; ours must go on to drive the shards meanwhile.
    let elsewhere = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            server.read_exact(&mut buffer).await.unwrap();
            assert_eq!(&buffer, b"two ");
            server.write_all(b"three ").await.unwrap();
            server
        })
    });
    let mut server = elsewhere.await.unwrap();
    assert_eq!(server.offsets(), (8, 6));
    server.write_all(b"four").await.unwrap();
    drop(server);
    let mut received = String::new();
    client.read_to_string(&mut received).await.unwrap();
    assert_eq!(received, "three four");
}

#[test]
fn a_connection_that_is_refused_says_so_on_any_thread() {
    far_from_the_shard(|shards| async move {
        let error = TcpStream::connect(&shards.client, SERVER)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn what_was_written_before_the_drop_arrives() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let data = pattern(60_000);
        client.write_all(&data).await.unwrap();
        drop(client);
        let mut received = Vec::new();
        { server }.read_to_end(&mut received).await.unwrap();
        assert!(received == data);
    });
}

#[test]
fn dropping_with_unread_bytes_in_the_mailbox_resets() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write_all(b"never read").await.unwrap();
        poll_fn(|context| server.poll_peek(context, &mut ReadBuf::new(&mut [0; 1])))
            .await
            .unwrap();
        drop(server);
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn dropping_a_stream_that_was_never_polled_here_closes_it() {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        std::thread::spawn(|| drop(client)).join().unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn a_slow_reader_holds_one_mailbox_and_stops_the_writer() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let chunk = pattern(32 << 10);
        let mut written = 0;
        while let Ok(result) = timeout(Duration::from_millis(200), client.write(&chunk)).await {
            written += result.unwrap();
            assert!(
                written < 8 << 20,
                "{written} bytes are held for a peer that reads none"
            );
        }
        client.shutdown().await.unwrap();
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        assert_eq!(received.len(), written);
    });
}

#[test]
fn a_dropped_listener_refuses_whoever_comes() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let accepting = tokio::spawn(async move { listener.accept().await.map(drop) });
        let mut first = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        accepting.await.unwrap().unwrap();
        assert_eq!(first.read(&mut [0; 8]).await.unwrap(), 0);
        // The listener's drop reached the shard before the stream's did.
        let error = TcpStream::connect(&shards.client, SERVER)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn calls_that_wait_fail_when_the_shard_ends() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let reading = tokio::spawn(async move { server.read(&mut [0; 8]).await });
        let accepting = tokio::spawn(async move { listener.accept().await.map(drop) });
        // Each waits by now, or will find the shard gone: both must fail.
        shards
            .server
            .shutdown(Duration::from_secs(1))
            .await
            .unwrap();
        let kinds = [ErrorKind::ConnectionAborted, ErrorKind::NotConnected];
        assert!(kinds.contains(&reading.await.unwrap().unwrap_err().kind()));
        assert!(kinds.contains(&accepting.await.unwrap().unwrap_err().kind()));
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        for error in [
            TcpListener::bind(&shards.server, SERVER).await.unwrap_err(),
            TcpStream::connect(&shards.server, SERVER)
                .await
                .unwrap_err(),
            shards.server.snapshot().await.unwrap_err(),
            shards.server.shutdown(Duration::ZERO).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        }
    });
}

#[test]
fn a_shard_that_ends_delivers_what_dropped_streams_wrote_first() {
    far_from_the_shard(|shards| async move {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let chunk = pattern(32 << 10);
        let mut written = 0;
        // Until send queue and mailbox are full.
        while let Ok(result) = timeout(Duration::from_millis(200), server.write(&chunk)).await {
            written += result.unwrap();
        }
        drop(server);
        let shutdown = tokio::spawn(async move {
            let last = shards.server.shutdown(LONG).await;
            (last, shards)
        });
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received.len(), written);
        shutdown.await.unwrap().0.unwrap();
    });
}

#[test]
fn calls_that_wait_fail_when_the_shards_runtime_is_dropped() {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (reading, client) = runtime.block_on(async {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        (
            tokio::spawn(async move { server.read(&mut [0; 8]).await }),
            client,
        )
    });
    drop(shards);
    let error =
        runtime.block_on(async { timeout(LONG, reading).await.unwrap().unwrap().unwrap_err() });
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    drop(client);
}

#[tokio::test]
async fn on_the_shards_own_thread_calls_fail_as_well_when_it_ends() {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(&client, SERVER), listener.accept());
    let (mut client, (mut stream, _)) = (client.unwrap(), accepted.unwrap());
    let reading = tokio::spawn(async move { stream.read(&mut [0; 8]).await });
    tokio::task::yield_now().await;
    let last = server.shutdown(Duration::from_secs(1)).await.unwrap();
    assert!(last.ledger.is_balanced(), "{:?}", last.ledger);
    assert!(reading.await.unwrap().is_err());
    assert!(listener.accept().await.is_err());
    assert_eq!(
        client.read(&mut [0; 8]).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}
