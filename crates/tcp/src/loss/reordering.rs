//! Whether the path reorders, as far as SACK tells: what decides how soon something counts as lost (RFC 8985 6.2).

use periplus_wire::SeqNum;

/// The degree until something was reordered: Linux's `tcp_reordering`.
const USUAL: u32 = 3;
/// A degree beyond it says nothing more: Linux's `tcp_max_reordering`.
const MOST: u32 = 300;

/// What arrived out of order without having been lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reordering {
    /// By how many segments at most.
    degree: u32,
    seen: bool,
}

impl Default for Reordering {
    fn default() -> Self {
        Self {
            degree: USUAL,
            seen: false,
        }
    }
}

impl Reordering {
    /// By how many segments what was sent earlier has arrived later, at most; 3 before that was seen.
    pub(crate) fn degree(self) -> u32 {
        self.degree
    }

    /// Whether it was ever seen on this connection.
    pub(crate) fn is_seen(self) -> bool {
        self.seen
    }

    /// A segment at `low`, sent once, arrived after one that ends at `fack`.
    pub(super) fn arrived_late(&mut self, low: SeqNum, fack: SeqNum, smss: u32) {
        self.seen = true;
        let degree = (fack - low).div_ceil(smss).min(MOST);
        self.degree = self.degree.max(degree);
    }
}
