//! The retransmission timer expired for text, or a FIN (RFC 6298 5.4 to 5.6, RFC 6582 3.2 step 4; Linux's `tcp_enter_loss`).

use crate::{CaState, Connection, Context};

impl Connection {
    /// Everything that is out counts as lost, but for what the peer has: it is not sent again unless the peer has thrown it away
    /// (RFC 2018 8 has it all forgotten; RFC 6675 5.1 leaves it to who looks for that, as Linux does). The window is one segment.
    /// `first`: SND.UNA moved since the timer last expired.
    pub(crate) fn enter_loss(&mut self, context: &mut Context<'_>, first: bool) {
        if first {
            self.count_failed_recovery(context);
        }
        if self.send_buffers.is_first_sacked() {
            context.counters.tcp_sack_reneging += 1;
        }
        self.forget_duplicates();
        let (now, sent) = (context.now, self.sent_to());
        let sacked_out = self.send_buffers.sacked_out;
        let lost = self.send_buffers.time_out(&self.rack, now, sent);
        context.counters.tcp_lost_retransmit += u64::from(lost.copies);
        let state = self.recovery.state;
        let una = self.send_buffers.start();
        let is_calm = matches!(state, CaState::Open | CaState::Disorder);
        // A recovery, or a mark, has reduced the window for this flight already.
        let is_reduced =
            !is_calm && una < self.recovery.high_seq && !(state == CaState::Loss && first);
        self.congestion.timed_out(!is_reduced);
        if !is_reduced {
            let copies = self.send_buffers.retrans_out;
            self.recovery
                .may_undo(una, copies + u32::from(self.tail_loss_probe.is_copy_out()));
        }
        let in_flight = self.send_buffers.packets_in_flight();
        self.congestion
            .set_cwnd((in_flight + 1) * self.largest_segment);
        let recovery = &mut self.recovery;
        if is_calm && sacked_out >= recovery.reordering.degree() {
            recovery.reordering.was_overrated();
        }
        // RFC 5682 3.1, step 1: unless a repair is under way that is not for the same segment (3.2).
        let may_be_spurious = !matches!(state, CaState::Recovery | CaState::Loss) || !first;
        recovery.frto = context.sysctls.tcp_frto > 0 && may_be_spurious;
        recovery.state = CaState::Loss;
        recovery.high_seq = sent;
        recovery.held_back = false;
        self.tail_loss_probe.forget();
        self.ecn.queue_cwr();
    }

    /// The first time-out of a segment: what was under way to repair it did not.
    fn count_failed_recovery(&self, context: &mut Context<'_>) {
        let counters = &mut context.counters;
        let counter = match (self.recovery.state(), self.sack_permitted) {
            (CaState::Open | CaState::Cwr, _) => return,
            (CaState::Loss, _) => &mut counters.tcp_loss_failures,
            (CaState::Recovery, true) => &mut counters.tcp_sack_recovery_fail,
            (CaState::Recovery, false) => &mut counters.tcp_reno_recovery_fail,
            (CaState::Disorder, true) => &mut counters.tcp_sack_failures,
            (CaState::Disorder, false) => &mut counters.tcp_reno_failures,
        };
        *counter += 1;
    }

    /// Segments of the path are shorter than what is out: that is sent again at once, and without a word to the congestion control,
    /// for nothing was lost to congestion (RFC 1191 6.4; Linux's `tcp_simple_retransmit`).
    pub(crate) fn resend_too_long(&mut self) {
        let sent = self.sent_to();
        let lost = self.send_buffers.too_long(self.largest_segment, sent);
        self.bound_duplicates();
        if lost.segments == 0 {
            return;
        }
        let recovery = &mut self.recovery;
        if recovery.state != CaState::Loss {
            recovery.state = CaState::Loss;
            recovery.high_seq = sent;
            recovery.undo_marker = None;
            recovery.retrans_stamp = None;
            recovery.frto = false;
        }
        recovery.held_back = false;
        self.congestion.keep_reduction();
        self.tail_loss_probe.forget();
    }
}
