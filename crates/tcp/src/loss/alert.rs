//! What an ACK means for the losses: Linux's `tcp_fastretrans_alert`, for SACK and NewReno alike.

use super::AckReport;
use crate::{CaState, Connection, Context};

/// What may be sent of what counts as lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Nothing before the next ACK.
    Nothing,
    /// New data instead, if there is any and it may go (RFC 5682 3.1, step 2.b).
    NewData,
    /// All that the window has room for.
    #[default]
    Lost,
}

impl AckReport {
    /// Whether there is something to look at though nothing was amiss.
    pub(crate) fn is_alarming(&self) -> bool {
        self.sacked || self.came_twice || self.is_duplicate
    }
}

impl Connection {
    /// Decides what an ACK means whose report is complete.
    pub(crate) fn alert(&mut self, context: &mut Context<'_>, report: &mut AckReport) -> Repair {
        if self.recovery.state == CaState::Open && !report.is_alarming() {
            self.recovery.retrans_stamp = None;
            return Repair::Lost;
        }
        let (una, nxt) = (self.send_buffers.start(), self.sent_to());
        self.rack.update_window(una, nxt, context.sysctls);
        if report.advanced && self.send_buffers.is_first_sacked() {
            self.wait_for_reneged(context);
            report.has_set_timer = true;
            return Repair::Nothing;
        }
        if self.recovery.state == CaState::Open {
            self.recovery.retrans_stamp = None;
        } else if self.send_buffers.start() >= self.recovery.high_seq
            && self.end_state(context, report)
        {
            return Repair::Nothing;
        }
        match self.recovery.state {
            CaState::Recovery => {
                if !report.advanced {
                    self.add_duplicate(report);
                } else if self.try_undo_partial(context, report) {
                    return Repair::Nothing;
                }
                if self.try_undo_by_dsack(context) {
                    self.try_to_open();
                }
                self.identify_losses(context, report);
                if self.recovery.state != CaState::Recovery {
                    if self.send_buffers.lost_out == 0 {
                        return Repair::Nothing;
                    }
                    self.enter_recovery(context); // what is lost after what was only late
                }
                Repair::Lost
            }
            CaState::Loss => {
                let repair = self.process_loss(context, report);
                self.identify_losses(context, report);
                if self.recovery.state != CaState::Open && !report.lost_copies {
                    return repair;
                }
                self.look_for_losses(context, report)
            }
            CaState::Open | CaState::Disorder | CaState::Cwr => {
                self.look_for_losses(context, report)
            }
        }
    }

    /// Everything is acknowledged that was out when the state began. Returns whether it is kept nevertheless.
    fn end_state(&mut self, context: &mut Context<'_>, report: &AckReport) -> bool {
        match self.recovery.state {
            // The peer has to see CWR (RFC 3168 6.1.2): more than that.
            CaState::Cwr if self.send_buffers.start() != self.recovery.high_seq => {
                self.recovery.state = CaState::Open;
                self.congestion.is_reduced();
            }
            CaState::Recovery => {
                self.forget_duplicates();
                if self.try_undo_recovery(context, report) {
                    return true;
                }
                // Unless it was undone.
                if self.recovery.undo_marker.is_some() {
                    self.congestion.is_reduced();
                }
            }
            _ => {}
        }
        false
    }

    fn look_for_losses(&mut self, context: &mut Context<'_>, report: &mut AckReport) -> Repair {
        if !self.sack_permitted {
            if report.advanced {
                self.forget_duplicates();
            }
            self.add_duplicate(report);
        }
        if matches!(self.recovery.state, CaState::Open | CaState::Disorder) {
            self.try_undo_by_dsack(context);
        }
        self.identify_losses(context, report);
        if self.send_buffers.lost_out == 0 {
            self.try_to_open();
            return Repair::Nothing;
        }
        self.enter_recovery(context);
        Repair::Lost
    }

    fn identify_losses(&mut self, context: &mut Context<'_>, report: &mut AckReport) {
        if self.sack_permitted {
            self.detect_lost(context, report);
        } else {
            self.mark_first_lost(report);
        }
    }

