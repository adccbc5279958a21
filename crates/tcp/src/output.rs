//! What a connection sends, and when it may (RFC 9293 3.8).

use crate::chronograph::Limit;
use crate::connection::AckDue;
use crate::loss::HoleRule;
use crate::{CaState, Connection, Context, Emit, RingFull, SegmentHeader, State};
use periplus_journey::Instant;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};

/// Pieces of the send queue that one segment is gathered from; a super-frame of smaller pieces ends earlier.
const PIECES: usize = 32;

/// How a connection's turn at the transmit ring ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has nothing more to send now.
    Done,
    /// Its quantum is used up; it has more.
    More,
}

impl Connection {
    /// Sends what is due and allowed, at most about `quantum` payload bytes.
    ///
    /// # Errors
    /// [`RingFull`], if a segment could not be sent; what was not sent is still due.
    pub fn transmit(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        quantum: usize,
    ) -> Result<Turn, RingFull> {
        if let Some(header) = self.reset_due {
            emit.segment(&header, &[], 0)?;
            self.reset_due = None;
            self.activity.sent_bare();
            context.counters.tcp_out_rsts += 1;
        }
        match self.state {
            State::Closed => return Ok(Turn::Done),
            State::SynSent | State::SynReceived => return self.transmit_syn(context, emit),
            _ => {}
        }
        self.try_longer_segments(context.now);
        if self.retransmit_first {
            self.transmit_first_again(context, emit)?;
        }
        self.transmit_holes(context, emit, HoleRule::Lost)?;
        if self.probe_due && self.snd.wnd.min(self.congestion.cwnd()) <= self.snd.flight_size() {
            // An old sequence number that the peer must answer: Linux's way to probe a zero window, which unlike a new
            // byte (RFC 9293 3.8.6.1) needs no care afterwards.
            let header = self.header(context, self.snd.una - 1, TcpFlags::ACK);
            emit.segment(&header, &[], 0)?;
            self.activity.sent_bare();
            self.sack_option_sent();
            self.counted().tcp_win_probe += 1;
            context.counters.tcp_win_probe += 1;
        }
        self.transmit_probe(context, emit)?;
        if std::mem::take(&mut self.send_buffers.push_due) {
            let nagle = self.nagle();
            self.push(context, nagle);
            self.wake_writer_if_roomy(context);
        }
        if self.keepalive.probe_due {
            let header = self.header(context, self.snd.una - 1, TcpFlags::ACK);
            emit.segment(&header, &[], 0)?;
            self.keepalive.probe_due = false;
            self.activity.sent_bare();
            self.sack_option_sent();
            context.counters.tcp_keep_alive += 1;
        }
        let turn = self.transmit_text(context, emit, quantum)?;
        self.note_short_of_buffer(context);
        self.probe_due = false;
        if turn == Turn::Done {
            self.transmit_holes(context, emit, HoleRule::Eager)?;
        }
        if self.ack_due == AckDue::Now {
            // At SND.MAX, not SND.NXT: a time-out takes SND.NXT back, and an ACK that stands before the peer's RCV.NXT
            // is thrown away with what it acknowledges. Two ends that both timed out would never understand each other.
            self.emit(context, emit, self.snd.max, TcpFlags::ACK, 0, 0)?;
        }
        Ok(turn)
    }

