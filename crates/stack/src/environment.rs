//! What a shard has one of: knobs, counters, the ledger of frames, the records.

use crate::flow::Flow;
use periplus_journey::{Counters, FrameLedger, Instant};
use periplus_ring::{Capabilities, PoolLevel};
use periplus_tcp::{
    Claim, Context, FrameBudget, InitialSequence, MemoryBudget, Offer, Recorder, SocketOptions,
    SpareBuffers, Sysctls,
};

/// The part of a shard that its connections are given for the length of a call.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) sysctls: Sysctls,
    pub(crate) counters: Counters,
    pub(crate) ledger: FrameLedger,
    pub(crate) recorder: Recorder,
    /// What emptied queues left behind.
    pub(crate) spare: SpareBuffers,
    pub(crate) frames: FrameBudget,
    pub(crate) initial_sequence: InitialSequence,
    /// What our SYNs say.
    pub(crate) offer: Offer,
    pub(crate) memory: Memory,
    /// Connections that the backend let go of and that are not over.
    pub(crate) orphans: usize,
}

impl Environment {
    /// What a connection claims of the shard's memory may have changed, and whether it is an orphan.
    #[inline]
    pub(crate) fn reckon(&mut self, flow: &mut Flow) {
        let is_orphan = flow.connection.is_orphan();
        if is_orphan != flow.is_orphan {
            self.count_orphan(flow, is_orphan);
        }
        let claim = flow.connection.claim();
        if claim != flow.claim {
            let before = std::mem::replace(&mut flow.claim, claim);
            self.claim(before, claim);
        }
    }

    /// A connection leaves the shard.
    pub(crate) fn strike_off(&mut self, flow: &mut Flow) {
        self.count_orphan(flow, false);
        self.claim(flow.claim, Claim::default());
    }

    fn count_orphan(&mut self, flow: &mut Flow, is_orphan: bool) {
        let was = std::mem::replace(&mut flow.is_orphan, is_orphan);
        self.orphans = self.orphans - usize::from(was) + usize::from(is_orphan);
    }

    /// A connection claims `now` of the shard's memory, and no longer `before`.
    #[inline]
    pub(crate) fn claim(&mut self, before: Claim, now: Claim) {
        self.memory
            .claim(before, now, &self.sysctls, &mut self.counters);
    }

    /// Whether connections claim all of `tcp_mem` in one direction: beyond its half they live on what each is guaranteed, and
    /// of those there are too many now.
    pub(crate) fn memory_is_used_up(&self) -> bool {
        let Claim { receive, send } = self.memory.claimed;
        receive.max(send) >= self.sysctls.tcp_mem
    }

    /// What the SYN of a socket with these options says.
    pub(crate) fn offer_of(&self, options: &SocketOptions) -> Offer {
        self.offer.of_socket(options, &self.sysctls)
    }

    pub(crate) fn context(&mut self, now: Instant) -> Context<'_> {
        Context {
            now,
            sysctls: &self.sysctls,
            counters: &mut self.counters,
            recorder: &mut self.recorder,
            spare: &mut self.spare,
            frames: self.frames,
            orphans: self.orphans,
            memory: MemoryBudget::left_by(self.memory.claimed, &self.sysctls),
        }
    }
}

/// What the connections of a shard claim together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) claimed: Claim,
    under_pressure: bool,
}

impl Memory {
    /// As on Linux, pressure begins at two thirds, and ends below half, of what may be claimed.
    #[inline]
    fn claim(&mut self, before: Claim, now: Claim, sysctls: &Sysctls, counters: &mut Counters) {
        let claimed = &mut self.claimed;
        claimed.receive = claimed.receive - before.receive + now.receive;
        claimed.send = claimed.send - before.send + now.send;
        let most = claimed.receive.max(claimed.send);
        if self.under_pressure || most > sysctls.tcp_mem / 4 {
            self.feel_pressure(most, sysctls.tcp_mem / 2, counters);
        }
    }

    #[cold]
    fn feel_pressure(&mut self, most: usize, half: usize, counters: &mut Counters) {
        if !self.under_pressure && most > half / 3 * 2 {
            self.under_pressure = true;
            counters.tcp_memory_pressures += 1;
        } else if self.under_pressure && most < half / 2 {
            self.under_pressure = false;
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
