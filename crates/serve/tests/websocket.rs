//! WebSocket on the stack, with a client that is not ours: messages of any kind and length, and the journeys of them.

mod common;

use common::site::Site;
use common::{content, patient, test};
use futures_util::{SinkExt, StreamExt};
use periplus_net::TcpStream;
use periplus_net::journey::{Outcome, Record, Station};
use periplus_serve::websocket::{Close, Message as Said, WebSocket, WebSocketAt, echo};
use periplus_serve::{Drained, ServeOptions};
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::{WebSocketStream, client_async};

type Client = WebSocketStream<TcpStream>;

/// A folder with the echo at `/ws`.
async fn site() -> Site {
    site_with(patient()).await
}

async fn site_with(options: ServeOptions) -> Site {
    Site::start_with(options, |files| WebSocketAt::new("/ws", echo, files)).await
}

async fn open(site: &Site) -> Client {
    let stream = site.connect().await;
    stream.set_nodelay(true).unwrap();
    let (client, answer) = client_async("ws://10.0.0.1/ws", stream).await.unwrap();
    assert_eq!(answer.status(), 101);
    client
}

async fn hears(client: &mut Client, message: Message) {
    let heard = client.next().await.expect("it is open").unwrap();
    assert!(heard == message, "it is not what was said");
}

/// Closes in order, from the client.
async fn close(mut client: Client) {
    client.close(None).await.unwrap();
    while let Some(message) = client.next().await {
        assert!(message.unwrap().is_close());
    }
}

fn messages(records: &[Record]) -> Vec<&Record> {
    let is_message = |record: &&Record| record.protocol == Some("websocket");
    records.iter().filter(is_message).collect()
}

/// Bytes of a frame's header, without the masking key.
fn header(length: usize) -> u64 {
    match length {
        ..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    }
}

#[test]
fn messages_of_any_length_come_back_as_they_are_and_have_a_journey_each() {
    test(async {
        let site = site().await;
        let mut client = open(&site).await;
        let lengths = [0, 1, 125, 126, 4096, 65_535, 65_536, 100 << 10, 1 << 20];
        for length in lengths {
            let bytes = Message::binary(content(length));
            client.send(bytes.clone()).await.unwrap();
            hears(&mut client, bytes).await;
            let text = Message::text("ä".repeat(length / 2));
            client.send(text.clone()).await.unwrap();
            hears(&mut client, text).await;
        }
        close(client).await;
        assert_eq!(site.counters.messages.get(), 2 * lengths.len() as u64);
        assert_eq!(site.counters.pushed_messages.get(), 0);
        let (drained, records) = site.finish_all().await;
        assert_eq!(drained.cut, 0);
        assert_eq!(records.len(), 1 + 2 * lengths.len());

        let opening = &records[0];
        assert_eq!(opening.protocol, Some("http/1.1"));
        assert_eq!(opening.status, Some(101));
        assert_eq!(opening.outcome, Outcome::Answered);
        assert!(opening.handshake.is_some());

        let expected = lengths.iter().flat_map(|&length| {
            let text = length / 2 * 2;
            [(length, "binary"), (text, "text")]
        });
        for (record, (length, kind)) in messages(&records).iter().zip(expected) {
            let plural = if length == 1 { "" } else { "s" };
            let label = format!("{kind} {length} byte{plural}");
            assert_eq!(record.request.as_deref(), Some(&*label));
            let framed = header(length) + length as u64;
            assert_eq!(record.bytes_in, framed + 4, "{label}");
            assert_eq!(
                (record.bytes_out, record.acked),
                (framed, framed),
                "{label}"
            );
            assert_eq!(record.outcome, Outcome::Answered, "{label}");
            assert_eq!((record.status, record.handshake), (None, None), "{label}");
        }
    });
}