    /// Nothing counts as lost: Open, or Disorder while something out of order may still show a loss.
    pub(super) fn try_to_open(&mut self) {
        if !self.is_repair_out() {
            self.recovery.retrans_stamp = None;
        }
        if self.recovery.state != CaState::Cwr {
            self.try_keep_open();
        }
    }

    pub(super) fn try_keep_open(&mut self) {
        let state = if self.send_buffers.left_out() > 0 || self.is_repair_out() {
            CaState::Disorder
        } else {
            CaState::Open
        };
        if self.recovery.state != state {
            self.recovery.state = state;
            self.recovery.high_seq = self.sent_to();
        }
    }

    /// Whether something that was sent again is out, as far as can be told without looking through everything (Linux's
    /// `tcp_any_retrans_done`).
    pub(super) fn is_repair_out(&self) -> bool {
        let (start, buffers) = (self.send_buffers.start(), &self.send_buffers);
        buffers.retrans_out > 0 || buffers.was_sent_again(start, start + 1)
    }

    /// Something is lost: the window comes down, once for all that is out (RFC 6582 3.2, RFC 6675 5).
    pub(super) fn enter_recovery(&mut self, context: &mut Context<'_>) {
        if self.sack_permitted {
            context.counters.tcp_sack_recovery += 1;
        } else {
            context.counters.tcp_reno_recovery += 1;
        }
        let (una, nxt) = (self.send_buffers.start(), self.sent_to());
        let probe = u32::from(self.tail_loss_probe.is_copy_out());
        self.recovery
            .may_undo(una, self.send_buffers.retrans_out + probe);
        if !self.recovery.is_reducing() {
            self.recovery.rate = self.congestion.reduce();
            self.ecn.queue_cwr();
        }
        self.tail_loss_probe.is_answered();
        self.recovery.high_seq = nxt;
        self.recovery.state = CaState::Recovery;
        self.limit_duplicates();
    }

    /// A mark was echoed: the window is halved, unless that was done for what is in flight.
    pub(crate) fn slow_down_for_mark(&mut self) {
        if self.recovery.is_reducing() || self.recovery.is_repairing() {
            return;
        }
        self.recovery.high_seq = self.sent_to();
        self.recovery.state = CaState::Cwr;
        self.recovery.undo_marker = None;
        self.recovery.rate = self.congestion.reduce();
        self.tail_loss_probe.is_answered();
        self.ecn.queue_cwr();
    }

    /// The window is on its way down: it follows what arrives (RFC 9937). `advanced`: SND.UNA moved, and nothing more was
    /// `lost`.
    pub(crate) fn follow_reduction(&mut self, delivered: u32, advanced: bool, lost: bool) {
        let inflight = self.send_buffers.packets_in_flight();
        let ssthresh = self.congestion.ssthresh().unwrap_or(u32::MAX);
        let ssthresh = (ssthresh / self.largest_segment).max(1);
        let safe = advanced && !lost;
        let rate = &mut self.recovery.rate;
        let Some(mut cwnd) = rate.acknowledged(delivered, inflight, ssthresh, safe) else {
            return;
        };
        // A partial ACK without SACK sends the next hole again at once (RFC 6582 3.2): nothing else would tell of it. On Linux
        // PRR may hold it back until the timer expires.
        if !self.sack_permitted && advanced {
            cwnd = cwnd.max(inflight + 1);
        }
        self.congestion.set_cwnd(cwnd * self.largest_segment);
    }

    /// An ACK was taken: the window follows.
    pub(crate) fn adapt_window(&mut self, report: &AckReport) {
        if self.recovery.is_reducing() {
            let lost = report.newly_lost > 0;
            self.follow_reduction(report.delivered, report.advanced, lost);
        } else if report.advanced || (report.sacked && self.recovery.reordering.is_high()) {
            self.congestion.acknowledged(report.bytes);
        }
    }
}
