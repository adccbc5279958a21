//! A segment in SYN-SENT (RFC 9293 3.10.7.3).

use crate::options::{Negotiated, TimestampClock, is_echo};
use crate::release::bound_to_half_window;
use crate::tcb::ReceiveSequence;
use crate::{Connection, Context, Disposition, Segment, State, StreamError, reset};
use periplus_journey::{DropReason, Outcome};
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

/// How soon a SYN follows that answers the RST for an ACK of something else: Linux's TCP_TIMEOUT_MIN, two ticks of its clock.
const SOON: Duration = Duration::from_millis(2);

impl Connection {
    pub(super) fn arrives_in_syn_sent(
        &mut self,
        context: &mut Context<'_>,
        segment: Segment,
    ) -> Disposition {
        let has_ack = segment.has(TcpFlags::ACK);
        // First: the ACK must be for our SYN.
        if has_ack && !(segment.ack.after(self.snd.iss) && segment.ack.at_or_before(self.snd.nxt)) {
            // The peer may have an old connection of ours, which our RST ends: as on Linux, the next SYN need not wait.
            if self.unanswered.retransmits == 0 {
                self.retransmit_at = Some(context.now + SOON);
            }
            return refuse(&segment);
        }
        // As on Linux: an echo of what our SYNs never said is no answer to them.
        if has_ack && !self.echoes_our_syn(context, &segment) {
            context.counters.paws_active_rejected += 1;
            return refuse(&segment);
        }
        // Second: a RST is believed only with such an ACK.
        if segment.has(TcpFlags::RST) {
            if !has_ack {
                return Disposition::Dropped(DropReason::TcpInvalidReset);
            }
            context.counters.tcp_attempt_fails += 1;
            self.fail(
                context,
                StreamError::Refused,
                Outcome::Refused,
                Some("reset_by_peer"),
            );
            return Disposition::Consumed;
        }
        // Fourth: the SYN.
        if !segment.has(TcpFlags::SYN) {
            return Disposition::Dropped(DropReason::TcpFlags);
        }
        let window = self.first_window(context);
        self.rcv = ReceiveSequence::new(segment.seq, window, 0);
        let ts_recent = segment
            .options
            .timestamps
            .map_or(0, |timestamps| timestamps.value);
        self.agree(
            Negotiated::new(self.offer, &segment.options),
            ts_recent,
            context.now,
        );
        // RFC 5681 3.1; as on Linux only after the second SYN that was lost, and not if the echo says that the first arrived.
        let echoed = segment.options.timestamps.map(|echoed| echoed.echo_reply);
        let first_arrived = self.timestamps.is_some() && echoed == Some(self.first_tsval);
        if self.unanswered.retransmits > 1 && !first_arrived {
            self.congestion.begin_with_one();
        }
        self.agree_on_ecn(&segment);
        self.offer = self.offer.answering(&segment.options);
        self.snd.wl1 = segment.seq;
        self.snd.wl2 = segment.ack;
        // The window of a SYN is never scaled (RFC 7323 2.2).
        self.snd.wnd = u32::from(segment.wnd);
        self.snd.max_wnd = self.snd.wnd;
        self.segment_size = bound_to_half_window(self.largest_segment, self.snd.max_wnd);
        self.acknowledge_now();
        if has_ack {
            self.snd.una = segment.ack;
            self.syn_due = false; // it may have been to be repeated
            self.measure_round_trip(&segment, None);
            self.retransmission_timer.established();
            self.unanswered.acknowledged();
            self.keepalive.heard(context.now);
            self.activity.ack_received(context.now);
            self.retransmit_at = None;
            self.state = State::Established;
            self.start_keepalive(context);
            self.wake_writer();
            self.note_opportunity();
            // RFC 9293 3.10.7.3 would have text or a FIN in the SYN/ACK processed. Linux 6.18 drops both, and so do we: nobody
            // sends them unasked (RFC 7413 asks), and who does has to send them again, because our ACK does not cover them.
        } else {
            // Simultaneous open (RFC 9293 3.5, figure 7): our SYN goes out again as SYN/ACK.
            self.state = State::SynReceived;
            self.syn_due = true;
        }
        Disposition::Consumed
    }

    fn echoes_our_syn(&self, context: &Context<'_>, segment: &Segment) -> bool {
        let now = TimestampClock::value(self.timestamp_offset, context.now);
        let timestamps = segment.options.timestamps.filter(|_| self.offer.timestamps);
        timestamps.is_none_or(|timestamps| is_echo(timestamps.echo_reply, self.first_tsval, now))
    }
}

/// `<SEQ=SEG.ACK><CTL=RST>`, but nothing to a RST.
fn refuse(segment: &Segment) -> Disposition {
    match reset::answer_to(segment) {
        Some(answer) => Disposition::AnsweredByReset(answer),
        None => Disposition::Dropped(DropReason::TcpInvalidReset),
    }
}
