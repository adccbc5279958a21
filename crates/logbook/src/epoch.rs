//! From the stack's clock to the calendar's.

use periplus_journey::Instant;

/// The unix time at which the stack's clock began. The stack counts nanoseconds from its own start; a stored record
/// says when it was in the world's time, and this is the one number that joins the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(u64);

impl Epoch {
    /// The clock's start lies `nanoseconds` after 1970-01-01T00:00:00Z.
    pub const fn from_unix_nanos(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// The unix time of `moment`, in nanoseconds.
    pub const fn unix_nanos(self, moment: Instant) -> u64 {
        self.0.saturating_add(moment.as_nanos())
    }
}
