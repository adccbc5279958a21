//! The order of the steps.

use crate::{Alone, Connection, Context, Disposition, ReceiveOffload, Segment, State, reset};
use periplus_journey::DropReason;
use periplus_wire::tcp::TcpFlags;

use super::sequence_number::Acceptability;

impl Connection {
    /// Takes an arriving segment (RFC 9293 3.10.7).
    pub fn segment_arrives(&mut self, context: &mut Context<'_>, segment: Segment) -> Disposition {
        self.segments_arrive(context, segment, &mut Alone)
    }

    /// The same, and takes as many of those that continue it as are delivered as well.
    pub fn segments_arrive(
        &mut self,
        context: &mut Context<'_>,
        mut segment: Segment,
        offload: &mut impl ReceiveOffload,
    ) -> Disposition {
        self.activity.arrived(segment.payload.len());
        if let Some(disposition) = self.take_predicted(context, &mut segment, offload) {
            return disposition;
        }
        self.arrives_step_by_step(context, segment)
    }

    /// The same by the steps of RFC 9293 3.10.7, one after the other.
    pub(crate) fn arrives_step_by_step(
        &mut self,
        context: &mut Context<'_>,
        mut segment: Segment,
    ) -> Disposition {
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
        // A simultaneous open: the peer's SYN/ACK repeats the SYN we have, and its ACK is what we wait for (3.5, figure 7).
        if self.state == State::SynReceived
            && segment.has(TcpFlags::SYN)
            && segment.has(TcpFlags::ACK)
            && segment.seq == self.rcv.irs
        {
            segment.seq += 1;
            segment.wnd >>= self.snd.wind_shift; // never scaled in a SYN (RFC 7323 2.2)
            segment.flags = segment.flags.without(TcpFlags::SYN);
        }
        // RST and SYN come before the first step: of theirs, the number alone counts, or nothing (RFC 5961 3.2, 4.2).
        if segment.has(TcpFlags::RST) {
            return self.check_reset_bit(context, &segment);
        }
        if segment.has(TcpFlags::SYN) {
            return self.check_syn_bit(context);
        }
        let acceptability = self.check_sequence_number(context, &segment);
        if let Acceptability::Unacceptable(reason) = acceptability {
            if self.state == State::TimeWait && segment.has(TcpFlags::FIN) {
                self.enter_time_wait(context); // the peer missed our last ACK: wait anew
            }
            return Disposition::Dropped(reason);
        }
        if !segment.has(TcpFlags::ACK) {
            return Disposition::Dropped(DropReason::TcpFlags);
        }
        if acceptability == Acceptability::WindowClosed && !self.is_believable(segment.ack) {
            return Disposition::Dropped(DropReason::TcpZeroWindow); // and answered already
        }
        if let Some(disposition) = self.check_acknowledgment(context, &segment) {
            return disposition;
        }
        self.note_opportunity(); // whatever becomes of the text
        // TS.Recent comes after the ACK was checked, as on Linux: who does not know what we sent shall not set it.
        self.update_ts_recent(context, &segment);
        if acceptability == Acceptability::WindowClosed {
            return Disposition::Dropped(DropReason::TcpZeroWindow);
        }
        // Seventh and eighth: after the peer's FIN there is nothing more to take.
        if !self.state.may_receive() {
            return match segment.is_empty() {
                true => Disposition::Consumed,
                false => Disposition::Dropped(DropReason::TcpOldSequence),
            };
        }
        let fin = self.trim_to_window(context, &mut segment);
        let carried_text = !segment.payload.is_empty();
        if carried_text {
            self.note_ecn(&segment);
        }
        if carried_text && let Some(disposition) = self.process_text(context, &mut segment) {
            return disposition;
        }
        self.check_fin_bit(context, fin);
        self.decide_ack(context);
        if carried_text {
            Disposition::Delivered
        } else {
            Disposition::Consumed
        }
    }
}
