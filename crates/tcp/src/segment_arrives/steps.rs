//! The order of the steps.

use crate::{Connection, Context, Disposition, Segment, State, reset};
use periplus_journey::DropReason;
use periplus_wire::tcp::TcpFlags;

use super::sequence_number::Acceptability;

impl Connection {
    /// Takes an arriving segment (RFC 9293 3.10.7).
    pub fn segment_arrives(
        &mut self,
        context: &mut Context<'_>,
        mut segment: Segment,
    ) -> Disposition {
        self.activity.arrived(segment.payload.len());
        match self.state {
            State::Closed => {
                return match reset::answer_to(&segment) {
                    Some(answer) => Disposition::AnsweredByReset(answer),
                    None => Disposition::Consumed,
                };
            }
            State::SynSent => return self.arrives_in_syn_sent(context, segment),
            _ => {}
        }
        // A simultaneous open: the peer's SYN/ACK repeats the SYN we have, and its ACK is what we wait for.
        if self.state == State::SynReceived
            && segment.has(TcpFlags::SYN)
            && segment.seq == self.rcv.irs
        {
            segment.seq += 1;
            segment.flags = segment.flags.without(TcpFlags::SYN);
        }
        let acceptability = self.check_sequence_number(context, &segment);
        if let Acceptability::Unacceptable(reason) = acceptability {
            if self.state == State::TimeWait && segment.has(TcpFlags::FIN) {
                self.enter_time_wait(context); // the peer missed our last ACK: wait anew
            }
            return Disposition::Dropped(reason);
        }
        if segment.has(TcpFlags::RST) {
            return self.check_reset_bit(context, &segment);
        }
        if segment.has(TcpFlags::SYN) {
            return self.check_syn_bit(context);
        }
        if !segment.has(TcpFlags::ACK) {
            return Disposition::Dropped(DropReason::TcpFlags);
        }
        if let (Some(clock), Some(timestamps)) = (&mut self.timestamps, segment.options.timestamps)
        {
            clock.update(
                timestamps.value,
                segment.seq,
                self.rcv.last_ack_sent,
                context.now,
            );
        }
        if let Some(disposition) = self.check_acknowledgment(context, &segment) {
            return disposition;
        }
        if acceptability == Acceptability::WindowClosed {
            return Disposition::Dropped(DropReason::TcpZeroWindow);
        }
        let fin = self.trim_to_window(context, &mut segment);
        let carried_text = !segment.payload.is_empty();
        if carried_text && let Some(disposition) = self.process_text(context, &mut segment) {
            return disposition;
        }
        self.check_fin_bit(context, fin);
        if carried_text {
            Disposition::Delivered
        } else {
            Disposition::Consumed
        }
    }
}
