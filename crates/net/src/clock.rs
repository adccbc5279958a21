//! The process's clock: the only place outside tests and benchmarks where time is asked for.
//!
//! [`Instant`] is plain data; everything under this crate is told what time it is.

use periplus_journey::Instant;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::sync::OnceLock;

const NANOSECONDS: u64 = 1_000_000_000;

/// What the kernel's clocks said when ours started.
struct Start {
    monotonic: u64,
    unix: u64,
}

static START: OnceLock<Start> = OnceLock::new();

fn start() -> &'static Start {
    START.get_or_init(|| Start {
        monotonic: read(ClockId::Monotonic),
        unix: read(ClockId::Realtime),
    })
}

fn read(clock: ClockId) -> u64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    tv_sec as u64 * NANOSECONDS + tv_nsec as u64
}

/// The time now: nanoseconds since the process first asked, never going back.
pub fn now() -> Instant {
    let start = start();
    Instant::from_nanos(read(ClockId::Monotonic).saturating_sub(start.monotonic))
}

/// `instant` as nanoseconds since 1970-01-01 00:00 UTC.
///
/// The host's wall clock is read once, at the start. A later step of it is not followed, so that the times of two records
/// always stand in the order in which things happened.
pub fn unix_nanos(instant: Instant) -> u64 {
    start().unix + instant.as_nanos()
}

/// `instant` on the kernel's monotonic clock, for a timer that waits until a moment.
pub(crate) fn monotonic(instant: Instant) -> Timespec {
    let nanoseconds = start().monotonic.saturating_add(instant.as_nanos());
    Timespec {
        tv_sec: (nanoseconds / NANOSECONDS) as i64,
        tv_nsec: (nanoseconds % NANOSECONDS) as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    #[test]
    fn time_does_not_go_back() {
        let before = now();
        assert!(now() >= before);
    }

    #[test]
    fn an_instant_is_found_on_the_wall_clock() {
        let ours = Duration::from_nanos(unix_nanos(now()));
        let theirs = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let difference = ours.abs_diff(theirs);
        // the host may set its clock in between, or leave us aside: a wrong unit or epoch is years away
        let hour = Duration::from_secs(3600);
        assert!(difference < hour, "{difference:?}");
    }
}
