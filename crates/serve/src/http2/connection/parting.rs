//! The end of a connection, and what is said of it.

use super::{Conversation, Http2};
use crate::delivery::{SLOW_READER, is_slow_to_the_end};
use crate::farewell;
use crate::http2::streams::Streams;
use crate::marks::Marks;
use crate::server::Drain;
use crate::stream::PeekStream;
use crate::turnstile::Stage;
use crate::watchdog::Expired;
use h2::Reason;
use periplus_journey::Mark;
use std::future::poll_fn;
use std::pin::Pin;
use tokio::time::timeout;

/// Why a connection is not served any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// h2 is done with it.
    Done,
    /// Its peer broke the protocol, and h2 has said so.
    Broken(Reason),
    /// This has taken too long.
    Expired(Expired),
    /// Its peer sends what asks for nothing, and too much of it.
    Flooded,
}

impl End {
    /// What an error of h2's means: it may as well be the stream beneath, or the peer's own GOAWAY.
    pub(super) fn of(error: &h2::Error) -> Self {
        match error.reason() {
            Some(reason) if error.is_library() && reason != Reason::NO_ERROR => {
                Self::Broken(reason)
            }
            _ => Self::Done,
        }
    }
}

impl<H> Http2<H> {
    /// Says why no more requests are answered (RFC 9113 section 6.8), where h2 has not.
    pub(super) async fn say_goodbye(&self, mut connection: Conversation, end: End) {
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
    pub(super) async fn part<S: PeekStream, M: Marks>(
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
