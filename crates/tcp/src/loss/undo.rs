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

    /// When the first segment was sent again of the losses that `una` tells the fate of: after a time-out the first ACK does, in
    /// a recovery only the one that ends it.
    fn decided(&self, una: SeqNum) -> Option<Instant> {
        let stamp = self.retrans_stamp?;
        (self.in_loss || una.after(self.recover)).then_some(stamp)
    }

    /// Nothing was lost.
    fn undone(&mut self) {
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

    /// The windows are what they were (RFC 4015 3.2), and nothing counts as lost.
    pub(crate) fn undo_reduction(&mut self, context: &mut Context<'_>) {
        if self.recovery.is_in_loss() {
            context.counters.tcp_loss_undo += 1;
        } else {
            context.counters.tcp_full_undo += 1;
        }
        self.recovery.undone();
        self.congestion.undo();
        self.snd.nxt = self.snd.max;
        self.retransmit_first = false;
    }
}
