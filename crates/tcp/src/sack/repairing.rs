//! The holes on the scoreboard, sent again (RFC 6675 5, step C).

use crate::loss::HoleRule;
use crate::{Connection, Context, Emit, RingFull};
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;
use std::ops::Range;

impl Connection {
    /// Sends holes again that `rule` gives, while the window of congestion has room for a full segment.
    pub(crate) fn transmit_holes(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        rule: HoleRule,
    ) -> Result<(), RingFull> {
        while let Some(hole) = self.next_hole(rule) {
            if self.copy_is_early(context.now) {
                break;
            }
            self.transmit_again(context, emit, hole)?;
            self.counted().tcp_fast_retrans += 1;
            context.counters.tcp_fast_retrans += 1;
        }
        Ok(())
    }

    /// Whether a hole would be sent again now.
    pub(crate) fn has_hole_to_send(&self) -> bool {
        self.next_hole(HoleRule::Eager).is_some()
    }

    fn next_hole(&self, rule: HoleRule) -> Option<Range<SeqNum>> {
        let (una, max) = (self.snd.una, self.snd.max);
        let length = || self.current_segment_size();
        let hole = self.recovery.next_segment(una, max, length, rule)?;
        (self.packets_in_flight() < self.cwnd_segments()).then_some(hole)
    }

    /// The window is on its way down: it follows what arrives, `delivered` bytes with this ACK, which acknowledged something if
    /// it `advanced` (RFC 9937).
    pub(crate) fn follow_reduction(&mut self, delivered: u32, advanced: bool) {
        let delivered = delivered.div_ceil(self.segment_size);
        let inflight = self.packets_in_flight();
        let ssthresh = self.congestion.ssthresh().unwrap_or(u32::MAX);
        let ssthresh = (ssthresh / self.largest_segment).max(1);
        let cwnd = self
            .recovery
            .reduced_window(delivered, inflight, ssthresh, advanced);
        if let Some(cwnd) = cwnd {
            self.congestion.set_cwnd(cwnd * self.largest_segment);
        }
    }

    /// Bytes in the network, as far as the peer's ACKs say.
    pub(crate) fn pipe(&self) -> u32 {
        let snd = &self.snd;
        self.recovery.pipe(snd.una, snd.nxt, self.segment_size)
    }

    /// Sends again what of `range`, which is in flight, fits in one segment.
    pub(crate) fn transmit_again(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        range: Range<SeqNum>,
    ) -> Result<(), RingFull> {
        let offset = range.start - self.snd.una;
        let in_flight = self.text_in_flight();
        let most = (range.end - range.start)
            .min(in_flight - offset)
            .min(self.current_segment_size());
        let (text, mut flags) = self.segment_again(offset, most);
        let mut end = range.start + text;
        // what is in flight beyond the text is the FIN
        if offset + text == in_flight && end.before(range.end) {
            flags |= TcpFlags::FIN;
            end += 1;
        }
        if end == range.start {
            return Ok(());
        }
        self.emit(
            context,
            emit,
            range.start,
            flags,
            offset as usize,
            text as usize,
        )?;
        self.count_sent(context, true, 1, end);
        self.recovery.sent_again(range.start..end);
        self.recovery.sent(1);
        Ok(())
    }
}
