//! The host's half of a connection's sequence space.
//!
//! ```text
//!   0 (SYN)   una                 next            edge
//!   |---------|-------------------|---------------|--------
//!             ^ SND.UNA           ^ SND.NXT       ^ the furthest right edge that the peer ever offered
//! ```

use super::scoreboard::Scoreboard;
use super::sequence::place;

/// What the host has sent, and what the peer said to it.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// The initial sequence number, which is place 0.
    pub(super) initial: u32,
    /// The place after everything that was ever sent.
    pub(super) next: i64,
    /// The highest acknowledgment that the host may have taken.
    pub(super) una: i64,
    /// The furthest right edge of the windows that the peer offered.
    pub(super) edge: i64,
    /// The right edge that was offered last.
    pub(super) last_edge: i64,
    /// The largest window that the peer offered.
    pub(super) largest_window: i64,
    /// Where the FIN is, once it was sent.
    pub(super) fin: Option<i64>,
    /// What is not acknowledged yet.
    pub(super) board: Scoreboard,
}

impl Sending {
    pub(super) fn new(initial: u32) -> Self {
        Self {
            initial,
            next: 0,
            una: 0,
            edge: 0,
            last_edge: 0,
            largest_window: 0,
            fin: None,
            board: Scoreboard::default(),
        }
    }

    /// The place of a sequence number of a segment that the host sends.
    pub(super) fn place(&self, sequence: u32) -> i64 {
        place(self.initial, self.next, sequence)
    }

    /// The place of an acknowledgment number that the peer sends.
    pub(super) fn acknowledged_place(&self, acknowledgment: u32) -> i64 {
        place(self.initial, self.una, acknowledgment)
    }

    /// Whether the peer has acknowledged the SYN: the handshake is over for the host.
    pub(super) fn synchronized(&self) -> bool {
        self.una > 0
    }

    /// Whether the peer has acknowledged the FIN.
    pub(super) fn fin_acknowledged(&self) -> bool {
        self.fin.is_some_and(|fin| self.una > fin)
    }
}