#[test]
fn fragments_are_one_message_and_a_ping_between_them_is_answered() {
    test(async {
        let site = site().await;
        let mut client = open(&site).await;
        let fragment = |text: &'static str, opcode, fin| {
            Message::Frame(Frame::message(text, OpCode::Data(opcode), fin))
        };
        client
            .send(fragment("voy", Data::Text, false))
            .await
            .unwrap();
        client
            .send(Message::Ping("still there?".into()))
            .await
            .unwrap();
        hears(&mut client, Message::Pong("still there?".into())).await;
        client
            .send(fragment("", Data::Continue, false))
            .await
            .unwrap();
        client
            .send(fragment("age", Data::Continue, true))
            .await
            .unwrap();
        hears(&mut client, Message::text("voyage")).await;
        close(client).await;
        let (_, records) = site.finish().await;
        let [message] = messages(&records)[..] else {
            panic!("{records:#?}");
        };
        assert_eq!(message.request.as_deref(), Some("text 6 bytes"));
        // Three fragments' headers and keys, six letters, and the ping between them.
        assert_eq!(message.bytes_in, 3 * 6 + 6 + 6 + 12);
        assert_eq!(message.bytes_out, 2 + 6);
        assert_eq!(message.outcome, Outcome::Answered);
    });
}

#[test]
fn messages_that_are_sent_ahead_wait_in_the_receive_queue() {
    const MESSAGES: usize = 40;
    test(async {
        let site = site().await;
        let mut client = open(&site).await;
        for number in 0..MESSAGES {
            client
                .feed(Message::text(format!("number {number}")))
                .await
                .unwrap();
        }
        client.flush().await.unwrap();
        for number in 0..MESSAGES {
            hears(&mut client, Message::text(format!("number {number}"))).await;
        }
        close(client).await;
        let (_, records) = site.finish().await;
        let messages = messages(&records);
        assert_eq!(messages.len(), MESSAGES);
        for message in &messages[1..] {
            assert_eq!(message.outcome, Outcome::Answered);
            let waited = message.spine().intervals().iter().any(|interval| {
                interval.station == Station::ReceiveQueue && !interval.duration().is_zero()
            });
            assert!(waited, "{message:#?}");
        }
    });
}

#[test]
fn http_before_it_has_its_journeys_and_the_connection_none_of_its_own() {
    test(async {
        let site = site().await;
        site.write("file", b"a page");
        let mut stream = site.connect().await;
        for _ in 0..2 {
            let request = b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n";
            stream.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"a page") {
                answer.push(stream.read_u8().await.unwrap());
            }
        }
        let (mut client, _) = client_async("ws://10.0.0.1/ws", stream).await.unwrap();
        for text in ["one", "two"] {
            client.send(Message::text(text)).await.unwrap();
            hears(&mut client, Message::text(text)).await;
        }
        close(client).await;
        let (_, records) = site.finish_all().await;
        let requests: Vec<_> = records
            .iter()
            .map(|record| (record.request.as_deref().unwrap(), record.outcome))
            .collect();
        let answered = |request| (request, Outcome::Answered);
        assert_eq!(
            requests,
            [
                answered("GET /file HTTP/1.1"),
                answered("GET /file HTTP/1.1"),
                answered("GET /ws HTTP/1.1"),
                answered("text 3 bytes"),
                answered("text 3 bytes"),
            ]
        );
    });
}

#[test]
fn messages_without_an_answer_are_delivered_and_pushed_ones_are_counted() {
    async fn notes(mut socket: WebSocket) -> Close {
        socket.send(Said::text("welcome")).await.unwrap();
        let mut noted = 0;
        while let Some(_note) = socket.receive().await {
            noted += 1;
            if noted == 3 {
                return Close::new(4000, "enough");
            }
        }
        Close::normal()
    }
    test(async {
        let at = |files| WebSocketAt::new("/ws", notes, files);
        let site = Site::start_with(patient(), at).await;
        let mut client = open(&site).await;
        hears(&mut client, Message::text("welcome")).await;
        for _ in 0..3 {
            client.send(Message::text("noted?")).await.unwrap();
        }
        let enough = CloseFrame {
            code: CloseCode::Library(4000),
            reason: "enough".into(),
        };
        hears(&mut client, Message::Close(Some(enough))).await;
        assert!(client.next().await.is_none());
        assert_eq!(site.counters.pushed_messages.get(), 1);
        let (_, records) = site.finish().await;
        let messages = messages(&records);
        assert_eq!(messages.len(), 3);
        for message in messages {
            assert_eq!(message.outcome, Outcome::Delivered);
            assert_eq!((message.bytes_in, message.bytes_out), (12, 0));
            let spine = message.spine();
            let last = spine.intervals().last().unwrap();
            assert_eq!(last.station, Station::Process);
        }
    });
}

