//! What the two SYNs agree on.

mod negotiation;
mod timestamps;

pub use negotiation::{Negotiated, Offer};
pub use timestamps::TimestampClock;
