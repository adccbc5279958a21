//! Guards how long a connection may wait for its peer.

use crate::options::ServeOptions;
use crate::turnstile::Stage;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// One timer a connection, that costs a request nothing: it is not set again when something moves, but looks, when it
/// ends, whether anything has moved since it was set. Hence a wait ends after one to two times its limit. Only a header
/// section is held to its limit exactly, because what arrives of it, a byte at a time, is what makes it late.
pub(super) struct Watchdog {
    timer: Pin<Box<Sleep>>,
    /// What the connection was waiting for when the timer was set, and how many bytes had moved.
    seen: (Stage, u64),
}

impl Watchdog {
    pub(super) fn new(options: &ServeOptions) -> Self {
        Self {
            timer: Box::pin(sleep(options.idle_timeout)),
            seen: (Stage::Idle, 0),
        }
    }

    /// Ready with what the connection has waited for too long. `moved` are the bytes that have moved on it so far.
    pub(super) fn poll_expired(
        &mut self,
        context: &mut Context<'_>,
        options: &ServeOptions,
        stage: Stage,
        moved: u64,
    ) -> Poll<Stage> {
        if let Stage::Head(_) = stage
            && stage != self.seen.0
        {
            self.set(options, stage, moved);
        }
        while self.timer.as_mut().poll(context).is_ready() {
            let late = match stage {
                Stage::Head(_) => stage == self.seen.0,
                Stage::Idle | Stage::Content | Stage::Answering => (stage, moved) == self.seen,
                // The handler has a limit of its own, and what was upgraded is another protocol's.
                Stage::Handling | Stage::Upgraded => false,
            };
            if late {
                return Poll::Ready(stage);
            }
            self.set(options, stage, moved);
        }
        Poll::Pending
    }

    fn set(&mut self, options: &ServeOptions, stage: Stage, moved: u64) {
        self.seen = (stage, moved);
        self.timer
            .as_mut()
            .reset(Instant::now() + limit(options, stage));
    }
}

fn limit(options: &ServeOptions, stage: Stage) -> Duration {
    match stage {
        Stage::Head(_) => options.header_timeout,
        Stage::Content | Stage::Answering => options.stall_timeout,
        Stage::Idle | Stage::Handling | Stage::Upgraded => options.idle_timeout,
    }
}
