//! What a shard has one of: knobs, counters, the ledger of frames, the records.

use periplus_journey::{Counters, FrameLedger, Instant};
use periplus_ring::{Capabilities, PoolLevel};
use periplus_tcp::{Context, FrameBudget, InitialSequence, Offer, Recorder, Sysctls};

/// The part of a shard that its connections are given for the length of a call.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) sysctls: Sysctls,
    pub(crate) counters: Counters,
    pub(crate) ledger: FrameLedger,
    pub(crate) recorder: Recorder,
    pub(crate) frames: FrameBudget,
    pub(crate) initial_sequence: InitialSequence,
    /// What our SYNs say.
    pub(crate) offer: Offer,
    pub(crate) capabilities: Capabilities,
}

impl Environment {
    pub(crate) fn context(&mut self, now: Instant) -> Context<'_> {
        Context {
            now,
            sysctls: &self.sysctls,
            counters: &mut self.counters,
            recorder: &mut self.recorder,
            frames: self.frames,
        }
    }
}

/// A connection pins at most this part of the pool of frames, or [`MINIMUM_FRAMES`].
const SHARE_OF_POOL: usize = 64;
const MINIMUM_FRAMES: usize = 8;

/// The budget of a device whose pool is still full.
pub(crate) fn frame_budget(capabilities: &Capabilities) -> FrameBudget {
    FrameBudget {
        level: PoolLevel::Ample,
        frames_a_connection: (capabilities.frames / SHARE_OF_POOL).max(MINIMUM_FRAMES),
    }
}
