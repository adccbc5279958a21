//! Nothing is lost in silence: what became of every frame.

use crate::DropReason;

/// Where every frame that came in ended, counted before any merging.
/// `received = delivered + consumed + refused + dropped + held`, always; [`FrameLedger::is_balanced`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameLedger {
    /// Frames that arrived, those the ring had no room for included.
    pub received: u64,
    /// Their data went to a socket.
    pub delivered: u64,
    /// Served by the stack itself: ARP, echo, bare ACK, handshake.
    pub consumed: u64,
    /// Answered by a RST or ICMP: no socket.
    pub refused: u64,
    /// Waiting: in the ring, in a burst, or as a fragment.
    pub held: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Default for FrameLedger {
    fn default() -> Self {
        Self {
            received: 0,
            delivered: 0,
            consumed: 0,
            refused: 0,
            held: 0,
            dropped: [0; DropReason::ALL.len()],
        }
    }
}

impl FrameLedger {
    /// Counts `frames` thrown away.
    pub fn drop_frames(&mut self, reason: DropReason, frames: u64) {
        self.dropped[reason as usize] += frames;
    }

    /// How many frames were thrown away for `reason`.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// How many frames were thrown away in all.
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// The reasons seen so far, with their counts.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL
            .iter()
            .map(|&reason| (reason, self.dropped(reason)))
            .filter(|&(_, count)| count > 0)
    }

    /// Whether every frame is accounted for.
    pub fn is_balanced(&self) -> bool {
        self.received
            == self.delivered + self.consumed + self.refused + self.dropped_in_all() + self.held
    }
}
