//! One WebSocket, from the end of its HTTP to its last byte.

use super::desk::Desk;
use super::exchange::Exchange;
use super::link::{Ended, Link, Stage};
use super::memory::Memory;
use super::message::Close;
use super::socket::{Conversation, WebSocket};
use super::turnstile::Turnstile;
use super::watchdog::{Alarm, Watchdog};
use crate::caught::caught;
use crate::counters::ServeCounters;
use crate::delivery::{SLOW_READER, is_slow_to_the_end};
use crate::farewell;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{Drain, asked_to_drain};
use crate::stream::PeekStream;
use periplus_journey::Mark;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::time::timeout;

/// A connection whose HTTP has ended with a 101.
pub(crate) struct Upgraded<S, M> {
    pub(crate) stream: S,
    pub(crate) marks: M,
    /// Bytes received and sent so far.
    pub(crate) offsets: (u64, u64),
}

/// How it came to an end.
enum End {
    /// The conversation has ended; it panicked if there is nothing it says.
    Said(Option<Close>),
    /// It was cut short.
    Cut(Ended),
    /// Something took too long.
    Late(Stage),
}

/// What is said last.
struct Goodbye {
    close: Close,
    /// To the message that is being handled, or was refused.
    answers: bool,
    /// Whether the client is expected to say Close as well.
    in_order: bool,
}

/// Carries a conversation to its end, and the connection.
pub(crate) async fn serve<S: PeekStream, M: Marks>(
    upgraded: Upgraded<S, M>,
    conversation: Conversation,
    options: &ServeOptions,
    counters: &Arc<ServeCounters>,
    memory: &Memory,
    mut drain: Drain,
) {
    counters.websockets.increment();
    let desk = Desk::default();
    let exchange = Exchange::new(upgraded.marks, counters.clone(), upgraded.offsets);
    let turnstile = Turnstile::new(
        upgraded.stream,
        exchange,
        options.max_message_size as u64,
        memory.claim(),
    );
    let mut link = Link::new(turnstile, desk.clone());
    let mut speaking = pin!(caught(conversation.begin(WebSocket::new(desk.clone()))));
    let mut until_drain = drain.clone();
    let mut draining = pin!(asked_to_drain(&mut until_drain));
    let mut is_draining = false;
    let mut watchdog = Watchdog::new(options);
    let end = poll_fn(|context| {
        if let Poll::Ready(said) = speaking.as_mut().poll(context) {
            return Poll::Ready(End::Said(said));
        }
        if !is_draining && draining.as_mut().poll(context).is_ready() {
            is_draining = true;
            link.drain();
        }
        loop {
            if let Poll::Ready(ended) = link.poll_carry(context) {
                return Poll::Ready(End::Cut(ended));
            }
            match ready!(watchdog.poll_alarm(context, options, || link.waiting())) {
                Alarm::Ask => link.ping(context),
                Alarm::Late(Stage::Arriving) => {
                    return Poll::Ready(End::Cut(link.refuse_overdue()));
                }
                Alarm::Late(stage) => return Poll::Ready(End::Late(stage)),
            }
        }
    })
    .await;

    desk.end();
    let has_ended = matches!(end, End::Said(_));
    let marks = link.turnstile.exchange.marks.clone();
    match goodbye(end, counters, &marks) {
        Err(Broken) => link.turnstile.into_stream().abort(),
        Ok(goodbye) => {
            // Whether the peer hears it or not, this is the end.
            let _ = timeout(options.linger_timeout, part(&mut link, goodbye)).await;
            let sent = link.turnstile.exchange.sent;
            let stream = link.turnstile.stream_mut();
            if is_slow_to_the_end(stream, &marks, sent, options, &mut drain).await {
                counters.stalled_answers.increment();
                marks.mark(Mark::TimedOut {
                    reason: SLOW_READER,
                });
                link.turnstile.into_stream().abort();
            } else {
                drop(link);
            }
        }
    }
    if !has_ended {
        // The connection has ended, and it may have something to put in order.
        if let Ok(None) = timeout(options.handler_timeout, speaking).await {
            counters.handler_panics.increment();
        }
    }
}

/// Nothing can be said any more that would be understood.
struct Broken;

/// What is said last at such an end, if anything.
fn goodbye<M: Marks>(
    end: End,
    counters: &ServeCounters,
    marks: &M,
) -> Result<Option<Goodbye>, Broken> {
    let in_order = |close, answers| {
        Ok(Some(Goodbye {
            close,
            answers,
            in_order: true,
        }))
    };
    match end {
        End::Said(Some(close)) => in_order(close, false),
        End::Said(None) => {
            counters.handler_panics.increment();
            in_order(Close::new(1011, "something broke here"), true)
        }
        End::Cut(Ended::ByPeer | Ended::Gone) => Ok(None),
        End::Cut(Ended::Refused(violation)) => {
            counters.violations.increment();
            Ok(Some(Goodbye {
                close: Close::new(violation.code(), violation.reason()),
                answers: true,
                in_order: false,
            }))
        }
        End::Cut(Ended::Disagreed) => Err(Broken),
        End::Cut(Ended::Drained) => in_order(Close::new(1001, "the server ends"), false),
        End::Late(Stage::Handling(_)) => {
            counters.handler_timeouts.increment();
            in_order(Close::new(1011, "an answer took too long"), true)
        }
        End::Late(Stage::Writing) => {
            counters.stalled_answers.increment();
            marks.mark(Mark::TimedOut {
                reason: SLOW_READER,
            });
            Err(Broken)
        }
        End::Late(_) => {
            counters.idle_timeouts.increment();
            marks.mark(Mark::TimedOut {
                reason: "idle_timeout",
            });
            in_order(Close::new(1001, "nothing was heard for too long"), false)
        }
    }
}

/// Parts from the client.
async fn part<S: PeekStream, M: Marks>(
    link: &mut Link<S, M>,
    goodbye: Option<Goodbye>,
) -> io::Result<()> {
    let mut more_expected = false;
    if let Some(goodbye) = goodbye {
        let mut said = false;
        poll_fn(|context: &mut Context<'_>| {
            if !std::mem::replace(&mut said, true) {
                link.close(context, &goodbye.close, goodbye.answers);
            }
            link.poll_close(context, goodbye.in_order)
        })
        .await;
        more_expected = !goodbye.in_order;
    }
    let stream = link.turnstile.stream_mut();
    poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context)).await?;
    farewell::discard(stream, more_expected).await
}
