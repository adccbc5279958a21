//! One connection, from its first byte to its last.

use super::answering::{Answering, Trouble, handle};
use super::handler::Handler;
use super::reading::{Look, Reading};
use crate::counters::ServeCounters;
use crate::delivery::{Delivery, SLOW_READER, is_slow_to_the_end};
use crate::farewell;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{ConnectionService, Drain, asked_to_drain};
use crate::stream::PeekStream;
use periplus_journey::Mark;
use periplus_protocol::{Codec, ErrorClass, Policy};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Serves connections on which the protocol of a codec is spoken, with one handler.
///
/// Of [`ServeOptions`] it keeps the limits that are not the protocol's own: how long the handler may take, how long
/// nothing of an answer may move, and how long what a client still sends is thrown away.
#[derive(Debug)]
pub struct Protocol<C, H> {
    codec: C,
    handler: Rc<H>,
    options: Rc<ServeOptions>,
    counters: Arc<ServeCounters>,
}

impl<C: Clone, H> Clone for Protocol<C, H> {
    fn clone(&self) -> Self {
        Self {
            codec: self.codec.clone(),
            handler: self.handler.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
        }
    }
}

impl<C, H> Protocol<C, H> {
    /// With a clone of `codec` for every connection, and `handler` for every request.
    pub fn new(codec: C, handler: H, options: ServeOptions, counters: Arc<ServeCounters>) -> Self {
        Self {
            codec,
            handler: Rc::new(handler),
            options: Rc::new(options),
            counters,
        }
    }
}

impl<S, M, C, H> ConnectionService<S, M> for Protocol<C, H>
where
    S: PeekStream,
    M: Marks,
    C: Codec + 'static,
    H: Handler<C::Request>,
{
    async fn serve(&self, stream: S, journal: M, drain: Drain) {
        let connection = Connection {
            stream,
            journal,
            reading: Reading::new(self.codec.clone()),
            answering: Answering::default(),
            delivery: Delivery::new(),
            options: &self.options,
            counters: &self.counters,
        };
        connection.serve(&*self.handler, drain).await;
    }
}

struct Connection<'a, S, M, C> {
    stream: S,
    journal: M,
    reading: Reading<C>,
    answering: Answering,
    delivery: Delivery,
    options: &'a ServeOptions,
    counters: &'a ServeCounters,
}

/// What came of waiting for a request.
enum Arrival<R> {
    Request(R),
    /// There is none: what came is not one, or not the whole of one.
    Refused(Policy),
    /// Nothing more is to be answered.
    Over,
    /// The connection is broken.
    Broken,
}

/// How a connection is parted from.
enum End {
    /// In order.
    InOrder,
    /// In order; the peer may still be sending what nobody will read.
    Unheard,
    /// The peer does not take its answer: by a reset, so that a part of it is not taken for the whole.
    TooSlow,
    /// It is over already.
    Broken,
}

