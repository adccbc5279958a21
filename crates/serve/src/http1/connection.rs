//! One connection, from its first byte to its last.

use super::last_answer;
use super::service::Service;
use crate::counters::ServeCounters;
use crate::delivery::{SLOW_READER, is_slow_to_the_end};
use crate::farewell;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::ready::answers::ReadyAnswers;
use crate::ready::plain;
use crate::server::{Adjust, ConnectionService, Drain, asked_to_drain};
use crate::stream::PeekStream;
use crate::turnstile::{Exchange, Handed, Stage, Turnstile};
use crate::watchdog::{Expired, Moved, Watchdog};
use crate::websocket::{self, Upgraded, memory::Memory};
use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use periplus_journey::{Label, Mark};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::AsyncWrite;
use tokio::time::timeout;

/// What hyper may hold of an answer before it must write: the least it knows, because the send queue is the place to wait. It
/// bounds a header section as well, and is as large as that may be.
const BUFFER_SIZE: usize = 8 * 1024;

/// Serves HTTP/1.1 connections with one handler.
#[derive(Debug)]
pub struct Http1<H> {
    handler: Rc<H>,
    options: Rc<ServeOptions>,
    counters: Arc<ServeCounters>,
    /// For the WebSocket messages of all connections.
    messages: Memory,
    ready: ReadyAnswers,
}

/// Why a connection is not served any longer.
#[derive(Clone, Copy)]
enum End {
    /// hyper is done with it, for better or worse.
    Done,
    /// This has taken too long.
    Expired(Expired),
}

impl<H> Clone for Http1<H> {
    fn clone(&self) -> Self {
        Self {
            handler: self.handler.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
            messages: self.messages.clone(),
            ready: self.ready.clone(),
        }
    }
}

impl<H> Http1<H> {
    /// With `handler` for every request.
    pub fn new(handler: H, options: ServeOptions, counters: Arc<ServeCounters>) -> Self {
        Self::sharing(Rc::new(handler), options, counters)
    }

    /// With a handler that others have as well.
    pub(crate) fn sharing(
        handler: Rc<H>,
        options: ServeOptions,
        counters: Arc<ServeCounters>,
    ) -> Self {
        Self {
            handler,
            messages: Memory::new(options.message_memory),
            options: Rc::new(options),
            counters,
            ready: ReadyAnswers::default(),
        }
    }

    /// Serves one connection to its end. Nothing may have been read from or written to it.
    pub async fn serve<S, M>(&self, stream: S, journal: M, mut drain: Drain)
    where
        S: PeekStream,
        M: Marks,
        H: Handler<M>,
    {
        let exchange = Exchange::new(journal, self.counters.clone());
        let serves_https = stream.is_secure() || self.options.https_gateway;
        let handed = Handed::default();
        let conversation = Rc::new(Cell::new(None));
        let mut turnstile = Turnstile::new(stream, exchange.clone(), handed.clone())
            .with_max_target(self.options.max_target_length);
        if plain::is_within(&self.options) {
            turnstile = turnstile.with_ready(self.ready.noting(self.options.access_log));
        }
        let service = Rc::new(Service {
            handler: self.handler.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
            exchange: exchange.clone(),
            serves_https,
            handed,
            conversation: conversation.clone(),
            ready: self.ready.clone(),
        });
        let service = service_fn(move |request| service.clone().call(request));
        let mut connection = self
            .builder()
            .serve_connection(TokioIo::new(turnstile), service);
        let mut watchdog = Watchdog::new(&self.options);
        let marks = exchange.marks();
        let moved = || {
            let acknowledged = marks.acknowledged();
            Moved {
                moved: exchange.moved() + acknowledged.unwrap_or(0),
                sent: exchange.offsets().1,
                acknowledged,
            }
        };
        let mut draining = false;
        let end = loop {
            let expired = poll_fn(|context| {
                watchdog.poll_expired(context, &self.options, exchange.stage(), moved)
            });
            tokio::select! {
                biased;
                // hyper's own account of the end says nothing that the exchange does not.
                _ = &mut connection => break End::Done,
                () = asked_to_drain(&mut drain), if !draining => {
                    draining = true;
                    if exchange.drain() {
                        Pin::new(&mut connection).graceful_shutdown();
                    }
                }
                expired = expired => break End::Expired(expired),
            }
        };
        let http1::Parts { io, read_buf, .. } = connection.into_parts();
        let turnstile = io.into_inner();
        let left = read_buf.len();
        drop((read_buf, watchdog));
        if exchange.is_upgraded(left)
            && let Some(conversation) = conversation.take()
        {
            let upgraded = Upgraded {
                stream: turnstile.into_stream(),
                marks: exchange.marks(),
                offsets: exchange.offsets(),
            };
            let websocket = websocket::serve(
                upgraded,
                conversation,
                &self.options,
                &self.counters,
                &self.messages,
                drain,
            );
            // Apart, so that a connection that never speaks it is no larger for it.
            Box::pin(websocket).await;
            return;
        }
        // Apart as well: it may last, and a connection that has not ended is no larger for it.
        Box::pin(self.part(turnstile, &exchange, end, drain)).await;
    }

