//! The backend on the stack: files, and the journeys that come of them.

mod common;

use common::site::Site;
use common::{content, test};
use periplus_net::TcpStream;
use periplus_net::journey::{Outcome, Station};
use periplus_serve::Drained;
use std::rc::Rc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::spawn_local;

/// Asks for `target`, and reads the answer: its head and its content.
async fn get(stream: &mut TcpStream, target: &str) -> (String, Vec<u8>) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_answer(stream).await
}

async fn read_answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut content = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut content).await.unwrap();
    (head, content)
}

#[test]
fn files_of_any_size_arrive_as_they_are_and_have_a_journey() {
    test(async {
        let site = Site::start().await;
        let mut stream = site.connect().await;
        let lengths = [0, 1, 1023, 1 << 20, 10 << 20];
        for length in lengths {
            site.write("file", &content(length));
            let (head, received) = get(&mut stream, "/file").await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert!(
                received == content(length),
                "{length} bytes are not what they were"
            );
        }
        drop(stream);
        let (_, records) = site.finish().await;
        assert_eq!(records.len(), lengths.len());
        for (record, length) in records.iter().zip(lengths) {
            assert_eq!(record.outcome, Outcome::Answered);
            assert_eq!(record.request.as_deref(), Some("GET /file HTTP/1.1"));
            assert_eq!(record.status, Some(200));
            assert_eq!(record.bytes_in, 31);
            assert!(record.bytes_out > length as u64 && record.bytes_out < length as u64 + 400);
            let reads = record.overlay(Station::FileRead).unwrap().count;
            // What is small is read as a whole.
            let chunks = match length {
                0..=0x10_0000 => 1,
                _ => length.div_ceil(256 * 1024),
            };
            assert_eq!(reads as usize, chunks);
        }
    });
}

/// hyper gives a body's bytes to the stream as plain slices; they are found again, and queued as they were read.
#[test]
fn of_a_file_of_100_kib_only_the_head_is_copied_on_its_way_to_the_ring() {
    const LENGTH: usize = 100 * 1024;
    test(async {
        let site = Site::start().await;
        let mut stream = site.connect().await;
        site.write("file", &content(LENGTH));
        let mut heads = 0;
        for answers in 1..=3 {
            let (head, received) = get(&mut stream, "/file").await;
            heads += head.len() as u64; // longer by Last-Modified once the second it was written in is over
            assert!(received == content(LENGTH));
            let (copied, shared) = site.written().await;
            assert_eq!(shared, answers * LENGTH as u64);
            assert_eq!(copied, heads);
        }
        drop(stream);
        site.finish().await;
    });
}

#[test]
fn pipelined_requests_have_a_journey_each() {
    test(async {
        let site = Site::start().await;
        site.write("a", b"first");
        site.write("b", &content(300_000));
        site.write("c", b"third");
        let mut stream = site.connect().await;
        let request = |name| format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n");
        let requests = ["a", "b", "c"].map(request).concat();
        stream.write_all(requests.as_bytes()).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.1, b"first");
        assert!(read_answer(&mut stream).await.1 == content(300_000));
        assert_eq!(read_answer(&mut stream).await.1, b"third");
        drop(stream);
        let (_, records) = site.finish().await;
        let names: Vec<_> = records
            .iter()
            .map(|record| record.request.as_deref())
            .collect();
        let line = |name| format!("GET /{name} HTTP/1.1");
        let lines = ["a", "b", "c"].map(line);
        assert_eq!(
            names,
            lines.iter().map(|line| Some(&**line)).collect::<Vec<_>>()
        );
        assert!(
            records
                .iter()
                .all(|record| record.outcome == Outcome::Answered)
        );
        // The later ones waited in the receive queue while the earlier ones were answered.
        for record in &records[1..] {
            let waited = record.spine().intervals().iter().any(|interval| {
                interval.station == Station::ReceiveQueue && !interval.duration().is_zero()
            });
            assert!(waited, "{record:#?}");
        }
    });
}

#[test]
fn many_connections_at_once() {
    test(async {
        let site = Rc::new(Site::start().await);
        site.write("file", &content(20_000));
        let clients: Vec<_> = (0..200)
            .map(|_| {
                let site = site.clone();
                spawn_local(async move {
                    let mut stream = site.connect().await;
                    for _ in 0..3 {
                        assert!(get(&mut stream, "/file").await.1 == content(20_000));
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        let site = Rc::into_inner(site).expect("the clients are done");
        let (drained, records) = site.finish().await;
        assert_eq!(drained.cut, 0);
        assert_eq!(records.len(), 600);
    });
}

#[test]
fn an_answer_to_a_content_that_nobody_wants_is_not_lost() {
    test(async {
        let site = Site::start().await;
        let mut stream = site.connect().await;
        let head = "POST /file HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let sending = spawn_local(async move {
            // It may be told to stop, and need not be.
            let _ = writer.write_all(&content(5_000_000)).await;
            let _ = writer.shutdown().await;
        });
        let mut answer = Vec::new();
        reader.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 405 Method Not Allowed\r\n"));
        assert!(answer.ends_with(b"</html>\n"));
        sending.await.unwrap();
        drop(reader);
        let (_, records) = site.finish().await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].outcome, Outcome::Rejected);
        assert_eq!(records[0].status, Some(405));
    });
}

#[test]
fn a_request_that_stays_a_part_is_no_answer_and_a_record() {
    test(async {
        let site = Site::start().await;
        let mut stream = site.connect().await;
        stream.write_all(b"GET / HTT").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"");
        drop(stream);
        let (_, records) = site.finish().await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].outcome, Outcome::Closed);
    });
}

#[test]
fn an_idle_connection_is_closed_in_order_when_the_server_stops() {
    test(async {
        let site = Site::start().await;
        site.write("file", b"content");
        let mut stream = site.connect().await;
        assert_eq!(get(&mut stream, "/file").await.1, b"content");
        let reading = spawn_local(async move {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.map(|_| rest)
        });
        let (drained, records) = site.finish().await;
        assert_eq!(drained, Drained { open: 1, cut: 0 });
        assert_eq!(reading.await.unwrap().unwrap(), b"");
        assert_eq!(records.len(), 1);
    });
}
