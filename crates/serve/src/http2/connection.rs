//! One connection, from its first byte to its last.

use super::exchange::Service;
use super::streams::Streams;
use super::watched::{Watch, Watched};
use crate::counters::ServeCounters;
use crate::delivery::{SLOW_READER, is_slow_to_the_end};
use crate::farewell;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{Adjust, ConnectionService, Drain, asked_to_drain};
use crate::stream::PeekStream;
use crate::turnstile::{Handed, Stage};
use crate::watchdog::{Expired, Moved, Watchdog};
use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use periplus_journey::Mark;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What a client begins with (RFC 9113 section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What h2 may hold of each answer before its frames are written: two of the least that a frame may be. More waits with the
/// handler, so that many streams to a slow client hold little.
const SEND_BUFFER: usize = 32 * 1024;

/// What a connection's contents that no handler has read may hold together: those of four streams, so that one that is not read
/// does not keep the others from coming.
const CONNECTION_WINDOW: u32 = 4 * 65_535;

/// Serves HTTP/2 connections with one handler.
#[derive(Debug)]
pub struct Http2<H> {
    handler: Rc<H>,
    options: Rc<ServeOptions>,
    counters: Arc<ServeCounters>,
}

/// Why a connection is not served any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// h2 is done with it.
    Done,
    /// Its peer broke the protocol, and h2 has said so.
    Broken(Reason),
    /// This has taken too long.
    Expired(Expired),
    /// Its peer sends what asks for nothing, and too much of it.
    Flooded,
}

/// What h2 has of a connection.
type Conversation = Connection<Watched, Bytes>;

/// A request, and where its answer goes.
type Asked = (Request<RecvStream>, SendResponse<Bytes>);

impl<H> Clone for Http2<H> {
    fn clone(&self) -> Self {
        Self {
            handler: self.handler.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
        }
    }
}

impl<H> Http2<H> {
    /// With `handler` for every request.
    pub fn new(handler: Rc<H>, options: ServeOptions, counters: Arc<ServeCounters>) -> Self {
        Self {
            handler,
            options: Rc::new(options),
            counters,
        }
    }

    /// Serves one connection to its end. Nothing may have been read from or written to it.
    pub async fn serve<S, M>(&self, stream: S, journal: M, mut drain: Drain)
    where
        S: PeekStream + 'static,
        M: Marks,
        H: Handler<M>,
    {
        let streams = Streams::new(journal.clone(), self.counters.clone(), PREFACE.len());
        let stream = Rc::new(RefCell::new(stream));
        let conversing = self.converse(stream.clone(), &streams, &journal, &mut drain);
        let end = Box::pin(conversing).await;
        // Whoever had a part in it is gone.
        if let Some(stream) = Rc::into_inner(stream) {
            let stream = stream.into_inner();
            Box::pin(self.part(stream, &streams, &journal, end, drain)).await;
        }
    }

    /// Answers requests until there are no more.
    async fn converse<M: Marks>(
        &self,
        stream: Rc<RefCell<dyn PeekStream>>,
        streams: &Streams<M>,
        journal: &M,
        drain: &mut Drain,
    ) -> End
    where
        H: Handler<M>,
    {
        let handed = Handed::default();
        let service = Rc::new(Service {
            handler: self.handler.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
            streams: streams.clone(),
            serves_https: stream.borrow().is_secure() || self.options.https_gateway,
            handed: handed.clone(),
        });
        let mut watchdog = Watchdog::new(&self.options);
        let moved = || moved(streams, journal);
        let watched = Watched::new(stream, Rc::new(streams.clone()), handed);
        let handshake = self.builder().handshake(watched);
        let mut connection = tokio::select! {
            biased;
            connection = handshake => match connection {
                Ok(connection) => connection,
                Err(error) => return ended(&error),
            },
            () = asked_to_drain(drain) => return End::Done,
            expired = poll_fn(|context| watchdog.poll_expired(context, &self.options, streams.stage(), moved)) => {
                return End::Expired(expired);
            }
        };
        let mut exchanges = JoinSet::new();
        let mut draining = false;
        let end = loop {
            let expired = poll_fn(|context| {
                watchdog.poll_expired(context, &self.options, streams.stage(), moved)
            });
            tokio::select! {
                biased;
                () = asked_to_drain(drain), if !draining => {
                    draining = true;
                    connection.graceful_shutdown();
                }
                next = next(&mut connection, streams) => match next {
                    Ok((request, respond)) => {
                        exchanges.spawn_local(service.clone().exchange(request, respond));
                    }
                    Err(end) => break end,
                },
                Some(_) = exchanges.join_next(), if !exchanges.is_empty() => {}
                expired = expired => break End::Expired(expired),
            }
        };
        exchanges.shutdown().await;
        self.say_goodbye(connection, end).await;
        end
    }