    fn transmit_syn(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<Turn, RingFull> {
        if self.snd.nxt != self.snd.iss {
            if self.state == State::SynReceived && self.ack_due == AckDue::Now {
                self.emit(context, emit, self.snd.max, TcpFlags::ACK, 0, 0)?;
            }
            return Ok(Turn::Done);
        }
        let mut header = self.header(context, self.snd.iss, TcpFlags::SYN);
        let again = self.snd.max != self.snd.iss;
        let is_syn_ack = self.state == State::SynReceived;
        if is_syn_ack {
            header.flags |= TcpFlags::ACK;
        } else {
            header.ack = SeqNum::new(0);
        }
        let fallback = context.sysctls.tcp_ecn_fallback;
        header.flags |= self.ecn_setup_flags(is_syn_ack, again, fallback);
        let now = context.now;
        let ours = crate::options::TimestampClock::value(self.timestamp_offset, now);
        let echo_reply = self.timestamps.map_or(0, |clock| clock.recent);
        header.options = self.offer.options(periplus_wire::tcp::Timestamps {
            value: ours,
            echo_reply,
        });
        header.wnd = self.first_window(context) as u16;
        emit.segment(&header, &[], 0)?;
        self.activity.sent_bare();
        if !again {
            self.first_tsval = ours;
            self.unanswered.since = Some(now);
        }
        context.counters.tcp_syn_retrans += u64::from(again);
        self.snd.advance(1);
        self.ack_due = AckDue::No;
        self.count_sent(context, again, 1, self.snd.nxt);
        Ok(Turn::Done)
    }

    /// The first unacknowledged segment once more: fast retransmit, or the next hole after a partial ACK.
    fn transmit_first_again(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        let una = self.snd.una;
        let end = self.recovery.next_sacked(una).unwrap_or(self.snd.max);
        if una.before(end) {
            self.transmit_again(context, emit, una..end)?;
            self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
        }
        self.retransmit_first = false;
        Ok(())
    }

    /// Bytes of the send queue that were sent before.
    pub(crate) fn text_in_flight(&self) -> u32 {
        (self.snd.max - self.snd.una).min(self.send_queue.len() as u32)
    }

    /// How many of the `most` bytes `offset` after SND.UNA go into one segment when they are sent again, and its flags: it ends
    /// where it ended before, but that smaller ones are joined while they fit.
    pub(crate) fn segment_again(&self, offset: u32, most: u32) -> (u32, TcpFlags) {
        let start = self.una_offset + u64::from(offset);
        let (mut length, mut flags) = (0, TcpFlags::ACK);
        while let Some(buffer) = self.send_buffers.containing(start + u64::from(length)) {
            let end = (buffer.end - start) as u32;
            if end > most {
                if length == 0 {
                    length = most;
                }
                break;
            }
            length = end;
            // Not where a super-frame ended: its flag was to hasten the merging of its segments, of which this is one.
            if buffer.push {
                flags |= TcpFlags::PSH;
            }
        }
        let gathered = self.gatherable(offset as usize, length as usize) as u32;
        if gathered < length {
            (gathered, TcpFlags::ACK)
        } else {
            (length, flags)
        }
    }

    fn transmit_text(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        quantum: usize,
    ) -> Result<Turn, RingFull> {
        let mut budget = quantum as u32;
        loop {
            if let Some(end) = self.recovery.sacked_until(self.snd.nxt) {
                self.snd.nxt = end; // after a time-out: the peer has it
            }
            let Some(next) = self.next_segment(emit) else {
                return Ok(Turn::Done);
            };
            if budget == 0 {
                return Ok(Turn::More);
            }
            let NextSegment {
                offset,
                length,
                flags,
            } = next;
            let again = self.snd.nxt.before(self.snd.max);
            // What the time-out itself sends again waits for nothing.
            if again && self.snd.nxt != self.snd.una && self.copy_is_early(context.now) {
                return Ok(Turn::Done);
            }
            let seq = self.snd.nxt;
            let segments = length.div_ceil(self.current_segment_size()).max(1);
            self.emit(context, emit, seq, flags, offset as usize, length as usize)?;
            if std::mem::take(&mut self.persisting) {
                self.retransmit_at = None;
            }
            self.snd
                .advance(length + u32::from(flags.contains(TcpFlags::FIN)));
            self.count_sent(context, again, segments, self.snd.nxt);
            if !again && length > 0 {
                let end = self.una_offset + u64::from(offset + length);
                if let Some(journal) = &mut self.journal {
                    journal.unblocked(context.now);
                    journal.transmitted(end, context.now);
                }
            }
            budget = budget.saturating_sub(length.max(1));
        }
    }

    /// All is out, the windows have room, and the backend waits to write: the send buffer is too small.
    fn note_short_of_buffer(&mut self, context: &Context<'_>) {
        let sent = self.snd.nxt - self.snd.una;
        if self.wants.writable
            && self.state.may_send()
            && sent > 0
            && !self.has_unreleased()
            && sent < self.snd.wnd.min(self.congestion.cwnd())
        {
            self.chronograph.turn(context.now, Limit::SendBuffer);
        }
    }

    /// The next of what was taken for lost, as far as the windows allow, or else of what was released.
    fn next_segment(&self, emit: &dyn Emit) -> Option<NextSegment> {
        let offset = self.snd.nxt - self.snd.una;
        let again = self.snd.nxt.before(self.snd.max);
        let text = if again {
            self.text_in_flight()
        } else {
            (self.send_buffers.released - self.una_offset) as u32
        };
        let fin = self.send_buffers.fin_released && !self.fin_acknowledged;
        if offset > text || (offset == text && !fin) {
            return None;
        }
        let (mut length, mut flags) = (0, TcpFlags::ACK);
        let size = self.current_segment_size();
        if offset < text {
            if again {
                let hole = self.recovery.next_sacked(self.snd.nxt);
                let left = hole.map_or(text - offset, |end| end - self.snd.nxt);
                // A window that is smaller now is used as it is: the peer may wait for just that, and no ACK would come.
                let most = left.min(size).min(self.offered_again());
                if most == 0 || self.uncongested_again() < most {
                    return None;
                }
                (length, flags) = self.segment_again(offset, most);
            } else {
                let buffer = self
                    .send_buffers
                    .containing(self.una_offset + u64::from(offset))?;
                let end = (buffer.end - self.una_offset) as u32;
                let whole = end - offset;
                let largest = emit.largest_payload(size as usize) as u32;
                length = self.gatherable(offset as usize, whole.min(largest) as usize) as u32;
                if length < whole && length > size {
                    length -= length % size; // whole segments, while there is more to come
                }
                if length == whole && buffer.is_pushed() {
                    flags |= TcpFlags::PSH;
                }
            }
        }
        if fin && offset + length == self.send_queue.len() as u32 {
            flags |= TcpFlags::FIN;
        }
        Some(NextSegment {
            offset,
            length,
            flags,
        })
    }

    /// What the peer's window leaves to be sent again of what was taken for lost: a segment even if it was taken back whole, as
    /// the probe that a closed window needs (RFC 9293 3.8.6.1; Linux's `tcp_retransmit_skb`).
    fn offered_again(&self) -> u32 {
        match self.snd.nxt - self.snd.una {
            0 if self.snd.wnd == 0 => self.current_segment_size(),
            sent => self.snd.wnd.saturating_sub(sent),
        }
    }

    /// What the congestion window leaves for it.
    fn uncongested_again(&self) -> u32 {
        self.congestion.cwnd().saturating_sub(self.pipe())
    }

    /// As much of `length` as is gathered from [`PIECES`] pieces.
    fn gatherable(&self, offset: usize, length: usize) -> usize {
        let (mut pieces, mut total) = (0, 0);
        self.send_queue.pieces(offset, length, |piece| {
            if pieces < PIECES {
                pieces += 1;
                total += piece.len();
            }
        });
        total
    }

    /// Sends a segment with `length` bytes of the send queue, `offset` after SND.UNA, and what every segment carries.
    pub(crate) fn emit(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        seq: SeqNum,
        flags: TcpFlags,
        offset: usize,
        length: usize,
    ) -> Result<(), RingFull> {
        let (ecn, cwr) = self.ecn_of(seq, length);
        let flags = flags | cwr;
        let header = SegmentHeader {
            ecn,
            ..self.header(context, seq, flags)
        };
        let mut pieces: [&[u8]; PIECES] = [&[]; PIECES];
        let mut count = 0;
        self.send_queue.pieces(offset, length, |piece| {
            pieces[count] = piece;
            count += 1;
        });
        let size = self.current_segment_size();
        emit.segment(&header, &pieces[..count], size as usize)?;
        self.sack_option_sent();
        self.ecn_sent(flags);
        if length == 0 {
            self.activity.sent_bare();
        } else {
            if seq.before(self.snd.max) {
                self.departs(context, length as u32);
            }
            self.activity
                .sent(context.now, seq, length as u32, size, self.snd.max);
            self.chronograph.turn(context.now, Limit::Busy);
        }
        if length == 0 && !flags.contains(TcpFlags::FIN) {
            context.counters.tcp_out_segs += 1;
        }
        self.count_closed_window(context, header.wnd == 0);
        let edge = self.rcv.nxt + self.window_on_the_wire(header.wnd);
        self.rcv.edge = self.rcv.edge.max(edge);
        self.rcv.last_ack_sent = self.rcv.nxt;
        self.ack_sent(context, length > 0);
        Ok(())
    }

    /// Counts when the window that the peer is told closes, and when it opens again.
    fn count_closed_window(&mut self, context: &mut Context<'_>, closed: bool) {
        if closed == self.told_closed {
            return;
        }
        self.told_closed = closed;
        if closed {
            self.counted().tcp_to_zero_window_adv += 1;
            context.counters.tcp_to_zero_window_adv += 1;
        } else {
            self.counted().tcp_from_zero_window_adv += 1;
            context.counters.tcp_from_zero_window_adv += 1;
        }
    }

    fn header(&self, context: &Context<'_>, seq: SeqNum, flags: TcpFlags) -> SegmentHeader {
        let options = TcpOptions {
            timestamps: self.timestamps_option(context.now),
            sack: self.sack_option(),
            ..TcpOptions::default()
        };
        SegmentHeader {
            seq,
            ack: self.rcv.nxt,
            flags: flags | self.ecn.echo(),
            wnd: self.window_field(context),
            options,
            ecn: Ecn::NotEct,
        }
    }

    /// Counts the segments that were sent, times them, and starts the retransmission timer (RFC 6298 5.1).
    pub(crate) fn count_sent(
        &mut self,
        context: &mut Context<'_>,
        again: bool,
        segments: u32,
        end: SeqNum,
    ) {
        let now: Instant = context.now;
        if again {
            self.retransmissions += segments;
            context.counters.tcp_retrans_segs += u64::from(segments);
            if self.recovery.ca_state() == CaState::Loss {
                context.counters.tcp_slow_start_retrans += u64::from(segments);
            }
            self.retransmission_timer.sent_again(now);
        } else {
            context.counters.tcp_out_segs += u64::from(segments);
            self.retransmission_timer.sent(end, now);
        }
        if self.retransmit_at.is_none() {
            self.arm_probe_or(context, now + self.retransmission_timer.rto());
        } else if !again {
            self.put_probe_off(context);
        }
    }

    /// Whether something was released and not sent, or is to be sent again, or may be released.
    pub(crate) fn has_unsent(&self) -> bool {
        match self.state {
            State::Closed => false,
            State::SynSent | State::SynReceived => self.snd.nxt == self.snd.iss,
            _ => {
                let buffers = &self.send_buffers;
                let sent = self.snd.nxt - self.snd.una;
                let released = (buffers.released - self.una_offset) as u32;
                let again = self.snd.nxt.before(self.snd.max);
                buffers.push_due
                    || (again && self.offered_again().min(self.uncongested_again()) > 0)
                    || self.has_hole_to_send()
                    || (!again && sent < released)
                    || (sent == released && buffers.fin_released && !self.fin_acknowledged)
            }
        }
    }
}

/// What is to be sent next of the send queue.
#[derive(Clone, Copy, Debug)]
struct NextSegment {
    /// From SND.UNA.
    offset: u32,
    length: u32,
    flags: TcpFlags,
}
