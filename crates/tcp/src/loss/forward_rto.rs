//! After a time-out (Linux's `tcp_process_loss`): F-RTO (RFC 5682) looks whether it was spurious. The first segment was sent again;
//! if then something is acknowledged, new data goes out instead of what counts as lost, and what the peer says to that tells.

use super::{AckReport, Repair};
use crate::{CaState, Connection, Context};

impl Connection {
    /// An ACK while what was out at a time-out is not all acknowledged.
    pub(super) fn process_loss(
        &mut self,
        context: &mut Context<'_>,
        report: &mut AckReport,
    ) -> Repair {
        let recovered = self.send_buffers.start() >= self.recovery.high_seq;
        if report.advanced && self.try_undo_loss(context, report, false) {
            return Repair::Nothing;
        }
        let has_sent_new = self.sent_to() > self.recovery.high_seq;
        if self.recovery.frto {
            // Step 3.b: what was never sent again has arrived.
            if report.is_original && self.try_undo_loss(context, report, true) {
                return Repair::Nothing;
            }
            if has_sent_new {
                // Step 3.a: the loss was one.
                self.recovery.frto &= !(report.sacked || report.is_duplicate);
            } else if report.advanced && !recovered {
                self.recovery.high_seq = self.sent_to();
                if self.has_new_data_to_send() {
                    return Repair::NewData;
                }
                self.recovery.frto = false;
            }
        }
        if recovered {
            self.try_undo_recovery(context, report);
            return Repair::Nothing;
        }
        if !self.sack_permitted {
            // A duplicate ACK is for the new data: another segment has left the network.
            if has_sent_new && report.is_duplicate {
                self.add_duplicate(report);
            } else if report.advanced {
                self.forget_duplicates();
            }
        }
        Repair::Lost
    }

    fn has_new_data_to_send(&self) -> bool {
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        self.send_buffers.end() > self.sent_to() && window_end > self.sent_to()
    }

    /// What the last ACK allows to be sent of what counts as lost.
    pub(crate) fn transmit_repair(&mut self, context: &Context<'_>, repair: Repair) {
        let held = match repair {
            Repair::Nothing => true,
            Repair::Lost => false,
            Repair::NewData => {
                let before = self.recovery.high_seq;
                self.push(context, crate::release::Nagle::Off);
                let is_new = self.send_buffers.released > before;
                self.recovery.frto &= is_new;
                is_new
            }
        };
        self.recovery.held_back = held && self.recovery.state != CaState::Open;
    }
}
