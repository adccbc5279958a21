//! What becomes of one frame.

use super::FaultOptions;
use super::random::{Random, scale};
use std::time::Duration;

/// Everything that chance has decided about a frame, before anything is done to it. For every frame the same
/// numbers are drawn, so that a fault more or less does not change what befalls the frames after it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Fate {
    pub(super) lost: bool,
    pub(super) duplicated: bool,
    pub(super) corrupted: Option<BitChance>,
    /// How long it is held back, to be overtaken; zero if it is not.
    pub(super) held_back: Duration,
    pub(super) jitter: Duration,
}

/// Which bit is inverted, for a frame of any length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct BitChance(u64);

impl Fate {
    pub(super) fn draw(random: &mut Random, options: &FaultOptions) -> Self {
        let lost = random.chance(options.loss);
        let duplicated = random.chance(options.duplicate);
        let corrupted = random.chance(options.corrupt);
        let bit = BitChance(random.next());
        let reordered = random.chance(options.reorder);
        let held_back = random.up_to(options.reorder_delay);
        let jitter = random.up_to(options.jitter);
        Self {
            lost,
            duplicated,
            corrupted: corrupted.then_some(bit),
            held_back: if reordered { held_back } else { Duration::ZERO },
            jitter,
        }
    }
}

impl BitChance {
    /// Inverts one bit of `frame`.
    pub(super) fn invert_a_bit(self, frame: &mut [u8]) {
        let bit = scale(self.0, frame.len() as u64 * 8) as usize;
        if let Some(byte) = frame.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
    }
}
