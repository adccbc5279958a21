//! An alarm clock for the link.

use periplus_journey::Instant;
use periplus_net::clock;
use rustix::io::read;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::os::fd::OwnedFd;
use tokio::io::unix::AsyncFd;

/// A `timerfd`: tokio's own timer rounds to a millisecond, and frames that come in clumps are another path.
pub(crate) struct Alarm(AsyncFd<OwnedFd>);

impl Alarm {
    pub(crate) fn new() -> Self {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).expect("a timer is to be had");
        #[allow(
            deprecated,
            reason = "unsound for types that change their descriptor; `OwnedFd` does not, and `register` is unsafe"
        )]
        let timer = AsyncFd::new(timer).expect("the runtime takes descriptors");
        Self(timer)
    }

    /// Waits until `due`, and for ever without one. May be given up at any time.
    pub(crate) async fn ring_at(&mut self, due: Option<Instant>) {
        let nanoseconds = match due {
            // a time of 0 would switch the timer off
            Some(due) => u64::try_from(due.since(clock::now()).as_nanos())
                .unwrap_or(u64::MAX)
                .max(1),
            None => 0,
        };
        let value = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: (nanoseconds / 1_000_000_000) as i64,
                tv_nsec: (nanoseconds % 1_000_000_000) as i64,
            },
        };
        timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &value)
            .expect("a span of time is one");
        loop {
            let mut ready = self.0.readable().await.expect("the runtime is there");
            if ready
                .try_io(|timer| Ok(read(timer.get_ref(), &mut [0u8; 8])?))
                .is_ok()
            {
                return;
            }
        }
    }
}
