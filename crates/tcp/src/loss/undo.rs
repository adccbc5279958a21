//! Taking back what a loss cost that was none: the Eifel detection by timestamps (RFC 3522) or by D-SACK (RFC 3708), and its
//! response (RFC 4015).

use super::AckReport;
use crate::{CaState, Connection, Context};

impl Connection {
    /// Whether what the ACK under way acknowledges had arrived before it was sent again: what the peer echoes is older than the
    /// first copy (RFC 3522 3.2, step 5), or there was none yet (Linux's `tcp_packet_delayed`).
    fn is_only_late(&self, report: &AckReport) -> bool {
        let Some(stamp) = self.recovery.retrans_stamp else {
            // Without SACK it is forgotten when everything is acknowledged, copies or not.
            let is_known =
                self.sack_permitted || self.send_buffers.start() < self.recovery.high_seq;
            return report.advanced && is_known;
        };
        let echoed = report.echoed;
        echoed.is_some_and(|(clock, reply)| clock.predates(reply, stamp))
    }

    fn may_undo(&self, report: &AckReport) -> bool {
        let recovery = &self.recovery;
        recovery.is_disproved() || (recovery.undo_marker.is_some() && self.is_only_late(report))
    }

    /// The windows are what they were (RFC 4015 3.2), as far as a mark has not said otherwise.
    fn undo_reduction(&mut self) {
        if self.congestion.undo() {
            self.ecn.withdraw_cwr();
        }
        self.recovery.undo_marker = None;
        self.rack.look_again();
    }

    /// A recovery, or what a time-out began, is over. Returns whether the state stays nevertheless.
    pub(super) fn try_undo_recovery(
        &mut self,
        context: &mut Context<'_>,
        report: &AckReport,
    ) -> bool {
        let in_loss = self.recovery.state == CaState::Loss;
        // What a mark asked for stays, unlike what a time-out cost.
        if self.may_undo(report) && (in_loss || self.congestion.may_undo()) {
            let counters = &mut context.counters;
            if in_loss {
                counters.tcp_loss_undo += 1;
            } else {
                counters.tcp_full_undo += 1;
            }
            self.undo_reduction();
        } else {
            self.rack.recovered();
        }
        if self.is_kept_without_sack() {
            return true;
        }
        self.recovery.state = CaState::Open;
        false
    }

    /// Without SACK a state lasts until more than what was out is acknowledged: the copies that were sent will be answered by
    /// duplicate ACKs, which must not count as a loss (RFC 6582 4).
    fn is_kept_without_sack(&mut self) -> bool {
        let kept = !self.sack_permitted && self.send_buffers.start() == self.recovery.high_seq;
        if kept && !self.is_repair_out() {
            self.recovery.retrans_stamp = None;
        }
        kept
    }

    /// After a time-out: by what the ACK echoes, or because F-RTO has found it `spurious`.
    pub(super) fn try_undo_loss(
        &mut self,
        context: &mut Context<'_>,
        report: &AckReport,
        spurious: bool,
    ) -> bool {
        if !spurious && !self.may_undo(report) {
            return false;
        }
        context.counters.tcp_loss_undo += 1;
        context.counters.tcp_spurious_rtos += u64::from(spurious);
        self.send_buffers.nothing_is_lost();
        self.undo_reduction();
        self.unanswered.retransmits = 0;
        if !self.is_kept_without_sack() && (spurious || self.sack_permitted) {
            self.recovery.state = CaState::Open;
        }
        true
    }

    /// In a recovery SND.UNA moved, by what was only late. Returns whether copies are in the network, whose fate is to be awaited.
    pub(super) fn try_undo_partial(
        &mut self,
        context: &mut Context<'_>,
        report: &AckReport,
    ) -> bool {
        let is_late = self.recovery.undo_marker.is_some() && self.is_only_late(report);
        if is_late {
            // What is looked for next may be late by as much.
            self.late_original(context, report);
        }
        if !is_late || !self.congestion.may_undo() {
            return false; // the recovery goes on down to where a mark asked it to go
        }
        if self.send_buffers.retrans_out > 0 {
            return true;
        }
        if !self.is_repair_out() {
            self.recovery.retrans_stamp = None;
        }
        self.send_buffers.nothing_is_lost();
        self.undo_reduction();
        context.counters.tcp_partial_undo += 1;
        self.try_keep_open();
        false
    }

    /// Every copy of the last reduction was reported to have arrived twice (RFC 3708).
    pub(super) fn try_undo_by_dsack(&mut self, context: &mut Context<'_>) -> bool {
        if !self.recovery.is_disproved() || !self.congestion.may_undo() {
            return false;
        }
        self.rack.recovered_in_vain();
        context.counters.tcp_dsack_undo += 1;
        self.undo_reduction();
        true
    }
}