impl<S: PeekStream, M: Marks, C: Codec> Connection<'_, S, M, C> {
    async fn serve<H: Handler<C::Request>>(mut self, handler: &H, mut drain: Drain) {
        let pipelined = self.reading.reader().limits().pipelined;
        let mut in_a_row = 0;
        // What is here when the server ends is answered, but not whatever a client goes on to send.
        let mut left = pipelined;
        let end = loop {
            if *drain.borrow() {
                if left == 0 {
                    break End::InOrder;
                }
                left -= 1;
            }
            let ended = match self.arrival(&mut drain).await {
                Arrival::Request(request) => self.answer(handler, request).await,
                Arrival::Refused(policy) => self.obey(policy, End::Unheard).await,
                Arrival::Over => Some(End::InOrder),
                Arrival::Broken => Some(End::Broken),
            };
            if let Some(end) = ended {
                break end;
            }
            in_a_row += 1;
            if in_a_row >= pipelined {
                in_a_row = 0;
                tokio::task::yield_now().await;
            }
        };
        self.part(end, &mut drain).await;
    }

    /// Waits for a request, as long as its protocol allows.
    async fn arrival(&mut self, drain: &mut Drain) -> Arrival<C::Request> {
        let limits = *self.reading.reader().limits();
        let silence = if self.reading.is_at_start() {
            limits.first_byte_timeout
        } else {
            limits.idle_timeout
        };
        let mut look = tokio::select! {
            biased;
            look = self.look() => look,
            () = asked_to_drain(drain) => return Arrival::Over,
            () = sleep(silence) => {
                self.counters.idle_timeouts.increment();
                self.journal.mark(Mark::TimedOut { reason: "idle_timeout" });
                return Arrival::Over;
            }
        };
        let deadline = Instant::now() + limits.complete_timeout;
        loop {
            match look {
                Ok(Look::More) => {}
                Ok(Look::Request(request)) => return Arrival::Request(request),
                Ok(Look::Rejected(policy)) => {
                    self.counters.rejections.increment();
                    return Arrival::Refused(policy);
                }
                Ok(Look::Ended) => return self.give_up(ErrorClass::Truncated),
                Err(_) => return Arrival::Broken,
            }
            look = match timeout_at(deadline, self.look()).await {
                Ok(look) => look,
                Err(_) => {
                    self.counters.request_timeouts.increment();
                    return self.give_up(ErrorClass::Timeout);
                }
            };
        }
    }

    async fn look(&mut self) -> io::Result<Look<C::Request>> {
        poll_fn(|context| {
            self.reading
                .poll_look(context, &mut self.stream, &self.journal)
        })
        .await
    }

    /// No more of the request will be read.
    fn give_up(&self, class: ErrorClass) -> Arrival<C::Request> {
        match self.reading.give_up(class, &self.journal) {
            Some(policy) => Arrival::Refused(policy),
            None => Arrival::Over,
        }
    }

    async fn answer<H: Handler<C::Request>>(
        &mut self,
        handler: &H,
        request: C::Request,
    ) -> Option<End> {
        let (options, counters) = (self.options, self.counters);
        let answer = handle(handler, request, options, counters, &self.journal).await;
        let Some(answer) = answer else {
            let policy = self.reading.reader().codec().fail();
            return self.obey(policy, End::InOrder).await;
        };
        self.write(answer.bytes, answer.status)
            .await
            .or(answer.closes.then_some(End::InOrder))
    }

    /// Does what the codec wants done with a connection on which something went wrong.
    async fn obey(&mut self, policy: Policy, end: End) -> Option<End> {
        match policy {
            Policy::Close => Some(end),
            Policy::ReplyAndClose(answer) => self.write(answer, None).await.or(Some(end)),
        }
    }

    /// Writes an answer. It is the end if that fails.
    async fn write(&mut self, bytes: bytes::Bytes, status: Option<u16>) -> Option<End> {
        let (stream, options) = (&mut self.stream, self.options);
        let written = self
            .answering
            .write(
                bytes,
                status,
                stream,
                options,
                &self.journal,
                &mut self.delivery,
            )
            .await;
        match written {
            Ok(()) => None,
            Err(Trouble::Stalled) => Some(End::TooSlow),
            Err(Trouble::Broken) => Some(End::Broken),
        }
    }

    /// Parts from the peer as the end demands.
    async fn part(mut self, end: End, drain: &mut Drain) {
        let more_expected = match end {
            End::InOrder => false,
            End::Unheard => true,
            End::TooSlow => return self.give_up_delivering(),
            End::Broken => return,
        };
        let farewell = async {
            poll_fn(|context| Pin::new(&mut self.stream).poll_shutdown(context)).await?;
            farewell::discard(&mut self.stream, more_expected).await
        };
        // Whether the peer hears it or not, this is the end; but what was answered it may still take.
        let _ = timeout(self.options.linger_timeout, farewell).await;
        let (stream, sent) = (&mut self.stream, self.answering.sent());
        if is_slow_to_the_end(stream, &self.journal, sent, self.options, drain).await {
            self.give_up_delivering();
        }
    }

    fn give_up_delivering(self) {
        self.counters.stalled_answers.increment();
        self.journal.mark(Mark::TimedOut {
            reason: SLOW_READER,
        });
        self.stream.abort();
    }
}
