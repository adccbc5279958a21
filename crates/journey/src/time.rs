//! Time as plain data.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A moment: nanoseconds since the start of the clock that the driver (or a test) keeps. Plain data: comparing,
/// adding and storing it asks nobody for the time.
///
/// It is kept as one more than its nanoseconds, so that an `Option<Instant>` takes no more room than an `Instant`: a
/// connection and a record have many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Instant = Instant(NonZeroU64::MIN);
    /// Later than everything that happens.
    pub const FAR_FUTURE: Instant = Instant(NonZeroU64::MAX);

    /// The moment `nanoseconds` after the clock's start.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(nanoseconds))
    }

    /// The moment `milliseconds` after the clock's start.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self::from_nanos(milliseconds * 1_000_000)
    }

    /// Nanoseconds since the clock's start.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// Whole milliseconds since the clock's start.
    pub const fn as_millis(self) -> u64 {
        self.as_nanos() / 1_000_000
    }

    /// The earliest of those that are set.
    #[inline]
    pub fn earliest<const N: usize>(moments: [Option<Instant>; N]) -> Option<Instant> {
        // What is not set comes after everything: without a branch each.
        let mut earliest = u64::MAX;
        for moment in moments {
            let number = moment.map_or(0, |moment| moment.0.get());
            earliest = earliest.min(number.wrapping_sub(1));
        }
        NonZeroU64::new(earliest.wrapping_add(1)).map(Self)
    }

    /// The time from `earlier` to this moment, zero if `earlier` is in fact later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl Default for Instant {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    #[inline]
    fn add(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(nanoseconds(duration)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    #[inline]
    fn sub(self, duration: Duration) -> Instant {
        Instant::from_nanos(self.as_nanos().saturating_sub(nanoseconds(duration)))
    }
}

/// All of a duration, or as many as there can be: 584 years.
#[inline]
fn nanoseconds(duration: Duration) -> u64 {
    let whole = duration.as_secs().saturating_mul(1_000_000_000);
    whole.saturating_add(duration.subsec_nanos().into())
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}s",
            self.as_nanos() / 1_000_000_000,
            self.as_nanos() % 1_000_000_000
        )
    }
}
