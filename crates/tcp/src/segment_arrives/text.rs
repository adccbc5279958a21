//! Seventh, process the segment text (RFC 9293 3.10.7.4).

use crate::receive_queue::Held;
use crate::{Connection, Context, Disposition, Segment, State, StreamError, reset};
use periplus_journey::{DropReason, Outcome};

/// Bytes of memory that data out of order may take whatever the window is.
const SPARE: usize = 16 * 1024;

impl Connection {
    /// Takes text that lies in the window. Returns the segment's fate where it is not delivered.
    pub(super) fn process_text(
        &mut self,
        context: &mut Context<'_>,
        segment: &mut Segment,
    ) -> Option<Disposition> {
        if !self.attached || self.read_shut && self.state != State::Established {
            // Nobody will ever read it: say so, or the peer would think it was (RFC 1122 4.2.2.13). At SEG.ACK, as Linux does
            // it: that is the peer's RCV.NXT, even if our FIN was lost (RFC 5961 3.2).
            context.counters.tcp_abort_on_data += 1;
            self.reset_due = reset::answer_to(segment);
            let (error, reason) = if self.attached {
                (StreamError::Reset, "data_after_shutdown")
            } else {
                (StreamError::Aborted, "data_after_close")
            };
            self.fail(context, error, Outcome::Reset, Some(reason));
            return Some(Disposition::Dropped(DropReason::TcpClose));
        }
        self.activity.data_received(context.now);
        let offset = self.nxt_offset + u64::from(segment.seq - self.rcv.nxt);
        let payload = std::mem::take(&mut segment.payload);
        if segment.seq == self.rcv.nxt {
            self.receive_in_order(context, payload, segment);
            None
        } else {
            self.receive_out_of_order(context, offset, payload, segment)
        }
    }

    fn receive_in_order(
        &mut self,
        context: &mut Context<'_>,
        payload: crate::Payload,
        segment: &Segment,
    ) {
        let length = payload.len() as u32;
        self.report_overlap(context, self.nxt_offset, length);
        for frame in payload.into_frames() {
            let pinned = self.pinned_frames();
            self.receive_queue
                .push_frame(frame, context.frames, pinned, context.spare);
        }
        self.rcv.nxt += length;
        self.nxt_offset += u64::from(length);
        let read_to = self.read_offset();
        if let Some(journal) = &mut self.journal {
            journal.arrived(
                self.nxt_offset,
                segment.time,
                read_to,
                self.una_offset,
                context.recorder,
            );
        }
        let had_a_hole = !self.reassembly.is_empty();
        while let Some(piece) = self.reassembly.take_next(self.nxt_offset) {
            let length = piece.held.bytes().len() as u32;
            self.receive_queue.push(piece.held, context.spare);
            self.rcv.nxt += length;
            self.nxt_offset += u64::from(length);
            if let Some(journal) = &mut self.journal {
                journal.reassembled(piece.time.arrived, segment.time.arrived);
                journal.arrived(
                    self.nxt_offset,
                    piece.time,
                    read_to,
                    self.una_offset,
                    context.recorder,
                );
            }
        }
        self.report_in_order();
        self.text_received(context, length, segment.flags);
        self.measure_arrival(context, segment, length);
        self.keep_within_memory(context);
        self.wake_reader();
        if had_a_hole {
            self.acknowledge_now(); // RFC 5681 4.2: at once what fills a hole, or a part of it
        }
    }

    fn receive_out_of_order(
        &mut self,
        context: &mut Context<'_>,
        offset: u64,
        payload: crate::Payload,
        segment: &Segment,
    ) -> Option<Disposition> {
        context.counters.tcp_ofo_queue += 1;
        self.activity.rcv_ooopack += 1;
        self.keep_ack_before_hole();
        self.acknowledge_now(); // RFC 5681 4.2: a duplicate ACK, at once
        self.report_overlap(context, offset, payload.len() as u32);
        let mut at = offset;
        // What the window promised, as it lies in blocks of the heap, and a little for the first ones.
        let most = 2 * self.rcv.wnd() as usize + SPARE;
        let limit = self.receive_limit(context.sysctls, context.memory);
        for frame in payload.into_frames() {
            let length = frame.len() as u64;
            // Half of the memory may lie loosely in frames. So what is packed once there is no more is not packed again soon.
            let may_pin = context.frames.allows(self.pinned_frames())
                && self.held() + frame.capacity() <= limit / 2;
            let held = Held::new(frame, may_pin);
            if !self.reassembly.insert(at, held, segment.time, most) {
                self.counted().tcp_ofo_drop += 1;
                context.counters.tcp_ofo_drop += 1;
                return Some(Disposition::Dropped(DropReason::TcpOfoQueuePrune));
            }
            self.report_out_of_order(at, length as u32);
            at += length;
        }
        self.grow_for_hole(context);
        if self.sack_permitted {
            // Without SACK a duplicate ACK is one only if its window is the same (RFC 5681 2).
            self.grow_window(context, (at - offset) as u32);
        }
        self.keep_within_memory(context);
        None
    }

    /// Data inside the window is never refused for memory: what is held loosely is packed first.
    #[inline]
    pub(super) fn keep_within_memory(&mut self, context: &mut Context<'_>) {
        if self.held() > self.receive_limit(context.sysctls, context.memory) {
            self.pack(context);
        }
    }

    /// Packs what is held loosely.
    #[cold]
    fn pack(&mut self, context: &mut Context<'_>) {
        let mut moved = 0;
        if self.receive_queue.is_loose() {
            moved += self.receive_queue.compact();
        }
        if self.reassembly.pinned_frames() > 0 {
            moved += self.reassembly.compact();
        }
        self.count_collapsed(moved);
        context.counters.rcv_collapsed += moved as u64;
    }
}
