//! The bench's device for a shard.

use crate::client::SLOT;
use crate::stacks::{Outgoing, SLOTS};
use periplus_journey::Instant;
use periplus_ring::{
    Arrival, Capabilities, Device, FramePool, PoolLevel, RingStatistics, RxBurst, RxChecksum,
    RxFrame, TxDescriptor,
};
use std::task::{Context, Poll};

/// A receive ring of one frame over a pool, and the transmit ring of every contestant.
pub(super) struct Port {
    capabilities: Capabilities,
    pub(super) pool: FramePool,
    arrived: Option<Arrival>,
    pub(super) sent: Outgoing,
    statistics: RingStatistics,
}

impl Port {
    pub(super) fn new() -> Self {
        Self {
            capabilities: Capabilities {
                name: "bench",
                mtu: 1500,
                frames: SLOTS,
                rx_ring: Some(SLOTS),
                arrival_stamps: true,
                rx_checksum: false,
                tx_checksum: false,
                segmentation: None,
                coalescing: false,
            },
            pool: FramePool::new(SLOTS, SLOT),
            arrived: None,
            sent: Outgoing::new(),
            statistics: RingStatistics::default(),
        }
    }

    pub(super) fn arrives(&mut self, now: Instant, frame: RxFrame) {
        self.statistics.received += 1;
        self.arrived = Some(Arrival::single(frame, Some(now), RxChecksum::Unverified));
    }
}

impl Device for Port {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        burst.taken = now;
        if let Some(arrival) = self.arrived.take() {
            self.statistics.taken += 1;
            burst.push(arrival);
        }
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.sent.reserve(length)
    }

    fn commit(&mut self, _now: Instant, descriptor: TxDescriptor) {
        self.statistics.transmitted += 1;
        self.sent.commit(descriptor.length);
    }

    fn poll_arrivals(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        unreachable!("nobody waits in the bench")
    }

    fn poll_room(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        unreachable!("nobody waits in the bench")
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.pool.level()
    }

    fn statistics(&self) -> RingStatistics {
        self.statistics
    }
}
