//! Guards how long a WebSocket may wait.

use super::link::Stage;
use crate::delivery::Delivery;
use crate::options::ServeOptions;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// One timer a connection, that costs a message nothing: when it ends, it looks whether anything has moved since it was
/// set. Hence a wait ends between its limit and that and one `idle_timeout` more.
pub(super) struct Watchdog {
    timer: Pin<Box<Sleep>>,
    /// What the connection was waiting for when the timer was set, and how many bytes had moved.
    seen: (Stage, u64),
    /// The client was asked for a sign of life when the timer was set.
    has_asked: bool,
    delivery: Delivery,
}

/// What a connection is waiting for.
pub(super) struct Waiting {
    pub(super) stage: Stage,
    /// How many bytes have moved in the direction of that.
    pub(super) moved: u64,
    pub(super) sent: u64,
    /// By the client, of what was sent.
    pub(super) acknowledged: Option<u64>,
}

/// What is to be done about a wait.
pub(super) enum Alarm {
    /// The client has said nothing for long: it may be gone.
    Ask,
    /// It has lasted too long.
    Late(Stage),
}

impl Watchdog {
    pub(super) fn new(options: &ServeOptions) -> Self {
        Self {
            timer: Box::pin(sleep(options.idle_timeout)),
            seen: (Stage::Quiet, 0),
            has_asked: false,
            delivery: Delivery::new(),
        }
    }

    /// Ready when something is to be done about a wait. What is `waiting` is asked only when the timer ends.
    pub(super) fn poll_alarm(
        &mut self,
        context: &mut Context<'_>,
        options: &ServeOptions,
        waiting: impl Fn() -> Waiting,
    ) -> Poll<Alarm> {
        while self.timer.as_mut().poll(context).is_ready() {
            let Waiting {
                stage,
                moved,
                sent,
                acknowledged,
            } = waiting();
            if self.delivery.is_too_slow(options, sent, acknowledged) {
                return Poll::Ready(Alarm::Late(Stage::Writing));
            }
            let late = match stage {
                // It may last as long as it does, but not longer: bytes that arrive meanwhile make it no shorter.
                Stage::Handling(_) => stage == self.seen.0,
                Stage::Quiet | Stage::Arriving | Stage::Writing => (stage, moved) == self.seen,
                // The client has spoken, and whoever does not listen may be speaking himself.
                Stage::Held => false,
            };
            if late && (stage != Stage::Quiet || self.has_asked) {
                return Poll::Ready(Alarm::Late(stage));
            }
            self.seen = (stage, moved);
            self.has_asked = late;
            self.timer
                .as_mut()
                .reset(Instant::now() + limit(options, stage));
            if late {
                return Poll::Ready(Alarm::Ask);
            }
        }
        Poll::Pending
    }
}

fn limit(options: &ServeOptions, stage: Stage) -> Duration {
    match stage {
        Stage::Quiet | Stage::Held => options.idle_timeout,
        Stage::Arriving | Stage::Writing => options.stall_timeout,
        Stage::Handling(_) => options.handler_timeout,
    }
}
