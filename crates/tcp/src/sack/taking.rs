//! The SACK options that the peer sends: onto the scoreboard, as far as they can be true.

use crate::{Connection, Context, Segment};
use periplus_wire::SeqNum;
use std::time::Duration;

const LEAST_WAIT_FOR_RENEGED: Duration = Duration::from_millis(10);

impl Connection {
    /// Takes the blocks of a segment whose ACK field is acceptable. Returns how many bytes are SACKed that were not before.
    pub(crate) fn take_sack(&mut self, context: &mut Context<'_>, segment: &Segment) -> u32 {
        let blocks = segment.options.sack.as_slice();
        if !self.sack_permitted || blocks.is_empty() {
            return 0;
        }
        let una = segment.ack.max(self.snd.una);
        let smss = self.segment_size;
        let mut taken = 0;
        let came_twice = self.came_twice(context, segment.ack, blocks);
        for &(start, end) in &blocks[usize::from(came_twice)..] {
            // Beyond SND.UNA, or there is no hole before it; and of what was sent.
            let is_possible =
                start.after(una) && start.before(end) && end.at_or_before(self.snd.max);
            match is_possible.then(|| self.recovery.sacked(una, start, end, smss)) {
                Some(Some(new)) => taken += new,
                // An older ACK, overtaken by this connection's newer ones, may tell of what is acknowledged now.
                None if segment.ack != self.snd.una && end.at_or_before(una) => {}
                None | Some(None) => context.counters.tcp_sack_discard += 1,
            }
        }
        taken
    }

    /// How long the timer waits where the peer seems to have thrown away what it had SACKed: what it now lacks may still come
    /// in the ACKs on their way. Half a round-trip time, 10 ms at least, as on Linux.
    pub(crate) fn wait_for_reneged(&self) -> Option<Duration> {
        let srtt = self.retransmission_timer.srtt().unwrap_or_default();
        let reneged = self.recovery.has_reneged(self.snd.una);
        reneged.then(|| (srtt / 2).max(LEAST_WAIT_FOR_RENEGED))
    }

    /// Whether the first block is D-SACK: below what is acknowledged, or inside the second (RFC 2883 4).
    fn came_twice(
        &mut self,
        context: &mut Context<'_>,
        ack: SeqNum,
        blocks: &[(SeqNum, SeqNum)],
    ) -> bool {
        let (start, end) = blocks[0];
        if start.before(ack) {
            self.activity.dsack_dups += 1;
            context.counters.tcp_dsack_recv += 1;
            return true;
        }
        let inside =
            |&(left, right): &(SeqNum, SeqNum)| start.at_or_after(left) && end.at_or_before(right);
        let inside_the_second = blocks.get(1).is_some_and(inside);
        if inside_the_second {
            self.activity.dsack_dups += 1;
            context.counters.tcp_dsack_ofo_recv += 1;
        }
        inside_the_second
    }
}
