//! What every step of the machine is given from outside.

use crate::journal::Recorder;
use crate::{FrameBudget, MemoryBudget, SpareBuffers, Sysctls};
use periplus_journey::{Counters, Instant};

/// The shard around a connection, for the length of one call.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time.
    pub now: Instant,
    /// The knobs.
    pub sysctls: &'a Sysctls,
    /// The counters.
    pub counters: &'a mut Counters,
    /// Where finished journeys go.
    pub recorder: &'a mut Recorder,
    /// What emptied queues left behind.
    pub spare: &'a mut SpareBuffers,
    /// What of the ring may be kept.
    pub frames: FrameBudget,
    /// Connections that the backend let go of and that are not over.
    pub orphans: usize,
    /// What of the shard's memory is free.
    pub memory: MemoryBudget,
}
