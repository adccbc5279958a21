//! What the bytes of a frame mean: header layouts as views that borrow the frame, writers that fill a
//! buffer the caller owns, option codecs, checksums and sequence numbers.
//!
//! Nothing here allocates, keeps state or trusts its input. Every parser is total: whatever the bytes,
//! it answers with a view inside them or with [`Malformed`].

mod continuation;
mod ecn;
mod malformed;
mod sequence;

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmpv4;
pub mod ipv4;
pub mod ordinary;
pub mod tcp;
pub mod udp;

pub use continuation::{Continuation, Continued};
pub use ecn::Ecn;
pub use malformed::Malformed;
pub use sequence::SeqNum;
