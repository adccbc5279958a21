//! Taking back what a loss cost that was none: the Eifel detection by timestamps (RFC 3522) and its response (RFC 4015).

use super::FastRecovery;
use crate::{Connection, Context, Segment};
use periplus_journey::Instant;
use periplus_wire::SeqNum;

impl FastRecovery {
    /// Something was sent again at `now` because it counts as lost. The first time of a recovery is what matters.
    pub(crate) fn repair_began(&mut self, now: Instant) {
        self.retrans_stamp.get_or_insert(now);
    }

    /// When the first segment was sent again of the losses that `una` tells the fate of: in a recovery only an ACK does that leaves
    /// nothing on its way that was sent again, as on Linux.
    fn decided(&self, una: SeqNum) -> Option<Instant> {
        let stamp = self.retrans_stamp?;
        (!self.in_recovery || una.after(self.recover) || !self.has_copies_out(una)).then_some(stamp)
    }

    /// Whether a segment that was sent again in this recovery lies at `una` or after it. Without SACK that is only ever the first one,
    /// which every ACK for something new acknowledges.
    fn has_copies_out(&self, una: SeqNum) -> bool {
        self.sack
            .as_ref()
            .is_some_and(|sack| sack.has_copies_out(una))
    }

    /// Nothing was lost of what the peer did not say it has; `una` was the oldest byte of it. What it says later may tell of a loss
    /// that was one. Without SACK the copies that a time-out sent will be answered by duplicate ACKs, which must not (RFC 6582 4).
    fn undone(&mut self, una: SeqNum, sack_permitted: bool) {
        if sack_permitted || self.in_recovery {
            self.recover = una - 2;
        }
        if let Some(sack) = &mut self.sack {
            sack.timed_out(una);
        }
        (self.in_loss, self.in_recovery) = (false, false);
        self.retrans_stamp = None;
    }
}

impl Connection {
    /// Whether what was acknowledged by `segment` had arrived before it was sent again: what the peer echoes is older than the
    /// first retransmission (RFC 3522 3.2, step 5). Asked before the recovery hears of the ACK.
    pub(crate) fn shows_spurious_repair(&self, segment: &Segment) -> bool {
        let stamp = self.recovery.decided(segment.ack);
        let echoed = segment.options.timestamps.map(|echoed| echoed.echo_reply);
        let known = stamp.zip(self.timestamps).zip(echoed);
        known.is_some_and(|((stamp, clock), echoed)| clock.predates(echoed, stamp))
    }

    /// The windows are what they were (RFC 4015 3.2), and nothing counts as lost. SND.UNA was `before`.
    pub(crate) fn undo_reduction(&mut self, context: &mut Context<'_>, before: SeqNum) {
        let counters = &mut context.counters;
        if self.recovery.is_in_loss() {
            counters.tcp_loss_undo += 1;
        } else if !self.congestion.may_undo() {
            return; // the recovery goes on down to where a mark asked it to go
        } else if self.recovery.is_ended_by(self.snd.una) {
            counters.tcp_full_undo += 1;
        } else {
            counters.tcp_partial_undo += 1;
        }
        self.recovery.undone(before, self.sack_permitted);
        if self.congestion.undo() {
            self.ecn.withdraw_cwr();
        }
        self.snd.nxt = self.snd.max;
        self.retransmit_first = false;
    }
}
