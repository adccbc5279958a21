//! What passed a ring.

/// What passed a device's rings, in frames on the wire: a frame that was never cut counts as its segments.
///
/// None is lost in silence: `received = taken + rx_ring_full + lost + held`, always;
/// [`is_balanced`](Self::is_balanced) says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RingStatistics {
    /// Frames that arrived, those dropped at once included.
    pub received: u64,
    /// Frames moved into bursts.
    pub taken: u64,
    /// Frames dropped because the ring, or the pool behind it, was full.
    pub rx_ring_full: u64,
    /// Frames that a [fault wrapper](crate::fault) lost on purpose.
    pub lost: u64,
    /// Frames that wait: in the ring, or held back by a fault wrapper.
    pub held: u64,
    /// Frames handed over for transmission.
    pub transmitted: u64,
    /// Those of them that the device threw away: its link is down or gone, or does not take them.
    pub tx_dropped: u64,
}

impl RingStatistics {
    /// Whether every frame that arrived is accounted for.
    pub fn is_balanced(&self) -> bool {
        self.received == self.taken + self.rx_ring_full + self.lost + self.held
    }
}
