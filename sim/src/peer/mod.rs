//! A peer without shame: a small TCP that mostly does as it should, and now and then what no honest one would.

mod connection;
mod noise;
mod plan;
mod receiving;
mod sending;
mod station;
mod tricks;

pub use connection::{PeerConnection, PeerState};
pub use plan::{PeerPlan, Says, Trick};
pub use station::Peer;

/// The text that it sends where it lies about what it has sent before.
pub fn lie(byte: u8) -> u8 {
    byte ^ 0x55
}
