//! Marks, on the shard's thread and far from it, become records.

mod common;

use common::{LONG, SERVER, ShardThread, connection, pattern, recorder, shards_recorded};
use periplus_net::journey::{Kind, Label, Outcome, Record, RequestEnd, Station};
use periplus_net::{Journal, TcpListener, TcpStream};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Serves one request of 8 bytes by an answer of 6.
async fn serve(mut stream: TcpStream) -> TcpStream {
    let journal = stream.journal();
    let (start, answer) = stream.offsets();
    stream.read_exact(&mut [0; 8]).await.unwrap();
    journal.request(start);
    journal.label(Label::Request("GREET".into()));
    journal.request_end(start + 8, RequestEnd::Complete);
    journal.handler_called();
    let now = Journal::now();
    journal.overlay(Station::FileRead, now, Journal::now());
    journal.response(answer);
    stream.write_all(b"hello\n").await.unwrap();
    journal.response_end(answer + 6);
    stream
}

async fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GREETING").await.unwrap();
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"hello\n");
}

fn check(records: &[Record]) {
    let requests: Vec<_> = records
        .iter()
        .filter(|record| record.kind == Kind::Request)
        .collect();
    assert_eq!(requests.len(), 2, "{records:#?}");
    for record in requests {
        assert_eq!(record.outcome, Outcome::Answered);
        assert_eq!((record.bytes_in, record.bytes_out, record.acked), (8, 6, 6));
        assert_eq!(record.request.as_deref(), Some("GREET"));
        assert_eq!(record.local, SERVER);
        assert_eq!(record.overlay(Station::FileRead).unwrap().count, 1);
        let sum: Duration = record
            .spine()
            .intervals()
            .iter()
            .map(|interval| interval.duration())
            .sum();
        assert_eq!(sum, record.total());
    }
}

#[tokio::test]
async fn two_requests_of_a_connection_are_two_records() {
    let (recorder, records) = recorder();
    let (server, client) = shards_recorded(Some(recorder));
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let mut client = TcpStream::connect(&client, SERVER).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    for _ in 0..2 {
        (stream, _) = tokio::join!(serve(stream), ask(&mut client));
    }
    drop(client);
    drop(stream);
    server.shutdown(LONG).await.unwrap();
    check(&records.lock().unwrap());
}

#[tokio::test]
async fn a_request_without_an_answer_is_delivered() {
    let (recorder, records) = recorder();
    let (server, client) = shards_recorded(Some(recorder));
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let mut client = TcpStream::connect(&client, SERVER).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    (stream, _) = tokio::join!(serve(stream), ask(&mut client));
    client.write_all(b"NOTED").await.unwrap();
    stream.read_exact(&mut [0; 5]).await.unwrap();
    let journal = stream.journal();
    journal.request(8);
    journal.label(Label::Request("NOTED".into()));
    journal.request_end(13, RequestEnd::Complete);
    journal.handler_called();
    let called = Journal::now();
    journal.no_response();
    // What comes after it is its own.
    client.write_all(b"GREETING").await.unwrap();
    (stream, _) = tokio::join!(serve(stream), async {
        client.read_exact(&mut [0; 6]).await.unwrap();
    });
    drop((client, stream));
    server.shutdown(LONG).await.unwrap();
    let records = records.lock().unwrap();
    assert_eq!(records.len(), 3, "{records:#?}");
    let noted = records
        .iter()
        .find(|record| record.outcome == Outcome::Delivered)
        .unwrap();
    assert_eq!(noted.request.as_deref(), Some("NOTED"));
    assert_eq!((noted.bytes_in, noted.bytes_out), (5, 0));
    let spine = noted.spine();
    let last = spine.intervals().last().unwrap();
    assert_eq!(last.station, Station::Process);
    assert!(last.end >= called);
    let greeted = records
        .iter()
        .filter(|record| record.outcome == Outcome::Answered && record.bytes_in == 8);
    assert_eq!(greeted.count(), 2);
}

#[tokio::test]
async fn what_was_never_delivered_is_a_record_when_the_shard_ends() {
    let (recorder, records) = recorder();
    let (server, client) = shards_recorded(Some(recorder));
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let mut client = TcpStream::connect(&client, SERVER).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    client.write_all(b"GREETING").await.unwrap();
    let journal = stream.journal();
    stream.read_exact(&mut [0; 8]).await.unwrap();
    journal.request(0);
    journal.request_end(8, RequestEnd::Complete);
    journal.response(0);
    // More than the client, who does not read, lets in: closed, and never delivered.
    stream.write_all(&pattern(256 << 10)).await.unwrap();
    drop(stream);
    server.shutdown(Duration::ZERO).await.unwrap();
    let records = records.lock().unwrap();
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!(records[0].kind, Kind::Request);
    assert_eq!(records[0].outcome, Outcome::Reset);
}

#[test]
fn far_from_the_shard_they_also_say_what_they_waited_in_the_mailbox() {
    let (kept, records) = std::sync::mpsc::channel();
    let shards = ShardThread::start_recorded(move || {
        Some(Box::new(move |record| kept.send(record).unwrap()))
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            (stream, _) = timeout(LONG, async {
                tokio::join!(serve(stream), ask(&mut client))
            })
            .await
            .unwrap();
        }
        drop((client, stream));
        shards.server.shutdown(LONG).await.unwrap();
    });
    let records: Vec<Record> = records.try_iter().collect();
    check(&records);
    for record in records.iter().filter(|record| record.kind == Kind::Request) {
        // Once on the way in, once on the way out.
        let mailbox = record.overlay(Station::Mailbox).unwrap();
        assert_eq!(mailbox.count, 2, "{mailbox:?}");
    }
}

#[test]
fn what_is_under_way_is_a_record_when_the_shards_runtime_is_dropped() {
    let (kept, records) = std::sync::mpsc::channel();
    let shards = ShardThread::start_recorded(move || {
        Some(Box::new(move |record| kept.send(record).unwrap()))
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let held = runtime.block_on(async {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let mut client = TcpStream::connect(&shards.client, SERVER).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        client.write_all(b"GREETING").await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        stream.journal().request(0);
        // The shard answers in order: when this is back, it has the mark.
        shards.server.snapshot().await.unwrap();
        (client, stream)
    });
    drop(shards);
    let records: Vec<Record> = records.try_iter().collect();
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!(records[0].kind, Kind::Request);
    assert_eq!(records[0].outcome, Outcome::Reset);
    drop(held);
}

#[tokio::test]
async fn a_journal_outlives_its_stream() {
    let (server, _client) = connection().await;
    let journal = server.journal();
    drop(server);
    journal.request(0);
    std::thread::spawn(move || journal.request_end(0, RequestEnd::Abandoned))
        .join()
        .unwrap();
}
