//! HTTPS on the stack: handshakes, files, and the journeys that come of them.

mod common;

use common::secure::{Identity, Secured, identity};
use common::site::Site;
use common::{LONG, content, patient, test};
use futures_util::{SinkExt, StreamExt};
use periplus_net::journey::{Kind, Outcome, Record, Station};
use periplus_serve::Server;
use periplus_serve::tls::{Tls, TlsOptions, TlsVersion};
use periplus_serve::websocket::{WebSocketAt, echo};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::spawn_local;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

async fn start(identity: &Identity) -> Site {
    start_with(identity.options()).await
}

async fn start_with(options: TlsOptions) -> Site {
    let tls = Tls::new(&options).unwrap();
    Site::start_on(|files| Server::secure(files, tls, patient())).await
}

async fn get(stream: &mut Secured, target: &str) -> Vec<u8> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut content = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut content).await.unwrap();
    content
}

fn stations(record: &Record) -> Vec<Station> {
    let spine = record.spine();
    let intervals = spine.intervals().iter();
    intervals.map(|interval| interval.station).collect()
}

#[test]
fn files_of_any_size_arrive_as_they_are_and_have_a_journey() {
    test(async {
        let identity = identity();
        let site = start(&identity).await;
        let mut stream = identity.connect(site.connect().await).await.unwrap();
        let lengths = [0, 1, 1023, 1 << 20, 10 << 20];
        for length in lengths {
            site.write("file", &content(length));
            assert!(get(&mut stream, "/file").await == content(length));
        }
        stream.shutdown().await.unwrap();
        // To close with the server's own end unread would be to reset the connection.
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        drop(stream);
        let (_, records) = site.finish().await;
        assert_eq!(records.len(), lengths.len());
        for (record, length) in records.iter().zip(lengths) {
            assert_eq!(record.outcome, Outcome::Answered, "{record:#?}");
            assert_eq!(record.request.as_deref(), Some("GET /file HTTP/1.1"));
            // One record in, and as many out as it takes, each of them 22 bytes longer than what it holds.
            assert_eq!(record.bytes_in, 31 + 22);
            let least = length as u64 + 22 * (length as u64).div_ceil(1 << 14).max(1);
            assert!(
                (least..least + 22 * 80 + 400).contains(&record.bytes_out),
                "{record:#?}"
            );
            assert_eq!(record.acked, record.bytes_out);
            assert!(!record.coarse);
            let decrypt = record.overlay(Station::Decrypt).unwrap();
            assert_eq!(decrypt.count, 1);
            assert!(decrypt.start >= record.events.arrived.unwrap());
            assert!(decrypt.end <= record.events.parsed.unwrap());
        }
        let first = stations(&records[0]);
        assert!(first.contains(&Station::TlsHandshake), "{first:?}");
        for record in &records[1..] {
            assert!(!stations(record).contains(&Station::TlsHandshake));
        }
    });
}

#[test]
fn a_client_that_thinks_before_it_asks_is_idle_again_after_the_handshake() {
    test(async {
        let identity = identity();
        let site = start(&identity).await;
        site.write("file", b"content");
        let mut stream = identity.connect(site.connect().await).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        get(&mut stream, "/file").await;
        drop(stream);
        let (_, records) = site.finish().await;
        let spine = records[0].spine();
        let after = spine
            .intervals()
            .iter()
            .skip_while(|interval| interval.station != Station::TlsHandshake)
            .nth(1)
            .unwrap();
        assert_eq!(after.station, Station::Idle);
        assert!(after.duration() >= Duration::from_millis(40));
        // What the client thinks is not the server's.
        assert!(records[0].server().unwrap() < after.duration());
    });
}

