//! Whether the path reorders, as far as ACKs tell: what decides how soon something counts as lost (RFC 8985 6.2).

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
    /// By how many segments what was sent earlier has arrived later, at most; 3 before that was seen. Without SACK, so many duplicate
    /// ACKs are a loss.
    pub(crate) fn degree(self) -> u32 {
        self.degree
    }

    /// Whether it was ever seen on this connection.
    pub(crate) fn is_seen(self) -> bool {
        self.seen
    }

    /// Whether the path reorders more than is usual: ACKs out of order do not tell of a loss then.
    pub(super) fn is_high(self) -> bool {
        self.degree > USUAL
    }

    /// Something sent once arrived so many `bytes` after something sent later, in segments of `smss`.
    pub(super) fn arrived_late(&mut self, bytes: u64, smss: u32) {
        let degree = bytes.div_ceil(u64::from(smss.max(1)));
        self.is_at_least(degree.min(u64::from(MOST)) as u32);
    }

    /// It was seen.
    pub(super) fn is_at_least(&mut self, degree: u32) {
        self.seen = true;
        self.degree = self.degree.max(degree.min(MOST));
    }

    /// The timer expired though many had arrived out of order: so much was not to be waited for.
    pub(super) fn was_overrated(&mut self) {
        self.degree = self.degree.min(USUAL);
    }
}
