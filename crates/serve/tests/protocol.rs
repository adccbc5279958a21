//! A protocol of one's own on the stack: small messages from one shard to another, and the journeys that come of it.

mod common;

use common::{LONG, Shards, patient, test};
use periplus_net::journey::{Outcome, Record, Station};
use periplus_net::{Journal, TcpStream};
use periplus_protocol::{Codec, Limits, Policy, Rejection, Sections, Step};
use periplus_serve::protocol::Answer;
use periplus_serve::{Drained, ServeCounters, Server};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};

/// A message is its length in four bytes, big endian, and as many bytes.
#[derive(Clone)]
struct Messages {
    length: Option<usize>,
    /// Whether the client is told what is wrong.
    replies: bool,
    complete_timeout: Duration,
    /// Is told how much of a message was there, each time that it was looked at.
    looks: mpsc::UnboundedSender<usize>,
}

const LONGEST: usize = 1 << 20;

impl Codec for Messages {
    type Request = Vec<u8>;

    fn protocol(&self) -> &'static str {
        "messages"
    }

    fn limits(&self) -> Limits {
        Limits {
            request_bytes: 4 + LONGEST,
            section_bytes: LONGEST,
            first_byte_timeout: LONG,
            complete_timeout: self.complete_timeout,
            idle_timeout: LONG,
            ..Limits::default()
        }
    }

    fn decode(&mut self, unread: &[u8], sections: &mut Sections) -> Step<Vec<u8>> {
        // Few tests listen.
        let _ = self.looks.send(unread.len());
        let length = match (self.length, unread.first_chunk()) {
            (Some(length), _) => length,
            (None, Some(b"bug!")) => panic!("as it was asked to"),
            (None, Some(length)) => {
                sections.end("length", 4);
                *self.length.insert(u32::from_be_bytes(*length) as usize)
            }
            (None, None) => {
                return Step::More {
                    at_least: 4 - unread.len(),
                    section: "length",
                };
            }
        };
        let Some(text) = unread.get(4..4 + length) else {
            return Step::More {
                at_least: 4 + length - unread.len(),
                section: "text",
            };
        };
        sections.end("text", 4 + length);
        self.length = None;
        Step::Request {
            length: 4 + length,
            request: text.to_vec(),
        }
    }

    fn label(&self, request: &Vec<u8>) -> Option<String> {
        Some(format!("message of {}", request.len()))
    }

    fn refuse(&self, rejection: &Rejection) -> Policy {
        if self.replies {
            Policy::ReplyAndClose(rejection.to_string().into())
        } else {
            Policy::Close
        }
    }
}

fn message(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes(), text].concat()
}

/// A server that answers a message with the same, and panics at one that says `panic`.
struct Echo {
    shards: Shards,
    counters: Arc<ServeCounters>,
    looks: mpsc::UnboundedReceiver<usize>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<Drained>>,
}

impl Echo {
    async fn start(replies: bool, complete_timeout: Duration) -> Self {
        let shards = Shards::start();
        let listener = shards.listen().await;
        let echo = async |text: Vec<u8>| {
            assert_ne!(text, b"panic", "as it was asked to");
            Answer::new(message(&text)).with_status(7)
        };
        let (look, looks) = mpsc::unbounded_channel();
        let codec = Messages {
            length: None,
            replies,
            complete_timeout,
            looks: look,
        };
        let server = Server::of(codec, echo, patient());
        let counters = server.counters();
        let (stop, stopped) = oneshot::channel();
        let running = spawn_local(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            server.run(listener, stopped).await
        });
        Self {
            shards,
            counters,
            looks,
            stop,
            running,
        }
    }

    /// Waits until so much of a message was looked at, and the backend has gone back to waiting for more of it.
    async fn has_seen(&mut self, length: usize) {
        while self.looks.recv().await.expect("the server runs") < length {}
    }

    async fn connect(&self) -> TcpStream {
        self.shards.connect().await
    }

    async fn finish(self) -> Vec<Record> {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
        self.shards.finish().await
    }
}

async fn ask(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(&message(text)).await.unwrap();
    let mut answer = vec![0; 4 + text.len()];
    stream.read_exact(&mut answer).await.unwrap();
    assert!(answer == message(text), "{} bytes differ", text.len());
}

