//! The driver's alarm clock.

use crate::clock;
use periplus_journey::Instant;
use rustix::io::{Errno, read};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

/// A `timerfd` among the runtime's descriptors. Tokio's own timer rounds to a millisecond, thirty times a round trip here.
pub(crate) struct Timer {
    descriptor: AsyncFd<OwnedFd>,
    /// When it rings next. Setting it costs a system call, so a deadline that moves further away is left to ring for
    /// nothing once, and a driver that is re-armed with every packet seldom asks the kernel.
    armed: Option<Instant>,
}

impl Timer {
    /// A timer that is not set. Must be made inside a tokio runtime with I/O enabled.
    pub(crate) fn new() -> io::Result<Self> {
        let descriptor = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        #[allow(
            deprecated,
            reason = "unsound for types that change their descriptor; `OwnedFd` does not, and `register` is unsafe"
        )]
        let descriptor = AsyncFd::new(descriptor)?;
        Ok(Self {
            descriptor,
            armed: None,
        })
    }

    /// Sees to it that the task is woken at `deadline` at the latest. `Ready` if that is not after `now`.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Poll<()> {
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Poll::Ready(());
        }
        while let Poll::Ready(readiness) = self.descriptor.poll_read_ready(context) {
            self.armed = None;
            let Ok(mut readiness) = readiness else { break };
            // One `read` takes the expiry, the next finds nothing and clears the readiness.
            let _ = readiness.try_io(|descriptor| Ok(read(descriptor.get_ref(), &mut [0u8; 8])?));
        }
        if let Some(deadline) = deadline
            && self.armed.is_none_or(|armed| deadline < armed)
        {
            self.set(deadline).expect(
                "the kernel refuses only times that are no times, and timers that are none",
            );
            self.armed = Some(deadline);
        }
        Poll::Pending
    }

    fn set(&self, deadline: Instant) -> Result<(), Errno> {
        let once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let value = Itimerspec {
            it_interval: once,
            it_value: clock::monotonic(deadline),
        };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::ABSTIME, &value).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    #[tokio::test]
    async fn it_rings_after_the_deadline_and_within_a_millisecond_of_it() {
        let mut timer = Timer::new().unwrap();
        let mut best = Duration::MAX;
        // The best of ten: the machine may be busy, never early.
        for _ in 0..10 {
            let deadline = clock::now() + Duration::from_micros(300);
            poll_fn(|context| timer.poll(context, clock::now(), Some(deadline))).await;
            best = best.min(clock::now().since(deadline));
        }
        assert!(best < Duration::from_millis(1), "{best:?}");
    }

    #[tokio::test]
    async fn a_deadline_that_moved_away_rings_at_its_new_time() {
        let mut timer = Timer::new().unwrap();
        let start = clock::now();
        let mut deadline = start + Duration::from_millis(1);
        poll_fn(|context| {
            let poll = timer.poll(context, clock::now(), Some(deadline));
            deadline = start + Duration::from_millis(5);
            poll
        })
        .await;
        assert!(clock::now() >= deadline);
    }
}
