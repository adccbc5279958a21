//! Where loss recovery stands: the states of Linux's `tcp_fastretrans_alert`.
//!
//! ```text
//!             something SACKed          lost                    all acknowledged that was out
//!   Open ──────────────────── Disorder ─────── Recovery ──────────────────────────────────────── Open
//!    │   mark                                                          │ the timer expires
//!    └────── Cwr ── more than what was out is acknowledged ── Open     Loss ── the same ── Open
//! ```

use super::proportional_rate::ProportionalRate;
use super::reordering::Reordering;
use crate::CaState;
use periplus_journey::Instant;

/// The recovery's variables, by Linux's names. Stream offsets.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    pub(super) state: CaState,
    /// RFC 6582's `recover`, RFC 6675's RecoveryPoint: the state ends when everything before this is acknowledged.
    pub(super) high_seq: u64,
    /// SND.UNA when the window was reduced for a loss, while it may turn out that there was none.
    pub(super) undo_marker: Option<u64>,
    /// Copies sent since that were not reported to have been needless. `None` before the first one.
    pub(super) undo_retrans: Option<u32>,
    /// When the first segment of a recovery, or after a time-out, was sent again.
    pub(super) retrans_stamp: Option<Instant>,
    /// After a time-out it is looked whether that was spurious (RFC 5682).
    pub(super) frto: bool,
    /// What counts as lost is not sent again before the next ACK.
    pub(super) held_back: bool,
    /// Without SACK: duplicate ACKs that may still tell of an arrival, of those that the recovery began with.
    pub(super) duplicates_left: u32,
    /// What arrived late without having been lost.
    pub(super) reordering: Reordering,
    /// How the window comes down in a recovery, and after a mark.
    pub(super) rate: ProportionalRate,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            state: CaState::Open,
            high_seq: 0,
            undo_marker: None,
            undo_retrans: None,
            retrans_stamp: None,
            frto: false,
            held_back: false,
            duplicates_left: 0,
            reordering: Reordering::default(),
            rate: ProportionalRate::default(),
        }
    }
}

impl Recovery {
    /// Whether nothing ever went wrong: it is as it was at the beginning.
    pub(crate) fn is_untouched(&self) -> bool {
        self.state == CaState::Open
            && self.high_seq == 0
            && self.undo_marker.is_none()
            && self.undo_retrans.is_none()
            && self.retrans_stamp.is_none()
            && !self.frto
            && !self.held_back
            && !self.reordering.is_seen()
    }

    /// The state.
    pub(crate) fn state(&self) -> CaState {
        self.state
    }

    /// By how many segments the path reorders.
    pub(crate) fn reordering(&self) -> u32 {
        self.reordering.degree()
    }

    /// Whether the path was ever seen to reorder.
    pub(crate) fn has_seen_reordering(&self) -> bool {
        self.reordering.is_seen()
    }

    /// The stream offset up to which everything was out when the state began.
    pub(crate) fn high_seq(&self) -> u64 {
        self.high_seq
    }

    /// Whether a loss is being repaired.
    pub(crate) fn is_repairing(&self) -> bool {
        matches!(self.state, CaState::Recovery | CaState::Loss)
    }

    /// Whether the window follows RFC 9937 down to ssthresh.
    pub(crate) fn is_reducing(&self) -> bool {
        matches!(self.state, CaState::Cwr | CaState::Recovery)
    }

    /// Whether what counts as lost waits for the next ACK.
    pub(crate) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// What counts as lost waits for the next ACK, or does not.
    pub(crate) fn hold_back(&mut self, held: bool) {
        self.held_back = held;
    }

    /// `segments` were sent, new or again.
    pub(crate) fn sent(&mut self, segments: u32) {
        if self.is_reducing() {
            self.rate.sent(segments);
        }
    }

    /// A segment was sent again at `now` because it counts as lost.
    pub(crate) fn sent_again(&mut self, now: Instant) {
        self.retrans_stamp.get_or_insert(now);
        self.undo_retrans = Some(self.undo_retrans.unwrap_or(0) + 1);
    }

    /// No segment is out that was sent again.
    pub(crate) fn nothing_is_out_again(&mut self) {
        self.retrans_stamp = None;
    }

    /// The window was reduced: it may have been for nothing. `copies` are in the network already, and may be reported later.
    pub(super) fn may_undo(&mut self, una: u64, copies: u32) {
        self.undo_marker = Some(una);
        self.undo_retrans = (copies > 0).then_some(copies);
    }

    /// `segments` were reported to have arrived twice, the last of them ending at `end`; everything before `una` was acknowledged.
    pub(crate) fn came_twice(&mut self, segments: u32, end: u64) {
        if self.undo_marker.is_some_and(|marker| end > marker)
            && let Some(copies) = &mut self.undo_retrans
        {
            *copies = copies.saturating_sub(segments);
        }
    }

    /// Every copy was reported to have been needless.
    pub(super) fn is_disproved(&self) -> bool {
        self.undo_marker.is_some() && self.undo_retrans == Some(0)
    }
}
