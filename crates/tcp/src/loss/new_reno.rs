//! Without SACK (RFC 6582, upon RFC 5681 3.2): each duplicate ACK tells that a segment arrived, but not which.

use super::AckReport;
use crate::{CaState, Connection};

impl Connection {
    /// A duplicate ACK counts as a segment that the peer has (Linux's `tcp_add_reno_sack`), if it can be true.
    ///
    /// In a recovery no more segments can have arrived than were in flight when the first one was sent again, because its ACK is
    /// here before those of what was sent after it: a peer that invents duplicate ACKs gains nothing (RFC 5681 3.2, note to
    /// step 4). Linux bounds them by what is out, which grows with them.
    pub(super) fn add_duplicate(&mut self, report: &mut AckReport) {
        if self.sack_permitted || !report.is_duplicate {
            return;
        }
        if self.recovery.state == CaState::Recovery {
            if self.recovery.duplicates_left == 0 {
                return;
            }
            self.recovery.duplicates_left -= 1;
        }
        let before = self.send_buffers.sacked_out;
        self.send_buffers.sacked_out += 1;
        self.check_duplicates(0);
        report.delivered += self.send_buffers.sacked_out.saturating_sub(before);
    }

    /// SND.UNA moved over `report.acknowledged` segments: the first of them was missing, and duplicate ACKs were for the others
    /// (Linux's `tcp_remove_reno_sacks`).
    pub(crate) fn take_duplicates_off(&mut self, report: &mut AckReport) {
        let acknowledged = report.acknowledged;
        if acknowledged == 0 || self.sack_permitted {
            return;
        }
        // What was sent again is among it: no news of the others (RFC 5682 2.1).
        report.is_original &= !report.is_ambiguous;
        let buffers = &mut self.send_buffers;
        if buffers.sacked_out == 0 {
            return;
        }
        let known = buffers.sacked_out.min(acknowledged - 1);
        buffers.sacked_out -= known;
        report.delivered = (acknowledged - known).max(1);
        let least = report.bytes.min(self.segment_size);
        report.bytes = (report.bytes.saturating_sub(known * self.segment_size)).max(least);
        self.check_duplicates(acknowledged);
        if self.send_buffers.packets_out == 0 {
            self.send_buffers.sacked_out = 0;
        }
        if self.recovery.state == CaState::Recovery {
            self.limit_duplicates();
        }
    }

    /// More duplicate ACKs than segments that can have arrived: the network made them, or reorders (`tcp_check_reno_reordering`).
    fn check_duplicates(&mut self, acknowledged: u32) {
        if self.bound_duplicates() {
            let degree = self.send_buffers.packets_out + acknowledged;
            self.recovery.reordering.is_at_least(degree);
        }
    }

    /// No more can have arrived than what is out and not lost: what was several segments may be one now. Says whether there were more
    /// duplicate ACKs (Linux's `tcp_limit_reno_sacked`).
    pub(crate) fn bound_duplicates(&mut self) -> bool {
        let buffers = &mut self.send_buffers;
        let missing = buffers.lost_out.max(1).min(buffers.packets_out);
        let most = buffers.packets_out - missing;
        let are_more = !self.sack_permitted && buffers.sacked_out > most;
        if are_more {
            buffers.sacked_out = most;
        }
        are_more
    }

    /// How many duplicate ACKs may still come: one for every segment in flight but the first, which is lost.
    pub(super) fn limit_duplicates(&mut self) {
        let buffers = &self.send_buffers;
        self.recovery.duplicates_left = buffers.packets_out.saturating_sub(1 + buffers.sacked_out);
    }

    pub(super) fn forget_duplicates(&mut self) {
        if !self.sack_permitted {
            self.send_buffers.sacked_out = 0;
        }
    }

    /// RFC 6582 3.2, step 2 and 3: the first segment is lost after three duplicate ACKs (RFC 5681), or because what was sent
    /// again before it has arrived.
    pub(super) fn mark_first_lost(&mut self, report: &mut AckReport) {
        let recovery = &self.recovery;
        let is_lost = match recovery.state {
            CaState::Open | CaState::Disorder | CaState::Cwr => {
                self.send_buffers.sacked_out >= recovery.reordering.degree()
            }
            CaState::Recovery => report.advanced,
            CaState::Loss => false,
        };
        if is_lost {
            report.newly_lost += self.send_buffers.first_is_lost().segments;
        }
    }
}
