//! Streams on their shard's own thread, both ends over a memory link.

mod common;

use common::{LONG, SERVER, connection, pattern, shards};
use periplus_net::{TcpListener, TcpStream};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf, copy, split};
use tokio::time::timeout;

#[tokio::test]
async fn what_is_written_at_one_end_is_read_at_the_other() {
    let (mut server, mut client) = connection().await;
    client.write_all(b"ping").await.unwrap();
    let mut buffer = [0; 4];
    server.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"ping");
    server.write_all(b"pong!").await.unwrap();
    let mut buffer = [0; 5];
    client.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"pong!");
    assert_eq!(server.offsets(), (4, 5));
    assert_eq!(client.offsets(), (5, 4));
}

#[tokio::test]
async fn both_ends_know_both_addresses() {
    let (server, client) = connection().await;
    assert_eq!(server.local_addr().unwrap(), SERVER);
    assert_eq!(client.peer_addr().unwrap(), SERVER);
    assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
}

#[tokio::test]
async fn ten_mebibytes_are_echoed_byte_for_byte() {
    let (server, client) = connection().await;
    let sent = pattern(10 << 20);
    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = split(server);
        copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let (mut reader, mut writer) = client.into_split();
    let data = sent.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&data).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::with_capacity(sent.len());
    timeout(LONG, reader.read_to_end(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert!(received == sent, "{} bytes came back", received.len());
    writing.await.unwrap();
    echo.await.unwrap();
}

#[tokio::test]
async fn a_closed_direction_is_the_end_of_reading_and_leaves_the_other_open() {
    let (mut server, mut client) = connection().await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    server.write_all(b"answer").await.unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer");
    let error = client.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn connecting_to_a_port_without_a_listener_is_refused() {
    let (_server, client) = shards();
    let error = TcpStream::connect(&client, SERVER).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains("10.0.0.1:80"), "{error}");
}

#[tokio::test]
async fn a_chosen_local_address_is_the_one_the_server_sees_and_is_not_given_twice() {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let local = "10.0.0.2:4321".parse().unwrap();
    let _first = TcpStream::connect_from(&client, local, SERVER)
        .await
        .unwrap();
    assert_eq!(listener.accept().await.unwrap().1, local);
    let error = TcpStream::connect_from(&client, local, SERVER)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_port_has_one_listener() {
    let (server, _client) = shards();
    let first = TcpListener::bind(&server, SERVER).await.unwrap();
    let error = TcpListener::bind(&server, SERVER).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    drop(first);
    TcpListener::bind(&server, SERVER).await.unwrap();
}

#[tokio::test]
async fn port_0_is_a_port_of_the_shards_choice() {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, "10.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let local = listener.local_addr().unwrap();
    assert_ne!(local.port(), 0);
    TcpStream::connect(&client, local).await.unwrap();
}

#[tokio::test]
async fn dropping_a_stream_closes_it_in_order() {
    let (mut server, client) = connection().await;
    drop(client);
    assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn dropping_a_stream_with_unread_bytes_resets_it() {
    let (server, mut client) = connection().await;
    client.write_all(b"never read").await.unwrap();
    let mut server = server;
    poll_fn(|context| server.poll_peek(context, &mut ReadBuf::new(&mut [0; 1])))
        .await
        .unwrap();
    server.write_all(b"never mind").await.unwrap();
    drop(server);
    let error = client.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_aborted_stream_fails_its_peer() {
    let (server, mut client) = connection().await;
    server.abort();
    let error = client.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_stream_that_is_dropped_amid_an_answer_is_reset_and_one_behind_it_is_closed() {
    for is_answered in [false, true] {
        let (mut server, mut client) = connection().await;
        server.set_abort_on_drop(true);
        server.write_all(b"!").await.unwrap();
        if is_answered {
            server.set_abort_on_drop(false);
        }
        drop(server);
        let mut answer = Vec::new();
        let ended = client.read_to_end(&mut answer).await;
        if is_answered {
            assert_eq!((ended.unwrap(), &answer[..]), (1, &b"!"[..]));
        } else {
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
    }
}

#[tokio::test]
async fn a_dropped_listener_resets_whom_it_did_not_accept_and_refuses_whoever_comes() {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let mut queued = TcpStream::connect(&client, SERVER).await.unwrap();
    drop(listener);
    let error = queued.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let error = TcpStream::connect(&client, SERVER).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn peeked_bytes_stay_until_they_are_consumed() {
    let (server, mut client) = connection().await;
    client.write_all(b"abcdef").await.unwrap();
    let mut buffer = [0; 4];
    for (expected, consumed) in [(&b"abcd"[..], 0), (b"abcd", 3), (b"def", 3)] {
        let mut peeked = ReadBuf::new(&mut buffer);
        poll_fn(|context| server.poll_peek(context, &mut peeked))
            .await
            .unwrap();
        assert_eq!(peeked.filled(), expected);
        server.consume(consumed);
    }
    assert_eq!(server.offsets().0, 6);
}

#[tokio::test]
async fn bytes_are_written_without_a_copy_of_them() {
    let (mut server, client) = connection().await;
    let mut data = bytes::Bytes::from_static(b"reference-counted");
    let written = poll_fn(|context| client.poll_write_bytes(context, &mut data))
        .await
        .unwrap();
    assert_eq!((written, data.len()), (17, 0));
    let mut buffer = [0; 17];
    server.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"reference-counted");
}

#[tokio::test]
async fn a_peer_that_does_not_read_stops_the_writer() {
    let (mut server, mut client) = connection().await;
    let chunk = pattern(64 << 10);
    let mut written = 0;
    // What finds room in send queue, ring and receive queue is bounded: writing comes to a halt.
    while let Ok(result) = timeout(LONG / 300, client.write(&chunk)).await {
        written += result.unwrap();
        assert!(
            written < 8 << 20,
            "{written} bytes are held for a peer that reads none"
        );
    }
    client.shutdown().await.unwrap();
    let mut received = Vec::new();
    timeout(LONG, server.read_to_end(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(received.len(), written);
}

#[tokio::test]
async fn what_was_not_delivered_when_the_shard_ended_is_counted() {
    for (reads, undelivered) in [(true, 0), (false, 1)] {
        let (server, client) = shards();
        let listener = TcpListener::bind(&server, SERVER).await.unwrap();
        let mut connected = TcpStream::connect(&client, SERVER).await.unwrap();
        let (mut accepted, _) = listener.accept().await.unwrap();
        let written = accepted.write(&pattern(8 << 20)).await.unwrap();
        drop(accepted);
        let grace = if reads {
            let mut received = Vec::new();
            connected.read_to_end(&mut received).await.unwrap();
            assert_eq!(received.len(), written);
            LONG
        } else {
            Duration::ZERO
        };
        let last = server.shutdown(grace).await.unwrap();
        assert_eq!(last.undelivered, undelivered);
    }
}
