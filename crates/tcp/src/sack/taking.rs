//! The SACK options that the peer sends, taken as far as they can be true.

use crate::loss::AckReport;
use crate::{Connection, Context, Segment};
use periplus_wire::SeqNum;
use periplus_wire::tcp::SackBlocks;

impl Connection {
    /// Takes the blocks of a segment whose ACK field is acceptable, and was not taken yet.
    pub(crate) fn take_sack(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
        report: &mut AckReport,
    ) {
        let blocks = segment.options.sack.as_slice();
        if !self.sack_permitted || blocks.is_empty() {
            return;
        }
        let una = segment.ack.max(self.snd.una);
        let came_twice = self.came_twice(context, segment.ack, blocks, report);
        // Lowest first: what one block tells must not look late because of another.
        let mut sorted = [(una, una); SackBlocks::MAX];
        let blocks = &blocks[usize::from(came_twice)..];
        let sorted = &mut sorted[..blocks.len()];
        sorted.copy_from_slice(blocks);
        sorted.sort_unstable_by_key(|&(start, _)| start - una);
        for &mut (start, end) in sorted {
            // Beyond SND.UNA, or there is no hole before it; and of what was sent.
            let is_possible =
                start.after(una) && start.before(end) && end.at_or_before(self.snd.nxt);
            if is_possible {
                let (start, end) = (self.offset_of(start), self.offset_of(end));
                if !self.send_buffers.sack(start, end, report) {
                    context.counters.tcp_wqueue_too_big += 1;
                }
            } else if segment.ack == self.snd.una || end.after(una) {
                // An older ACK, overtaken by this connection's newer ones, may tell of what is acknowledged now.
                context.counters.tcp_sack_discard += 1;
            }
        }
    }

    /// The stream offset of what is in flight.
    fn offset_of(&self, seq: SeqNum) -> u64 {
        self.send_buffers.start() + u64::from(seq - self.snd.una)
    }

    /// Whether the first block is D-SACK: below what is acknowledged, or inside the second (RFC 2883 4).
    fn came_twice(
        &mut self,
        context: &mut Context<'_>,
        ack: SeqNum,
        blocks: &[(SeqNum, SeqNum)],
        report: &mut AckReport,
    ) -> bool {
        let (start, end) = blocks[0];
        let inside =
            |&(left, right): &(SeqNum, SeqNum)| start.at_or_after(left) && end.at_or_before(right);
        if start.before(ack) {
            context.counters.tcp_dsack_recv += 1;
        } else if blocks.get(1).is_some_and(inside) {
            context.counters.tcp_dsack_ofo_recv += 1;
        } else {
            return false;
        }
        self.heed_dsack(start, end, report);
        true
    }

    /// `[start, end)` arrived twice: if we sent it twice, one of the copies was needless (RFC 3708).
    fn heed_dsack(&mut self, start: SeqNum, end: SeqNum, report: &mut AckReport) {
        let length = if start.before(end) { end - start } else { 0 };
        if length == 0 || length > self.snd.max_wnd {
            return; // it cannot be true
        }
        let segments = length.div_ceil(self.segment_size.max(1));
        self.activity.dsack_dups = self.activity.dsack_dups.saturating_add(segments);
        if self.activity.dsack_dups > self.retransmissions {
            return; // the network doubled it, or the peer invents
        }
        let una = self.send_buffers.start();
        let (end_offset, was_ours) = if end.at_or_before(self.snd.una) {
            (una.checked_sub(u64::from(self.snd.una - end)), true)
        } else if start.at_or_after(self.snd.una) && end.at_or_before(self.snd.nxt) {
            let (start, end) = (self.offset_of(start), self.offset_of(end));
            let was_ours = self.send_buffers.was_sent_again(start, end);
            (Some(end), was_ours)
        } else {
            (None, false)
        };
        report.came_twice = true;
        report.delivered += segments;
        let Some(end) = end_offset.filter(|_| was_ours) else {
            return;
        };
        self.recovery.came_twice(segments, end);
        report.probe_came_twice = segments == 1 && self.tail_loss_probe.was_copy_of(end);
        if self.recovery.has_seen_reordering() && !report.probe_came_twice {
            self.rack.report_came_twice();
        }
    }
}
