//! What a shard has counted.

use crate::mailbox::Inbox;
use crate::shard::State;
use periplus_journey::{Counters, DropReason, FrameLedger, Histogram};
use periplus_ring::RingStatistics;

/// A shard's counts at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The device's name.
    pub device: &'static str,
    /// What happened, as `nstat` names it.
    pub counters: Counters,
    /// What became of every frame, the ring's own drops and what waits in it included.
    pub ledger: FrameLedger,
    /// What the device counted.
    pub ring: RingStatistics,
    /// `shard_gap`: for how long frames waited in the ring while the shard was elsewhere.
    pub shard_gap: Histogram,
    /// Connections with queues, those that the backend has closed and that still deliver included.
    pub connections: usize,
    /// Half-open connections, in the station `syn_queue`.
    pub half_open: usize,
    /// Connections in TIME-WAIT.
    pub time_wait: usize,
    /// Connections that were cut off when the shard ended, with something on its way that the peer had not acknowledged.
    pub undelivered: usize,
    /// Marks of foreign threads that were lost because the shard did not come to take them.
    pub marks_lost: u64,
    /// Bytes written that were copied into send queues.
    pub written_copied: u64,
    /// Bytes written that were queued where they lay, as [`Bytes`](bytes::Bytes).
    pub written_shared: u64,
}

impl Snapshot {
    pub(crate) fn of(state: &State, inbox: &Inbox) -> Self {
        let ring = state.device.statistics();
        let (connections, half_open, time_wait) = state.shard.connection_counts();
        let mut ledger = state.shard.ledger().clone();
        // The shard knows of the frames it was given; the rest never came past the ring.
        ledger.received += ring.rx_ring_full + ring.held;
        ledger.held += ring.held;
        ledger.drop_frames(DropReason::RxRingFull, ring.rx_ring_full);
        let (written_copied, written_shared) = state.shard.spare_buffers().copied_and_shared();
        Self {
            device: state.device.capabilities().name,
            counters: state.shard.counters(),
            ledger,
            ring,
            shard_gap: state.gaps.histogram().clone(),
            connections,
            half_open,
            time_wait,
            undelivered: state
                .closing
                .as_ref()
                .map_or(0, |closing| closing.undelivered),
            marks_lost: inbox.marks_lost(),
            written_copied,
            written_shared,
        }
    }
}
