//! What a connection sends, and when it may (RFC 9293 3.8).

use crate::chronograph::Limit;
use crate::connection::AckDue;
use crate::{Connection, Context, Emit, RingFull, SegmentHeader, State};
use periplus_journey::Instant;
use periplus_wire::tcp::{SackBlocks, TcpFlags, TcpOptions};
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
        self.transmit_ack_before_hole(context, emit)?;
        self.transmit_lost(context, emit)?;
        if self.probe_due && self.snd.wnd.min(self.congestion.cwnd()) <= self.snd.flight_size() {
            // An old sequence number that the peer must answer: Linux's way to probe a zero window, which unlike a new
            // byte (RFC 9293 3.8.6.1) needs no care afterwards.
            let header = self.header(context, self.snd.una - 1, TcpFlags::ACK);
            emit.segment(&header, &[], 0)?;
            self.window_told(context, &header);
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
            self.window_told(context, &header);
            self.keepalive.probe_due = false;
            self.activity.sent_bare();
            self.sack_option_sent();
            context.counters.tcp_keep_alive += 1;
        }
        let turn = self.transmit_text(context, emit, quantum)?;
        self.note_short_of_buffer(context);
        self.probe_due = false;
        if self.ack_due == AckDue::Now {
            self.emit(context, emit, self.snd.nxt, TcpFlags::ACK, 0, 0)?;
        }
        Ok(turn)
    }

    /// Acknowledges what was in order before the first hole of a burst, the window's end being where it is now.
    fn transmit_ack_before_hole(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        let Some(ack) = self.delayed_ack.before_hole else {
            return Ok(());
        };
        let mut header = self.header(context, self.snd.nxt, TcpFlags::ACK);
        header.ack = ack;
        header.wnd = self.window_field(context, ack);
        header.options.sack = SackBlocks::new();
        emit.segment(&header, &[], 0)?;
        self.window_told(context, &header);
        self.delayed_ack.before_hole = None;
        self.activity.sent_bare();
        context.counters.tcp_out_segs += 1;
        Ok(())
    }

    fn transmit_syn(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<Turn, RingFull> {
        if !self.syn_due {
            if self.state == State::SynReceived && self.ack_due == AckDue::Now {
                self.emit(context, emit, self.snd.nxt, TcpFlags::ACK, 0, 0)?;
            }
            return Ok(Turn::Done);
        }
        let mut header = self.header(context, self.snd.iss, TcpFlags::SYN);
        let again = self.snd.nxt != self.snd.iss;
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
        self.syn_due = false;
        self.count_sent(context, again, 1);
        if !again {
            self.first_tsval = ours;
            self.unanswered.since = Some(now);
            self.snd.advance(1);
            self.retransmission_timer.syn_sent(now);
        }
        context.counters.tcp_syn_retrans += u64::from(again);
        self.ack_due = AckDue::No;
        if self.retransmit_at.is_none() {
            self.retransmit_at = Some(now + self.retransmission_timer.rto());
        }
        Ok(Turn::Done)
    }

    fn transmit_text(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        quantum: usize,
    ) -> Result<Turn, RingFull> {
        let mut budget = quantum as u32;
        while let Some(next) = self.next_segment(emit) {
            if budget == 0 {
                return Ok(Turn::More);
            }
            let NextSegment {
                offset,
                length,
                flags,
                let_out,
            } = next;
            let seq = self.snd.nxt;
            let segments = length.div_ceil(self.current_segment_size()).max(1);
            self.emit(context, emit, seq, flags, offset as usize, length as usize)?;
            let at = self.una_offset + u64::from(offset);
            self.send_buffers.cut_into(at, self.current_segment_size());
            if let_out < context.now {
                self.send_buffers.sent(at, context.now);
            }
            if std::mem::take(&mut self.persisting) {
                self.retransmit_at = None;
            }
            let fin = u32::from(flags.contains(TcpFlags::FIN));
            self.snd.advance(length + fin);
            self.count_sent(context, false, segments);
            self.put_probe_off(context);
            if length > 0 {
                let end = self.una_offset + u64::from(offset + length);
                if let Some(journal) = &mut self.journal {
                    journal.transmitted(end, context.now, self.una_offset, context.recorder);
                }
            }
            budget = budget.saturating_sub(length.max(1));
        }
        Ok(Turn::Done)
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

    /// The next of what was released, and was never sent.
    fn next_segment(&self, emit: &dyn Emit) -> Option<NextSegment> {
        let sent = self.sent_to();
        if sent >= self.send_buffers.released {
            return None;
        }
        let offset = (sent - self.una_offset) as u32;
        let text = self.send_queue.len() as u32;
        let buffer = self.send_buffers.containing(sent)?;
        let size = self.current_segment_size();
        let (mut length, mut flags) = (0, TcpFlags::ACK);
        if offset < text {
            let end = ((buffer.end - self.una_offset) as u32).min(text);
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
        if buffer.end > self.una_offset + u64::from(offset + length) && offset + length == text {
            flags |= TcpFlags::FIN;
        }
        Some(NextSegment {
            offset,
            length,
            flags,
            let_out: buffer.at,
        })
    }

    /// As much of `length` as is gathered from [`PIECES`] pieces.
    pub(crate) fn gatherable(&self, offset: usize, length: usize) -> usize {
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
            if seq.before(self.snd.nxt) {
                self.departs(context, length as u32);
            }
            self.activity
                .sent(context.now, seq, length as u32, size, self.snd.nxt);
            self.chronograph.turn(context.now, Limit::Busy);
        }
        if length == 0 && !flags.contains(TcpFlags::FIN) {
            context.counters.tcp_out_segs += 1;
        }
        self.window_told(context, &header);
        self.ack_sent(context, length > 0);
        Ok(())
    }

    /// A segment went out with this window: the peer may take it at its word (RFC 9293 3.8.6, SHLD-14).
    fn window_told(&mut self, context: &mut Context<'_>, header: &SegmentHeader) {
        self.count_closed_window(context, header.wnd == 0);
        let edge = header.ack + self.window_on_the_wire(header.wnd);
        self.rcv.edge = self.rcv.edge.max(edge);
        self.rcv.last_ack_sent = header.ack;
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
            wnd: self.window_field(context, self.rcv.nxt),
            options,
            ecn: Ecn::NotEct,
        }
    }

    /// Counts the segments that were sent.
    pub(crate) fn count_sent(&mut self, context: &mut Context<'_>, again: bool, segments: u32) {
        if again {
            self.retransmissions += segments;
            context.counters.tcp_retrans_segs += u64::from(segments);
            self.retransmission_timer.sent_again(context.now);
        } else {
            context.counters.tcp_out_segs += u64::from(segments);
        }
    }

    /// Whether something was released and not sent, or is to be sent again, or may be released.
    pub(crate) fn has_unsent(&self) -> bool {
        match self.state {
            State::Closed => false,
            State::SynSent | State::SynReceived => self.syn_due,
            _ => {
                self.send_buffers.push_due
                    || self.has_lost_to_send()
                    || self.sent_to() < self.send_buffers.released
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
    /// When it was released.
    let_out: Instant,
}
