//! Header prediction: the segment that nearly always comes, by a short way.
//!
//! While all is well a segment brings the next text, or acknowledges what is out, or both, and nothing else. Van Jacobson's idea (4.3BSD
//! Reno; Linux's `pred_flags`) is to see that at once. What the steps of RFC 9293 3.10.7.4 do for such a segment is done here in their
//! order; what they only look for is not looked for again. Whatever is not as predicted takes the long way.

use crate::chronograph::Limit;
use crate::connection::AckDue;
use crate::loss::TransmitTimer;
use crate::{
    ArrivalTime, CaState, Connection, Context, Continued, Disposition, ReceiveOffload, Segment,
    State,
};
use periplus_ring::RxFrame;
use periplus_wire::tcp::TcpFlags;

impl Connection {
    /// Takes the segment if it is as predicted.
    #[inline]
    pub(crate) fn take_predicted(
        &mut self,
        context: &mut Context<'_>,
        segment: &mut Segment,
        offload: &mut impl ReceiveOffload,
    ) -> Option<Disposition> {
        if !self.is_predicted(context, segment) {
            return None;
        }
        self.keepalive.heard(context.now);
        self.activity.ack_received(context.now);
        let acked = segment.ack - self.snd.una;
        if acked > 0 {
            self.take_predicted_ack(context, segment, acked);
        }
        self.update_window(context, segment, acked > 0);
        self.recovery.hold_back(false);
        self.note_opportunity();
        self.update_ts_recent(context, segment);
        if segment.payload.is_empty() {
            return Some(Disposition::Consumed);
        }
        self.activity.data_received(context.now);
        self.take_predicted_text(context, segment);
        self.decide_ack(context);
        if !offload.is_empty() {
            self.take_continued(context, segment, offload);
        }
        Some(Disposition::Delivered)
    }

    #[inline]
    fn is_predicted(&self, context: &Context<'_>, segment: &Segment) -> bool {
        let text = segment.payload.len();
        let acked = segment.ack - self.snd.una;
        self.state == State::Established
            && segment.flags.without(TcpFlags::PSH) == TcpFlags::ACK
            && segment.seq == self.rcv.nxt
            && text <= self.rcv.wnd() as usize
            && acked <= self.snd.flight_size()
            // neither: a duplicate ACK, or a new window
            && (text > 0 || acked > 0)
            && segment.options.sack.is_empty()
            && self.recovery.state() == CaState::Open
            && self.send_buffers.is_all_well()
            && self.tail_loss_probe.is_idle()
            && !self.persisting
            && self.unanswered.probes == 0
            && !self.ecn.is_agreed()
            && self.has_predicted_timestamps(context, segment)
            && (text == 0
                || self.attached
                    && !self.read_shut
                    && self.reassembly.is_empty()
                    && self.reassembly.fin().is_none()
                    && self.received_blocks.is_none())
    }

    /// PAWS (RFC 7323 5).
    #[inline]
    fn has_predicted_timestamps(&self, context: &Context<'_>, segment: &Segment) -> bool {
        match (&self.timestamps, &segment.options.timestamps) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(clock), Some(timestamps)) => !clock.is_old(timestamps.value, context.now),
        }
    }

    /// `acked` bytes are acknowledged, each of which was sent once.
    #[inline]
    fn take_predicted_ack(&mut self, context: &mut Context<'_>, segment: &Segment, acked: u32) {
        self.snd.una = segment.ack;
        self.soft_error = None;
        self.send_queue.acknowledge(acked as usize, context.spare);
        self.una_offset += u64::from(acked);
        let arrived = segment.time.arrived;
        let news = self.send_buffers.acknowledge_sent_once(self.una_offset);
        if self.send_queue.is_empty() {
            self.chronograph.turn(context.now, Limit::Idle);
        }
        let round_trips =
            news.map(|news| (arrived.since(news.oldest), arrived.since(news.newest.0)));
        self.measure_round_trip(segment, round_trips);
        self.unanswered.acknowledged();
        if let Some(news) = news {
            self.rack.arrived(news.newest, arrived);
            self.activity.delivered = self.activity.delivered.wrapping_add(news.segments);
        }
        self.tell_congestion_control(context, round_trips.map(|(_, newest)| newest));
        self.recovery.nothing_is_out_again();
        self.congestion.acknowledged(acked);
        // RFC 6298 5.2 and 5.3.
        let all_acknowledged = self.snd.una == self.snd.nxt;
        if all_acknowledged {
            self.retransmit_at = None;
            self.transmit_timer = TransmitTimer::TimeOut;
        } else {
            self.set_transmit_timer(context);
        }
        self.journal_acknowledgment(context, segment, all_acknowledged);
    }

    #[inline(never)]
    fn keep(&mut self, context: &mut Context<'_>, frame: RxFrame) {
        let pinned = self.receive_queue.pinned_frames();
        self.receive_queue
            .push_frame(frame, context.frames, pinned, context.spare);
    }

    /// The next text, nothing of which was here before.
    #[inline]
    fn take_predicted_text(&mut self, context: &mut Context<'_>, segment: &mut Segment) {
        let length = segment.payload.len() as u32;
        if let Some(frame) = segment.payload.take_only_frame() {
            self.keep(context, frame);
        } else {
            for frame in std::mem::take(&mut segment.payload).into_frames() {
                self.keep(context, frame);
            }
        }
        self.note_predicted_text(context, segment.time, length);
        self.text_received(context, length, segment.flags);
        self.measure_arrival(context, segment, length);
        self.keep_within_memory(context);
        self.wake_reader();
    }

    /// `length` bytes more are in the queue, that came at `time`.
    #[inline(always)]
    fn note_predicted_text(&mut self, context: &mut Context<'_>, time: ArrivalTime, length: u32) {
        self.rcv.nxt += length;
        self.nxt_offset += u64::from(length);
        if let Some(journal) = &mut self.journal {
            let read_to = self.nxt_offset - self.receive_queue.len() as u64;
            let (end, una) = (self.nxt_offset, self.una_offset);
            journal.arrived(end, time, read_to, una, context.recorder);
        }
    }

    /// Takes what continues `segment`, which was taken. Of what a predicted segment goes through, only that is gone through which can come
    /// out differently from one to the next: they acknowledge the same and bring the same timestamp, at the same moment.
    #[inline(never)]
    fn take_continued(
        &mut self,
        context: &mut Context<'_>,
        segment: &mut Segment,
        offload: &mut impl ReceiveOffload,
    ) {
        let limit = self.receive_limit(context.sysctls, context.memory);
        let largest_window = self.largest_window(context, limit);
        while let Some(Continued { text, flags, time }) = offload.next(self.rcv.wnd()) {
            let length = text.len() as u32;
            segment.seq = self.rcv.nxt;
            segment.flags = flags;
            segment.time = time;
            self.activity.arrived(text.len());
            let pinned = self.receive_queue.pinned_frames();
            self.receive_queue
                .push_frame(text, context.frames, pinned, context.spare);
            self.note_predicted_text(context, time, length);
            self.more_text_received(context, length, flags, largest_window);
            self.measure_arrival(context, segment, length);
            if self.held() > limit {
                self.keep_within_memory(context);
            }
            if self.ack_due == AckDue::Now {
                self.delayed_ack.decided();
            } else {
                self.decide_ack(context);
            }
        }
        self.update_window(context, segment, false);
    }
}
