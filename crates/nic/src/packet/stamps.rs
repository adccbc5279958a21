//! From the host's wall clock, by which the kernel stamps frames, to the time that the driver keeps.

use periplus_journey::Instant;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// What is known of the two clocks.
#[derive(Debug)]
pub(super) struct Stamps {
    /// What the monotonic clock said when the driver's began. Every look tells it a little too late, by the time from the
    /// driver's reading to ours: the earliest is the closest.
    start: u64,
    /// When the ring was last seen empty: nothing in it came before.
    seen_empty: Instant,
}

/// One reading of the clocks, good for a burst.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    now: Instant,
    /// What the wall clock said at `now`.
    wall: u64,
    seen_empty: Instant,
}

impl Stamps {
    pub(super) fn new() -> Self {
        Self {
            start: u64::MAX,
            seen_empty: Instant::ZERO,
        }
    }

    /// Reads the clocks, a moment after the driver's said `now`.
    pub(super) fn read(&mut self, now: Instant) -> Reading {
        let (monotonic, wall) = (read(ClockId::Monotonic), read(ClockId::Realtime));
        self.reading(now, monotonic, wall)
    }

    fn reading(&mut self, now: Instant, monotonic: u64, wall: u64) -> Reading {
        self.start = self.start.min(monotonic.saturating_sub(now.as_nanos()));
        // the driver may have been kept from coming here at once
        let since = monotonic - self.start - now.as_nanos();
        Reading {
            now,
            wall: wall - since,
            seen_empty: self.seen_empty,
        }
    }

    /// The ring was empty at `now`, or later.
    pub(super) fn saw_empty(&mut self, now: Instant) {
        self.seen_empty = now;
    }
}

impl Reading {
    /// When a frame was written that the wall clock gave `written`. Somebody may have set that clock in between: what was
    /// written lies neither in the future nor before the ring was seen empty.
    pub(super) fn instant(&self, written: u64) -> Instant {
        let age = Duration::from_nanos(self.wall.saturating_sub(written));
        (self.now - age).max(self.seen_empty).min(self.now)
    }
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the clocks say when the driver's says 0.
    const MONOTONIC: u64 = 7_000_000;
    const WALL: u64 = 1_700_000_000_000_000_000;

    fn at(nanoseconds: u64) -> Instant {
        Instant::from_nanos(nanoseconds)
    }

    /// The clocks read `late` nanoseconds after the driver's said `now`.
    fn reading(stamps: &mut Stamps, now: u64, late: u64) -> Reading {
        stamps.reading(at(now), MONOTONIC + now + late, WALL + now + late)
    }

    #[test]
    fn a_stamp_is_as_long_ago_on_one_clock_as_on_the_other() {
        let mut stamps = Stamps::new();
        let look = reading(&mut stamps, 5000, 0);
        assert_eq!(look.instant(WALL + 4000), at(4000));
        assert_eq!(look.instant(WALL + 5000), at(5000));
    }

    #[test]
    fn a_look_that_was_held_up_is_seen_by_the_monotonic_clock() {
        let mut stamps = Stamps::new();
        reading(&mut stamps, 1000, 30);
        let look = reading(&mut stamps, 900_000, 2_000_000);
        // what the earlier look took is all that is left of the difference
        assert_eq!(look.instant(WALL + 800_000), at(800_000 - 30));
    }

    #[test]
    fn nothing_comes_from_the_future() {
        let look = reading(&mut Stamps::new(), 5000, 0);
        assert_eq!(look.instant(WALL + 9000), at(5000));
    }

    #[test]
    fn a_clock_that_is_set_does_not_make_frames_older_than_the_empty_ring() {
        let mut stamps = Stamps::new();
        stamps.saw_empty(at(4000));
        let hour = 3_600_000_000_000;
        let look = stamps.reading(at(5000), MONOTONIC + 5000, WALL + 5000 + hour);
        assert_eq!(look.instant(WALL + 4500), at(4000));
        let look = stamps.reading(at(5000), MONOTONIC + 5000, WALL + 5000 - hour);
        assert_eq!(look.instant(WALL + 4500), at(5000));
    }
}