/// Writes, and reads to the end.
async fn say(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<String> {
    stream.write_all(bytes).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.map(|_| answer)
}

fn ending(record: &Record) -> (Outcome, Option<&str>) {
    (record.outcome, record.reason.as_deref())
}

#[test]
fn messages_of_any_size_are_answered_and_have_a_journey() {
    test(async {
        let echo = Echo::start(false, LONG).await;
        let mut stream = echo.connect().await;
        let lengths = [0, 1, 2044, 2045, 20_000, LONGEST];
        for length in lengths {
            let text: Vec<_> = (0..length).map(|at| (at % 251) as u8).collect();
            ask(&mut stream, &text).await;
        }
        drop(stream);
        let records = echo.finish().await;
        assert_eq!(records.len(), lengths.len());
        for (record, length) in records.iter().zip(lengths) {
            assert_eq!(ending(record), (Outcome::Answered, None));
            assert_eq!(record.protocol, Some("messages"));
            let label = format!("message of {length}");
            assert_eq!(record.request.as_deref(), Some(&*label));
            assert_eq!(record.status, Some(7));
            let bytes = 4 + length as u64;
            assert_eq!(
                (record.bytes_in, record.bytes_out, record.acked),
                (bytes, bytes, bytes)
            );
        }
    });
}

#[test]
fn a_message_that_comes_slowly_is_parsed_meanwhile_and_it_was_the_peers_turn() {
    test(async {
        let mut echo = Echo::start(false, LONG).await;
        let mut stream = echo.connect().await;
        let begun = Journal::now();
        stream.write_all(&message(b"slow")[..6]).await.unwrap();
        echo.has_seen(6).await;
        // From here on nothing moves but the clock: however long it is, it lies within the wait for the rest.
        let pause_begun = Journal::now();
        tokio::time::sleep(Duration::from_millis(30)).await;
        let pause = Journal::now().since(pause_begun);
        stream.write_all(b"ow").await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        let whole = Journal::now().since(begun);
        drop(stream);
        let records = echo.finish().await;
        let [record] = &records[..] else {
            panic!("{records:#?}")
        };
        assert_eq!(ending(record), (Outcome::Answered, None));
        let spine = record.spine();
        let parse = spine
            .intervals()
            .iter()
            .find(|interval| interval.station == Station::Parse)
            .expect("it was parsed")
            .duration();
        let peer = record.peer_in_server;
        assert!(
            pause <= peer && peer <= parse && parse <= whole,
            "{record:#?}"
        );
        // The server answers for the rest of what lies between its first byte and the answer's last, and for nothing of the pause.
        let events = &record.events;
        let in_server = events.transmitted.unwrap().since(events.arrived.unwrap());
        assert_eq!(record.server(), Some(in_server - peer), "{record:#?}");
        assert!(record.server() <= Some(whole - pause), "{record:#?}");
    });
}

#[test]
fn a_message_that_stalls_times_out_in_its_section() {
    const SHORT: Duration = Duration::from_millis(50);
    for (replies, told) in [(true, "timeout in text"), (false, "")] {
        test(async {
            let echo = Echo::start(replies, SHORT).await;
            let mut stream = echo.connect().await;
            let answer = say(&mut stream, &message(b"too late")[..6]).await.unwrap();
            assert_eq!(answer, told);
            drop(stream);
            assert_eq!(echo.counters.request_timeouts.get(), 1);
            let records = echo.finish().await;
            let [record] = &records[..] else {
                panic!("{records:#?}")
            };
            assert_eq!(ending(record), (Outcome::Timeout, Some("timeout in text")));
            assert_eq!((record.bytes_in, record.bytes_out), (6, told.len() as u64));
            // It was waited for after what had come was read, and never less than was allowed.
            assert!(record.peer_in_server >= SHORT, "{record:#?}");
        });
    }
}

#[test]
fn what_is_too_large_is_refused_and_no_reset_destroys_the_answer() {
    for (replies, told) in [(true, "too_large in text"), (false, "")] {
        test(async {
            let echo = Echo::start(replies, LONG).await;
            let mut stream = echo.connect().await;
            let length = (LONGEST as u32 + 1).to_be_bytes();
            stream.write_all(&length).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            let sending = spawn_local(async move {
                // It may be told to stop, and need not be.
                let _ = writer.write_all(&vec![0; LONGEST + 1]).await;
                let _ = writer.shutdown().await;
            });
            let mut answer = String::new();
            reader.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, told);
            sending.await.unwrap();
            drop(reader);
            assert_eq!(echo.counters.rejections.get(), 1);
            let records = echo.finish().await;
            let [record] = &records[..] else {
                panic!("{records:#?}")
            };
            let reason = Some("too_large in text");
            assert_eq!(ending(record), (Outcome::Rejected, reason));
            assert_eq!((record.bytes_in, record.bytes_out), (4, told.len() as u64));
        });
    }
}

#[test]
fn who_leaves_within_a_message_has_a_journey_that_says_where() {
    test(async {
        let echo = Echo::start(false, LONG).await;
        let mut neighbour = echo.connect().await;
        let mut half = echo.connect().await;
        half.write_all(&message(b"half")[..6]).await.unwrap();
        half.shutdown().await.unwrap();
        let mut rest = Vec::new();
        half.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
        let mut reset = echo.connect().await;
        reset.write_all(&message(b"reset")[..2]).await.unwrap();
        // Answered after the server has seen the two bytes.
        ask(&mut neighbour, b"still here").await;
        reset.abort();
        ask(&mut neighbour, b"and here").await;
        drop((neighbour, half));
        let records = echo.finish().await;
        let mut endings: Vec<_> = records.iter().map(ending).collect();
        endings.sort_by_key(|(outcome, _)| outcome.name());
        let reset = "reset_by_peer, waiting for length";
        assert_eq!(
            endings,
            [
                (Outcome::Answered, None),
                (Outcome::Answered, None),
                (Outcome::Closed, Some("truncated in text")),
                (Outcome::Reset, Some(reset)),
            ]
        );
    });
}

#[test]
fn a_handler_or_a_codec_that_panics_ends_its_connection_and_no_other() {
    test(async {
        let echo = Echo::start(false, LONG).await;
        let mut neighbour = echo.connect().await;
        ask(&mut neighbour, b"before").await;
        let mut handler = echo.connect().await;
        let answer = say(&mut handler, &message(b"panic")).await.unwrap();
        assert_eq!(answer, "");
        let mut codec = echo.connect().await;
        // By a reset: nobody knows what the rest of its bytes are.
        assert!(say(&mut codec, b"bug!").await.is_err());
        ask(&mut neighbour, b"after").await;
        drop((neighbour, handler, codec));
        assert_eq!(echo.counters.handler_panics.get(), 1);
        assert_eq!(echo.counters.connection_panics.get(), 1);
        let records = echo.finish().await;
        assert_eq!(records.len(), 4, "{records:#?}");
        let panicked = records
            .iter()
            .find(|record| record.reason.as_deref() == Some("the handler panicked"))
            .expect("it is told");
        assert_eq!(panicked.outcome, Outcome::Closed);
    });
}