    fn builder(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            // The watchdog's: hyper's would count the silence between requests as well.
            .header_read_timeout(None)
            .max_buf_size(BUFFER_SIZE.max(self.options.max_header_size))
            .max_header_size(self.options.max_header_size)
            .max_headers(self.options.max_headers);
        builder
    }

    /// Parts from the peer as the end demands.
    async fn part<S: PeekStream, M: Marks>(
        &self,
        mut turnstile: Turnstile<S, M>,
        exchange: &Exchange<M>,
        end: End,
        mut drain: Drain,
    ) {
        let marks = exchange.marks();
        let mut owed = None;
        match end {
            // The answer broke off, or its reader did: an orderly end would make a part look like the whole.
            End::Done if exchange.is_answering() => {
                turnstile.into_stream().abort();
                return;
            }
            End::Expired(Expired::Delivery | Expired::Stage(Stage::Answering)) => {
                return self.give_up(turnstile, &marks);
            }
            End::Expired(Expired::Stage(Stage::Idle)) => {
                self.counters.idle_timeouts.increment();
                marks.mark(Mark::TimedOut {
                    reason: "idle_timeout",
                });
            }
            End::Expired(Expired::Stage(stage)) => {
                self.counters.request_timeouts.increment();
                let reason = match stage {
                    Stage::Head(_) => "header_timeout",
                    _ => "stall_timeout",
                };
                marks.mark(Mark::Label(Label::Reason(reason.into())));
                // RFC 9110 section 15.5.9.
                owed = (exchange.owes_an_answer() && turnstile.is_between_answers()).then_some((
                    StatusCode::REQUEST_TIMEOUT,
                    "The request did not arrive in time.",
                ));
            }
            End::Done => {
                let refusal = exchange.owed_refusal();
                owed = refusal.map(|refusal| (refusal.status(), refusal.explanation()));
            }
        }
        let farewell = async {
            if let Some((status, explanation)) = owed {
                let to = exchange.answer_to();
                last_answer::answer(&mut turnstile, status, explanation, to).await?;
            }
            poll_fn(|context| Pin::new(&mut turnstile).poll_shutdown(context)).await?;
            farewell::discard(turnstile.stream_mut(), exchange.was_cut()).await
        };
        // Whether the peer hears it or not, this is the end; but what was answered it may still take.
        let _ = timeout(self.options.linger_timeout, farewell).await;
        let sent = exchange.offsets().1;
        let stream = turnstile.stream_mut();
        let slow = is_slow_to_the_end(stream, &marks, sent, &self.options, &mut drain).await;
        if slow {
            self.give_up(turnstile, &marks);
        }
    }

    /// Resets a connection whose peer does not take its answer.
    fn give_up<S: PeekStream, M: Marks>(&self, turnstile: Turnstile<S, M>, marks: &M) {
        self.counters.stalled_answers.increment();
        marks.mark(Mark::TimedOut {
            reason: SLOW_READER,
        });
        turnstile.into_stream().abort();
    }
}

impl<H> Adjust for Http1<H> {
    fn adjusted(&self, options: &ServeOptions) -> Self {
        Self {
            options: Rc::new(options.clone()),
            ready: {
                // The handler's answers may be others from now on.
                self.ready.clear();
                self.ready.clone()
            },
            ..self.clone()
        }
    }
}

impl<S, M, H> ConnectionService<S, M> for Http1<H>
where
    S: PeekStream,
    M: Marks,
    H: Handler<M>,
{
    async fn serve(&self, stream: S, journal: M, drain: Drain) {
        Http1::serve(self, stream, journal, drain).await;
    }
}
