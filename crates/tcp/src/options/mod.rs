//! What the two SYNs agree on.

mod negotiation;
mod timestamps;

pub use negotiation::Offer;
pub(crate) use negotiation::{DEFAULT_MSS, Negotiated, ParkedOffer, TIMESTAMPS_LENGTH};
pub(crate) use timestamps::{TimestampClock, is_before, is_echo};
