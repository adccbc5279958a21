//! One connection, from its first byte to its last.

mod parting;

use super::exchange::Service;
use super::streams::Streams;
use super::watched::{Watch, Watched};
use crate::counters::ServeCounters;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{Adjust, ConnectionService, Drain, asked_to_drain};
use crate::stream::PeekStream;
use crate::turnstile::{Handed, Stage};
use crate::watchdog::{Moved, Watchdog};
use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, Connection, SendResponse};
use http::Request;
use parting::End;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::task::JoinSet;

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
                Err(error) => return End::of(&error),
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
}

/// Drives a connection until there is a request, or none any more.
async fn next(connection: &mut Conversation, watch: &dyn Watch) -> Result<Asked, End> {
    let mut accepting = pin!(connection.accept());
    poll_fn(|context| {
        let accepted = accepting.as_mut().poll(context);
        Poll::Ready(match accepted {
            _ if watch.is_flooded() => Err(End::Flooded),
            Poll::Ready(Some(Ok(asked))) => Ok(asked),
            Poll::Ready(Some(Err(error))) => Err(End::of(&error)),
            Poll::Ready(None) => Err(End::Done),
            Poll::Pending => return Poll::Pending,
        })
    })
    .await
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
