//! The record of a request's journey, as types: where a request can wait ([`Station`]), what is seen of it
//! ([`Events`]), how the time between is divided ([`spine`]), and what is kept at its end ([`Record`]).
//!
//! Nothing here reads a clock, does I/O or knows TCP. The rooms that a request walks through fill these in.

mod asked;
mod counters;
mod covered;
mod events;
mod finished;
mod histogram;
mod ledger;
mod mark;
mod overlay;
mod queues;
mod reason;
mod record;
mod secured;
pub mod spine;
mod station;
mod time;

pub use asked::Asked;
pub use counters::Counters;
pub use covered::Covered;
pub use events::Events;
pub use finished::{Beginning, Finished, Rare, Seen};
pub use histogram::Histogram;
pub use ledger::FrameLedger;
pub use mark::{Label, Mark, RequestEnd, StampedMark};
pub use overlay::{OverlayEntry, Overlays};
pub use queues::{QueueMet, QueuesMet};
pub use reason::DropReason;
pub use record::{Handshake, Kind, Outcome, Record, TcpSummary};
pub use secured::Secured;
pub use spine::{Interval, Spine};
pub use station::Station;
pub use time::Instant;
