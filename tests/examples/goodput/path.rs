//! The path between the two ends.

use periplus_ring::fault::FaultOptions;
use std::time::Duration;

/// Longest time for which a frame is held back: half of a round trip of 20 ms, and a tenth of one of 100 ms. RACK bears a quarter.
const HELD_BACK: Duration = Duration::from_millis(10);

/// What both directions of it do to frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Path {
    /// Frames lost, of a hundred.
    pub(crate) loss: f64,
    /// Milliseconds there and back.
    pub(crate) round_trip: u64,
    /// Frames held back, of a hundred.
    pub(crate) reordering: f64,
    /// Where chance begins.
    pub(crate) seed: u64,
}

impl Path {
    /// One direction of it.
    pub(crate) fn direction(&self, number: u64) -> FaultOptions {
        FaultOptions {
            seed: self.seed * 2 + number,
            loss: self.loss / 100.0,
            reorder: self.reordering / 100.0,
            reorder_delay: HELD_BACK,
            delay: Duration::from_millis(self.round_trip) / 2,
            // as much as the largest windows hold: what is lost is lost by chance
            limit: 1 << 17,
            ..FaultOptions::default()
        }
    }
}
