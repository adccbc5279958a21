//! What is known of one neighbour.
//!
//! ```text
//!            resolve           an answer                resolve, a minute later
//! (unknown) ────────▶ Incomplete ────────▶ Reachable ◀─────────────────▶ Probe
//!     │                  │    ▲               ▲         an answer          │
//!     │ it asked us      │    │ resolve       │ resolve                    │
//!     │      no answer   ▼    │ later         │                  no answer │
//!     │                 Failed ◀──────────────┼────────────────────────────┘
//!     └─────────────────────────────────▶ Learned
//! ```

use super::Resolution;
use periplus_journey::Instant;
use periplus_wire::ethernet::EthernetAddress;
use std::time::Duration;

/// How long a mapping is believed ("on the order of a minute", RFC 1122 2.3.2.1).
const REACHABLE_TIME: Duration = Duration::from_secs(60);

/// The time between two requests for an address, and the least that RFC 1122 2.3.2.1 allows.
pub(super) const RETRANS_TIMER: Duration = Duration::from_secs(1);

/// How many requests go out before an address is given up (Linux's `mcast_solicit`).
const SOLICITATIONS: u8 = 3;

/// How long nobody is asked for an address that was given up.
const HOLD_DOWN: Duration = Duration::from_secs(1);

/// An open question: how often it was asked, and when it is to be asked again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    asked: u8,
    pub(super) again: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Asked for, not yet answered.
    Incomplete(Question),
    /// Not answered.
    Failed { until: Instant },
    /// It told us of itself; we have not sent it anything.
    Learned(EthernetAddress, Instant),
    /// In use, and believed until then; after that stale.
    Reachable(EthernetAddress, Instant),
    /// In use and stale: asked for while it is still believed (RFC 1122 2.3.2.1).
    Probe(EthernetAddress, Question),
}

impl State {
    /// A neighbour for which the first request goes out now.
    pub(super) fn asked(now: Instant) -> Self {
        Self::Incomplete(Question {
            asked: 1,
            again: now + RETRANS_TIMER,
        })
    }

    /// A neighbour that introduces itself.
    pub(super) fn introduced(now: Instant, ethernet: EthernetAddress) -> Self {
        Self::Learned(ethernet, now + REACHABLE_TIME)
    }

    /// Something is to be sent to it.
    pub(super) fn resolve(self, now: Instant) -> (Self, Resolution) {
        match self {
            Self::Incomplete(_) => (self, Resolution::Waiting),
            Self::Failed { until } if now < until => (self, Resolution::Unreachable),
            Self::Failed { .. } => (Self::asked(now), Resolution::Ask),
            Self::Learned(to, until) | Self::Reachable(to, until) if now < until => {
                (Self::Reachable(to, until), Resolution::Known(to))
            }
            Self::Learned(to, _) | Self::Reachable(to, _) => {
                let at_once = Question {
                    asked: 0,
                    again: now,
                };
                (Self::Probe(to, at_once), Resolution::Known(to))
            }
            Self::Probe(to, _) => (self, Resolution::Known(to)),
        }
    }

    /// It said where it is.
    pub(super) fn learn(self, now: Instant, ethernet: EthernetAddress) -> Self {
        match self {
            Self::Learned(..) => Self::introduced(now, ethernet),
            _ => Self::Reachable(ethernet, now + REACHABLE_TIME),
        }
    }

    /// The open question was not answered in time: it is asked again, or was asked often enough.
    pub(super) fn unanswered(self, now: Instant) -> Self {
        let next = |question: Question| Question {
            asked: question.asked + 1,
            again: now + RETRANS_TIMER,
        };
        match self {
            Self::Incomplete(question) if question.asked < SOLICITATIONS => {
                Self::Incomplete(next(question))
            }
            Self::Probe(to, question) if question.asked < SOLICITATIONS => {
                Self::Probe(to, next(question))
            }
            _ => Self::Failed {
                until: now + HOLD_DOWN,
            },
        }
    }

    /// Where it was last known to be.
    pub(super) fn ethernet(self) -> Option<EthernetAddress> {
        match self {
            Self::Learned(ethernet, _)
            | Self::Reachable(ethernet, _)
            | Self::Probe(ethernet, _) => Some(ethernet),
            Self::Incomplete(_) | Self::Failed { .. } => None,
        }
    }

    /// Whether something was sent to it, and could be.
    pub(super) fn is_in_use(self) -> bool {
        matches!(self, Self::Reachable(..) | Self::Probe(..))
    }

    pub(super) fn question(self) -> Option<Question> {
        match self {
            Self::Incomplete(question) | Self::Probe(_, question) => Some(question),
            _ => None,
        }
    }
}