#[test]
fn a_request_that_comes_in_pieces_of_a_record_waits_for_its_peer() {
    test(async {
        let identity = identity();
        let site = start(&identity).await;
        site.write("file", b"content");
        let mut stream = identity.connect(site.connect().await).await.unwrap();
        get(&mut stream, "/file").await;
        let (raw, session) = stream.get_mut();
        let request = b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n";
        std::io::Write::write_all(&mut session.writer(), request).unwrap();
        let mut record = Vec::new();
        session.write_tls(&mut record).unwrap();
        raw.set_nodelay(true).unwrap();
        for part in record.chunks(12) {
            raw.write_all(part).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut answer = vec![0; 4096];
        assert!(stream.read(&mut answer).await.unwrap() > 0);
        drop(stream);
        let (_, records) = site.finish().await;
        let record = &records[1];
        assert_eq!(record.bytes_in, 53);
        assert!(!record.coarse, "{record:#?}");
        // It was the client's turn in all four gaps, and the server is not blamed for them.
        let peer = record.peer_in_server;
        assert!(peer >= Duration::from_millis(70), "{record:#?}");
        let parse = record.spine();
        let parse = parse.intervals().iter();
        let parse: Duration = parse
            .filter(|interval| interval.station == Station::Parse)
            .map(|interval| interval.duration())
            .sum();
        assert!(parse >= peer, "{record:#?}");
    });
}

#[test]
fn a_handshake_that_fails_or_does_not_end_is_a_connection_that_says_why() {
    test(async {
        let identity = identity();
        let site = start_with(TlsOptions {
            least_version: TlsVersion::Tls13,
            handshake_timeout: Duration::from_millis(100),
            ..identity.options()
        })
        .await;
        let refused = identity.connect_old(site.connect().await).await;
        assert!(refused.is_err());
        let mut slow = site.connect().await;
        slow.write_all(&[22, 3, 1]).await.unwrap();
        assert_eq!(slow.read(&mut [0; 8]).await.unwrap(), 0);
        drop(slow);
        let mut plain = site.connect().await;
        plain.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        plain.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        drop(plain);
        let counters = site.counters.clone();
        let (_, records) = site.finish_all().await;
        let ends: Vec<_> = records
            .iter()
            .map(|record| (record.kind, record.outcome, record.reason.as_deref()))
            .collect();
        let expected = [
            (Outcome::Rejected, "tls_no_shared_version"),
            (Outcome::Timeout, "tls_handshake_timeout"),
            (Outcome::Rejected, "plain_http"),
        ];
        let expected = expected.map(|(outcome, reason)| (Kind::Connection, outcome, Some(reason)));
        assert_eq!(ends, expected);
        assert_eq!(stations(&records[1]).last(), Some(&Station::TlsHandshake));
        assert_eq!(
            (counters.tls_failures.get(), counters.tls_timeouts.get()),
            (2, 1)
        );
    });
}

#[test]
fn websocket_messages_inside_have_journeys_of_their_records() {
    test(async {
        let identity = identity();
        let tls = Tls::new(&identity.options()).unwrap();
        let site = Site::start_on(|files| {
            Server::secure(WebSocketAt::new("/ws", echo, files), tls, patient())
        })
        .await;
        let stream = identity.connect(site.connect().await).await.unwrap();
        let (mut client, _) = client_async("ws://localhost/ws", stream).await.unwrap();
        for length in [5, 50_000] {
            let said = Message::binary(content(length));
            client.send(said.clone()).await.unwrap();
            assert!(client.next().await.unwrap().unwrap() == said);
        }
        client.close(None).await.unwrap();
        while client.next().await.is_some_and(|message| message.is_ok()) {}
        drop(client);
        let (_, records) = site.finish().await;
        let messages: Vec<_> = records
            .iter()
            .filter(|record| record.protocol == Some("websocket"))
            .collect();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].bytes_in, 5 + 6 + 22);
        assert_eq!(messages[0].bytes_out, 5 + 2 + 22);
        // Four records of at most 16 KiB.
        assert_eq!(messages[1].bytes_in, 50_000 + 8 + 4 * 22);
        assert!(
            messages
                .iter()
                .all(|record| record.outcome == Outcome::Answered)
        );
        let decrypt = messages[1].overlay(Station::Decrypt).unwrap();
        assert_eq!(decrypt.count, 4, "{:#?}", messages[1]);
    });
}

#[test]
fn many_connections_at_once() {
    test(async {
        let identity = Rc::new(identity());
        let site = Rc::new(start(&identity).await);
        site.write("file", &content(20_000));
        let clients: Vec<_> = (0..50)
            .map(|_| {
                let (site, identity) = (site.clone(), identity.clone());
                spawn_local(async move {
                    let mut stream = identity.connect(site.connect().await).await.unwrap();
                    for _ in 0..3 {
                        assert!(get(&mut stream, "/file").await == content(20_000));
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
        assert_eq!(records.len(), 150);
    });
}

#[test]
fn who_does_not_read_holds_what_the_stack_holds_for_him_and_a_record() {
    const LENGTH: usize = 64 << 20;
    test(async {
        let identity = identity();
        let site = start(&identity).await;
        site.write("file", &content(LENGTH));
        let mut stream = identity.connect(site.connect().await).await.unwrap();
        let request = b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        // Written so far, when that has come to a stop.
        let mut before = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (copied, shared) = site.written().await;
            if copied + shared == before {
                break;
            }
            before = copied + shared;
        }
        assert!(before > 0 && before < 16 << 20, "{before}");
        let mut answer = Vec::new();
        let whole = async {
            while answer.len() < LENGTH {
                assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
            }
        };
        tokio::time::timeout(LONG, whole).await.unwrap();
        drop(stream);
        site.finish().await;
    });
}
