//! Guards how long a connection may wait for its peer.

use crate::delivery::Delivery;
use crate::options::ServeOptions;
use crate::turnstile::Stage;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// One timer a connection, that costs a request nothing: it is not set again when something moves, but looks, when it
/// ends, whether anything has moved since it was set. Hence a wait ends after one to two times its limit. Only a header
/// section is held to its limit exactly, because what arrives of it, a byte at a time, is what makes it late.
pub(crate) struct Watchdog {
    timer: Pin<Box<Sleep>>,
    /// What the connection was waiting for when the timer was set, and how many bytes had moved.
    seen: (Stage, u64),
    delivery: Delivery,
}

/// What has taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// To wait for this.
    Stage(Stage),
    /// The peer, to take what is written for it.
    Delivery,
}

/// What has moved on a connection so far, in bytes.
pub(crate) struct Moved {
    /// In both directions, and what the peer has taken of it: a send queue has room only now and then.
    pub(crate) moved: u64,
    pub(crate) sent: u64,
    /// By the peer, of what was sent.
    pub(crate) acknowledged: Option<u64>,
}

impl Watchdog {
    pub(crate) fn new(options: &ServeOptions) -> Self {
        Self {
            timer: Box::pin(sleep(options.idle_timeout)),
            seen: (Stage::Idle, 0),
            delivery: Delivery::new(),
        }
    }

    /// Ready with what has taken too long. `moved` is asked only when the timer ends.
    pub(crate) fn poll_expired(
        &mut self,
        context: &mut Context<'_>,
        options: &ServeOptions,
        stage: Stage,
        moved: impl Fn() -> Moved,
    ) -> Poll<Expired> {
        if let Stage::Head(_) = stage
            && stage != self.seen.0
        {
            // Nobody who takes nothing is spared for heads that are begun one after the other.
            if self.delivery.is_due(options) && self.is_too_slow(options, &moved()) {
                return Poll::Ready(Expired::Delivery);
            }
            self.set(limit(options, stage), stage, 0); // it is late whatever moves
        }
        while self.timer.as_mut().poll(context).is_ready() {
            let moved = moved();
            if self.is_too_slow(options, &moved) {
                return Poll::Ready(Expired::Delivery);
            }
            let Moved {
                moved,
                sent,
                acknowledged,
            } = moved;
            // Who is still taking its answer is not idle, however quiet.
            let is_taking = stage == Stage::Idle
                && acknowledged.is_some_and(|acknowledged| acknowledged < sent);
            let late = match stage {
                Stage::Head(_) => stage == self.seen.0,
                Stage::Idle | Stage::Content | Stage::Answering => (stage, moved) == self.seen,
                // The handler has a limit of its own, and what was upgraded is another protocol's.
                Stage::Handling | Stage::Upgraded => false,
            };
            if late && !is_taking {
                return Poll::Ready(Expired::Stage(stage));
            }
            let limit = if is_taking {
                options.stall_timeout
            } else {
                limit(options, stage)
            };
            self.set(limit, stage, moved);
        }
        Poll::Pending
    }

    fn is_too_slow(&mut self, options: &ServeOptions, moved: &Moved) -> bool {
        self.delivery
            .is_too_slow(options, moved.sent, moved.acknowledged)
    }

    fn set(&mut self, limit: Duration, stage: Stage, moved: u64) {
        self.seen = (stage, moved);
        self.timer.as_mut().reset(Instant::now() + limit);
    }
}

fn limit(options: &ServeOptions, stage: Stage) -> Duration {
    match stage {
        Stage::Head(_) => options.header_timeout,
        Stage::Content | Stage::Answering => options.stall_timeout,
        Stage::Idle | Stage::Handling | Stage::Upgraded => options.idle_timeout,
    }
}