    fn builder(&self) -> Builder {
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut builder = Builder::new();
        builder
            .max_concurrent_streams(self.options.http2_streams)
            .max_header_list_size(length(self.options.max_header_size))
            .max_send_buffer_size(SEND_BUFFER)
            .initial_connection_window_size(CONNECTION_WINDOW);
        builder
    }

    /// Says why no more requests are answered (RFC 9113 section 6.8), where h2 has not.
    async fn say_goodbye(&self, mut connection: Conversation, end: End) {
        let reason = match end {
            End::Done | End::Broken(_) => return,
            End::Expired(Expired::Delivery | Expired::Stage(Stage::Answering)) => return,
            End::Expired(_) => Reason::NO_ERROR,
            End::Flooded => Reason::ENHANCE_YOUR_CALM,
        };
        connection.abrupt_shutdown(reason);
        let gone = poll_fn(|context| connection.poll_closed(context));
        let _ = timeout(self.options.linger_timeout, gone).await;
    }

    /// Parts from the peer as the end demands.
    async fn part<S: PeekStream, M: Marks>(
        &self,
        mut stream: S,
        streams: &Streams<M>,
        journal: &M,
        end: End,
        mut drain: Drain,
    ) {
        match end {
            End::Expired(Expired::Delivery | Expired::Stage(Stage::Answering)) => {
                return self.give_up(stream, journal);
            }
            End::Expired(Expired::Stage(Stage::Head(_))) => {
                self.counters.request_timeouts.increment();
                journal.mark(Mark::TimedOut {
                    reason: "header_timeout",
                });
            }
            End::Expired(_) => {
                self.counters.idle_timeouts.increment();
                journal.mark(Mark::TimedOut {
                    reason: "idle_timeout",
                });
            }
            End::Flooded | End::Broken(Reason::ENHANCE_YOUR_CALM) => {
                self.counters.floods.increment();
                journal.mark(Mark::Refused {
                    reason: "frame_flood",
                });
            }
            End::Broken(_) => {
                self.counters.protocol_errors.increment();
                journal.mark(Mark::Refused {
                    reason: "http2_protocol_error",
                });
            }
            End::Done => {}
        }
        let more_expected = end != End::Done || streams.are_open();
        let farewell = async {
            poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await?;
            farewell::discard(&mut stream, more_expected).await
        };
        // Whether the peer hears it or not, this is the end; but what was answered it may still take.
        let _ = timeout(self.options.linger_timeout, farewell).await;
        let sent = streams.offsets().1;
        if is_slow_to_the_end(&mut stream, journal, sent, &self.options, &mut drain).await {
            self.give_up(stream, journal);
        }
    }

    /// Resets a connection whose peer does not take its answers.
    fn give_up<S: PeekStream, M: Marks>(&self, stream: S, journal: &M) {
        self.counters.stalled_answers.increment();
        journal.mark(Mark::TimedOut {
            reason: SLOW_READER,
        });
        stream.abort();
    }
}

/// Drives a connection until there is a request, or none any more.
async fn next(connection: &mut Conversation, watch: &dyn Watch) -> Result<Asked, End> {
    let mut accepting = pin!(connection.accept());
    poll_fn(|context| {
        let accepted = accepting.as_mut().poll(context);
        Poll::Ready(match accepted {
            _ if watch.is_flooded() => Err(End::Flooded),
            Poll::Ready(Some(Ok(asked))) => Ok(asked),
            Poll::Ready(Some(Err(error))) => Err(ended(&error)),
            Poll::Ready(None) => Err(End::Done),
            Poll::Pending => return Poll::Pending,
        })
    })
    .await
}

/// What an error of h2's means: it may as well be the stream beneath, or the peer's own GOAWAY.
fn ended(error: &h2::Error) -> End {
    match error.reason() {
        Some(reason) if error.is_library() && reason != Reason::NO_ERROR => End::Broken(reason),
        _ => End::Done,
    }
}

fn moved<M: Marks>(streams: &Streams<M>, journal: &M) -> Moved {
    let (received, sent) = streams.offsets();
    let acknowledged = journal.acknowledged();
    // h2 reads on while it cannot write: what comes meanwhile does not speak for who takes nothing.
    let received = match streams.stage() {
        Stage::Answering => 0,
        _ => received,
    };
    Moved {
        moved: received + sent + acknowledged.unwrap_or(0),
        sent,
        acknowledged,
    }
}

impl<H> Adjust for Http2<H> {
    fn adjusted(&self, options: &ServeOptions) -> Self {
        Self {
            options: Rc::new(options.clone()),
            ..self.clone()
        }
    }
}

impl<S, M, H> ConnectionService<S, M> for Http2<H>
where
    S: PeekStream + 'static,
    M: Marks,
    H: Handler<M>,
{
    async fn serve(&self, stream: S, journal: M, drain: Drain) {
        Http2::serve(self, stream, journal, drain).await;
    }
}
