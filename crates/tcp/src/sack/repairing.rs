//! What counts as lost, sent again: oldest first, as far as the windows allow (Linux's `tcp_xmit_retransmit_queue`).

use crate::loss::TransmitTimer;
use crate::{CaState, Connection, Context, Emit, RingFull};
use periplus_wire::tcp::TcpFlags;

impl Connection {
    /// Sends again what counts as lost, while the window of congestion has room for a segment.
    pub(crate) fn transmit_lost(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        while let Some(start) = self.next_lost() {
            // What the time-out itself sends again waits for nothing.
            let is_first = start == self.send_buffers.start();
            if !(is_first && self.recovery.state() == CaState::Loss)
                && self.copy_is_early(context.now)
            {
                break;
            }
            self.transmit_again(context, emit, start, false)?;
            if self.recovery.state() == CaState::Loss {
                context.counters.tcp_slow_start_retrans += 1;
            } else {
                self.counted().tcp_fast_retrans += 1;
                context.counters.tcp_fast_retrans += 1;
            }
            // A time-out that was for nothing acknowledged has set the timer itself.
            if is_first
                && self.unanswered.retransmits == 0
                && self.transmit_timer != TransmitTimer::Reordering
            {
                self.transmit_timer = TransmitTimer::TimeOut;
                self.restart_retransmission_timer(context);
            }
        }
        Ok(())
    }

    /// Whether something would be sent again now.
    #[inline]
    pub(crate) fn has_lost_to_send(&self) -> bool {
        // Asked with every frame, and nearly always in vain.
        self.send_buffers.is_repair_needed() && self.next_lost().is_some()
    }

    /// Where that begins which is sent again next.
    fn next_lost(&self) -> Option<u64> {
        let buffers = &self.send_buffers;
        if !buffers.is_repair_needed()
            || self.recovery.is_held_back()
            || buffers.packets_in_flight() >= self.cwnd_segments()
        {
            return None;
        }
        buffers.next_lost().filter(|&at| self.offered_at(at) > 0)
    }

    /// What the peer's window leaves at a stream offset. A window that is smaller now is used as it is: the peer may wait for just
    /// that, and no ACK would come. For the first segment there is room even if it was taken back whole, as the probe that a closed
    /// window needs (RFC 9293 3.8.6.1; Linux's `tcp_retransmit_skb`).
    pub(crate) fn offered_at(&self, at: u64) -> u32 {
        let sent = at - self.send_buffers.start();
        match u64::from(self.snd.wnd).saturating_sub(sent) {
            0 if sent == 0 => self.current_segment_size(),
            left => left as u32,
        }
    }

    /// Sends the segment at the stream offset `start` again: because it counts as lost, or as a probe.
    pub(crate) fn transmit_again(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        start: u64,
        is_probe: bool,
    ) -> Result<(), RingFull> {
        let most = self.offered_at(start).min(self.current_segment_size());
        let sent = self.sent_to();
        let Some(mut again) = self.send_buffers.segment_again(start, most, sent) else {
            return Ok(());
        };
        self.bound_duplicates();
        let offset = (start - self.una_offset) as usize;
        let gathered = self.gatherable(offset, again.length as usize) as u32;
        if gathered < again.length {
            (again.length, again.push, again.fin) = (gathered, false, false);
        }
        let mut flags = TcpFlags::ACK;
        if again.push {
            flags |= TcpFlags::PSH;
        }
        if again.fin {
            flags |= TcpFlags::FIN;
        }
        let seq = self.snd.una + (start - self.send_buffers.start()) as u32;
        self.emit(context, emit, seq, flags, offset, again.length as usize)?;
        self.send_buffers.sent_again(again, is_probe, context.now);
        self.count_sent(context, true, 1);
        if !is_probe {
            if start == self.send_buffers.start() {
                self.restart_for_the_oldest(context);
            }
            self.recovery.sent_again(context.now);
            self.recovery.sent(1);
        }
        Ok(())
    }
}
