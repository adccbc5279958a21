//! What the two SYNs agree on.

mod negotiation;
mod timestamps;

pub(crate) use negotiation::Negotiated;
pub use negotiation::Offer;
pub(crate) use timestamps::TimestampClock;
