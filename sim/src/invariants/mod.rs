//! What must hold whatever happens on the network.

mod bounds;
mod conservation;
mod ending;
mod peer;
mod progress;
mod records;
mod teardown;
mod window;

use periplus_journey::Instant;
use std::fmt;

pub use bounds::Bounds;
pub use conservation::frames_are_conserved;
pub use ending::{flows_ended_for_a_reason, release_the_forsaken};
pub use peer::{
    the_peer_got_what_was_written, the_unbroken_are_complete, the_unbroken_did_not_fail,
};
pub use progress::{Progress, open};
pub use records::{requests_are_recorded, spines_sum};
pub use teardown::nothing_is_left;

/// Something that must hold and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which invariant.
    pub invariant: Invariant,
    /// When it was seen.
    pub at: Instant,
    /// What was seen.
    pub what: String,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// What is read is what was written, from the first byte on, and all of it where nobody gave up.
    Integrity,
    /// On a good network everything comes to its end.
    Progress,
    /// A connection fails for a reason that can be named.
    Explained,
    /// No queue holds more than it may.
    Bounds,
    /// No storms: frames and timers are in proportion to what they bring, windows to what is lost.
    Proportion,
    /// Every frame is accounted for.
    Conservation,
    /// Every request has its journey, whose stations sum to its length.
    Spine,
    /// When all is over nothing is left.
    Teardown,
    /// The same seed gives the same frames.
    Determinism,
    /// No RFC is violated, as far as the oracle sees.
    Oracle,
    /// Nothing panics.
    Panic,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integrity => "what is read is what was written",
            Self::Progress => "on a good network everything comes to its end",
            Self::Explained => "a connection fails for a reason",
            Self::Bounds => "no queue holds more than it may",
            Self::Proportion => "frames and timers are in proportion",
            Self::Conservation => "every frame is accounted for",
            Self::Spine => "the stations of a journey sum to its length",
            Self::Teardown => "nothing is left when all is over",
            Self::Determinism => "the same seed gives the same frames",
            Self::Oracle => "no RFC is violated",
            Self::Panic => "nothing panics",
        })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            invariant,
            at,
            what,
        } = self;
        write!(f, "[{invariant}] at {at:?}: {what}")
    }
}

impl Invariant {
    /// It did not hold.
    pub fn broken(self, at: Instant, what: impl Into<String>) -> Broken {
        Broken {
            invariant: self,
            at,
            what: what.into(),
        }
    }
}