#[test]
fn a_server_that_ends_says_so() {
    test(async {
        let site = site().await;
        let mut client = open(&site).await;
        client.send(Message::text("before")).await.unwrap();
        hears(&mut client, Message::text("before")).await;
        let reading = spawn_local(async move {
            let closed = client.next().await.expect("it says so").unwrap();
            // The closing handshake goes on while it is read.
            assert!(client.next().await.is_none());
            closed
        });
        let (drained, records) = site.finish().await;
        assert_eq!(drained, Drained { open: 1, cut: 0 });
        let Message::Close(Some(frame)) = reading.await.unwrap() else {
            panic!("it says something else");
        };
        assert_eq!(frame.code, CloseCode::Away);
        assert_eq!(records.len(), 2);
    });
}

/// Waits until nothing in this thread can go on by itself.
async fn all_waits() {
    // A clock that is stopped leaps when everything waits, and not before.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_millis(1)).await;
    tokio::time::resume();
}

/// A client that writes messages of 64 KiB without end, as fast as they are taken.
struct Flood {
    stream: TcpStream,
    message: Vec<u8>,
    written: usize,
}

impl Flood {
    fn new(stream: TcpStream) -> Self {
        let mut message = vec![0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        message.resize(14 + (64 << 10), 7);
        Self {
            stream,
            message,
            written: 0,
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let rest = &self.message[self.written % self.message.len()..];
        let length = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
        self.written += length;
        Poll::Ready(Ok(()))
    }

    fn is_taken(&mut self, context: &mut Context<'_>) -> bool {
        let written = self.poll_write(context);
        written
            .map(|written| written.expect("it is open"))
            .is_ready()
    }

    /// Writes until it is not read from any more: for good, unless something is read on the other side.
    async fn until_stuck(&mut self) {
        loop {
            while poll_fn(|context| Poll::Ready(self.is_taken(context))).await {}
            all_waits().await;
            // What was sent has arrived, and only the server's window can hold the rest back. The server is at rest with what it
            // has not read: it waits for its own answers to be taken.
            let info = self.stream.info().await.expect("it is open");
            if info.unacked == 0 && info.notsent_bytes > 0 {
                return;
            }
        }
    }

    async fn until_broken(&mut self) -> io::Error {
        loop {
            if let Err(error) = poll_fn(|context| self.poll_write(context)).await {
                return error;
            }
        }
    }
}

#[test]
fn a_client_that_does_not_read_is_not_read_from_and_in_the_end_reset() {
    test(async {
        let options = ServeOptions {
            // Together less than a test may take: the clock leaps over both.
            idle_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(5),
            ..patient()
        };
        let site = site_with(options).await;
        let mut flood = Flood::new(open(&site).await.into_inner());
        flood.until_stuck().await;
        assert_eq!(site.counters.stalled_answers.get(), 0);
        tokio::time::pause();
        let broken = flood.until_broken().await;
        tokio::time::resume();
        assert_eq!(broken.kind(), ErrorKind::ConnectionReset);
        // A message in the library, and the queues between it and the client's writer.
        let written = flood.written;
        assert!(written < 16 << 20, "{written} bytes were taken from it");
        // What had come before the reset can still be read.
        let rest = flood.stream.read_to_end(&mut Vec::new()).await;
        assert!(rest.is_err());
        assert_eq!(site.counters.stalled_answers.get(), 1);
        // Somebody else is served all the same.
        let mut client = open(&site).await;
        client.send(Message::text("and you?")).await.unwrap();
        hears(&mut client, Message::text("and you?")).await;
        close(client).await;
        let (drained, _) = site.finish().await;
        assert_eq!(drained.cut, 0);
    });
}
