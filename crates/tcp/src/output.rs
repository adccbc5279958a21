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
        if self.has_more_than_text_due() {
            self.transmit_reset(context, emit)?;
            match self.state {
                State::Closed => return Ok(Turn::Done),
                State::SynSent | State::SynReceived => return self.transmit_syn(context, emit),
                _ => self.transmit_before_text(context, emit)?,
            }
        }
        if std::mem::take(&mut self.send_buffers.push_due) {
            let nagle = self.nagle();
            self.push(context, nagle);
            self.wake_writer_if_roomy(context);
        }
        if self.keepalive.probe_due {
            self.transmit_old_number(context, emit)?;
            self.keepalive.probe_due = false;
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

    /// Whether it is not as nearly always: text, or an ACK.
    #[inline]
    fn has_more_than_text_due(&self) -> bool {
        self.reset_due.is_some()
            || !self.state.is_synchronized()
            || self.path_mtu.is_some()
            || self.delayed_ack.before_hole.is_some()
            || self.send_buffers.is_repair_needed()
            || self.probe_due
            || self.tail_loss_probe.is_due()
    }

    fn transmit_reset(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        if let Some(header) = self.reset_due {
            emit.segment(&header, &[], 0)?;
            self.reset_due = None;
            self.activity.sent_bare();
            context.counters.tcp_out_rsts += 1;
        }
        Ok(())
    }

    /// What goes before text, and seldom goes at all.
    #[cold]
    fn transmit_before_text(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        self.try_longer_segments(context.now);
        self.transmit_ack_before_hole(context, emit)?;
        self.transmit_lost(context, emit)?;
        if self.probe_due && self.snd.wnd.min(self.congestion.cwnd()) <= self.snd.flight_size() {
            self.transmit_old_number(context, emit)?;
            self.counted().tcp_win_probe += 1;
            context.counters.tcp_win_probe += 1;
        }
        self.transmit_probe(context, emit)
    }

    /// Sends an old sequence number that the peer must answer: Linux's way to probe a zero window, which unlike a new byte (RFC 9293
    /// 3.8.6.1) needs no care afterwards, and to keep alive.
    fn transmit_old_number(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        let header = self.header(context, self.snd.una - 1, TcpFlags::ACK);
        emit.segment(&header, &[], 0)?;
        self.window_told(context, &header);
        self.activity.sent_bare();
        self.sack_option_sent();
        Ok(())
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
        while self.sent_to() < self.send_buffers.released {
            if budget == 0 {
                return Ok(Turn::More);
            }
            let sent = self.transmit_run(context, emit, &mut budget);
            self.text_left(context, &sent);
            if sent.ring_is_full {
                return Err(RingFull);
            }
            if sent.frames == 0 {
                break;
            }
        }
        Ok(Turn::Done)
    }

    /// Sends of the run of released bytes that comes next, segment by segment, or as the device cuts them: all that differs from one to
    /// the next is where it lies.
    fn transmit_run(
        &mut self,
        context: &Context<'_>,
        emit: &mut dyn Emit,
        budget: &mut u32,
    ) -> SentText {
        let at = self.sent_to();
        let size = self.current_segment_size();
        let run = self.send_buffers.containing(at);
        // What it tells of blocks is for one segment: a D-SACK is told once (RFC 2883 4), and takes its room from no other.
        let tells_blocks = self.received_blocks.is_some();
        let mut sent = SentText {
            let_out: run.map_or(context.now, |run| run.at),
            at,
            ..SentText::default()
        };
        let mut offset = (at - self.una_offset) as u32;
        let text = self.send_queue.len() as u32;
        let run_end = run.map_or(offset, |run| (run.end - self.una_offset) as u32);
        let (text_end, has_fin) = (run_end.min(text), run_end > text);
        let is_pushed = run.is_some_and(|run| run.is_pushed());
        let mut header = self.header(context, self.snd.nxt, TcpFlags::ACK);
        let echo = header.flags;
        while offset < run_end && *budget > 0 && !(tells_blocks && sent.frames > 0) {
            // The ring has less room each time.
            let largest = match tells_blocks {
                true => size,
                false => emit.largest_payload(size as usize) as u32,
            };
            let left = text_end.saturating_sub(offset);
            let mut length = left.min(largest);
            if !self.send_queue.is_in_few_pieces(PIECES) {
                length = self.gatherable(offset as usize, length as usize) as u32;
            }
            if length < left && length > size {
                length -= length % size; // whole segments, while there is more to come
            }
            let fin = has_fin && offset + length == text;
            header.seq = self.snd.nxt + (sent.length + u32::from(sent.fin));
            header.flags = echo;
            if left > 0 && length == left && is_pushed {
                header.flags |= TcpFlags::PSH;
            }
            if fin {
                header.flags |= TcpFlags::FIN;
            }
            if self.ecn.is_agreed() {
                let (ecn, cwr) = self.ecn_of(header.seq, length as usize);
                (header.ecn, header.flags) = (ecn, header.flags | cwr);
            }
            let result = self.emit_text(emit, &header, (offset, length), size);
            if result.is_err() {
                sent.ring_is_full = true;
                break;
            }
            self.ecn_sent(header.flags);
            sent.frames += 1;
            sent.segments += length.div_ceil(size).max(1);
            sent.length += length;
            sent.fin |= fin;
            offset += length + u32::from(fin);
            *budget = budget.saturating_sub(length.max(1));
        }
        sent.window_told = header.wnd;
        sent
    }

    /// Hands one segment, or super-frame, over: `length` bytes of the send queue, `offset` after SND.UNA.
    #[inline]
    fn emit_text(
        &self,
        emit: &mut dyn Emit,
        header: &SegmentHeader,
        (offset, length): (u32, u32),
        size: u32,
    ) -> Result<(), RingFull> {
        let (offset, length) = (offset as usize, length as usize);
        if let Some(piece) = self.send_queue.piece(offset, length) {
            return emit.segment(header, &[piece], size as usize);
        }
        let mut pieces: [&[u8]; PIECES] = [&[]; PIECES];
        let mut count = 0;
        self.send_queue.pieces(offset, length, |piece| {
            pieces[count] = piece;
            count += 1;
        });
        emit.segment(header, &pieces[..count], size as usize)
    }

    /// What was sent of a run is noted.
    #[inline]
    fn text_left(&mut self, context: &mut Context<'_>, sent: &SentText) {
        if sent.frames == 0 {
            return;
        }
        self.sack_option_sent();
        let size = self.current_segment_size();
        self.send_buffers.cut_into(sent.at, size);
        let max = self.snd.nxt;
        if sent.length > 0 {
            self.activity.sent_new(context.now, sent.segments);
            self.chronograph.turn(context.now, Limit::Busy);
        } else {
            self.activity.sent_bare();
        }
        self.window_told_at(context, self.rcv.nxt, sent.window_told);
        self.ack_sent(context, if sent.length > 0 { sent.frames } else { 0 });
        if sent.let_out < context.now {
            self.send_buffers.sent(sent.at, context.now);
        }
        if std::mem::take(&mut self.persisting) {
            self.retransmit_at = None;
        }
        self.snd.nxt = max + (sent.length + u32::from(sent.fin));
        self.count_sent(context, false, sent.segments);
        self.put_probe_off(context);
        if sent.length > 0
            && let Some(journal) = &mut self.journal
        {
            let end = sent.at + u64::from(sent.length);
            journal.transmitted(end, context.now, self.una_offset, context.recorder);
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
        let size = self.current_segment_size();
        if length == 0 {
            emit.segment(&header, &[], size as usize)?;
        } else {
            self.emit_text(emit, &header, (offset as u32, length as u32), size)?;
        }
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
        self.ack_sent(context, u32::from(length > 0));
        Ok(())
    }

    /// A segment went out with this window.
    fn window_told(&mut self, context: &mut Context<'_>, header: &SegmentHeader) {
        self.window_told_at(context, header.ack, header.wnd);
    }

    /// A segment went out that acknowledges `ack` and tells a window: the peer may take it at its word (RFC 9293 3.8.6, SHLD-14).
    #[inline]
    fn window_told_at(&mut self, context: &mut Context<'_>, ack: SeqNum, wnd: u16) {
        self.count_closed_window(context, wnd == 0);
        let edge = ack + self.window_on_the_wire(wnd);
        self.rcv.edge = self.rcv.edge.max(edge);
        self.rcv.last_ack_sent = ack;
    }

    /// Counts when the window that the peer is told closes, and when it opens again.
    #[inline]
    fn count_closed_window(&mut self, context: &mut Context<'_>, closed: bool) {
        if closed != self.told_closed {
            self.window_closes(context, closed);
        }
    }

    #[cold]
    fn window_closes(&mut self, context: &mut Context<'_>, closed: bool) {
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
    #[inline]
    pub(crate) fn has_unsent(&self) -> bool {
        match self.state {
            State::Closed => false,
            State::SynSent | State::SynReceived => self.syn_due,
            _ => {
                self.send_buffers.push_due
                    || self.sent_to() < self.send_buffers.released
                    || self.has_lost_to_send()
            }
        }
    }
}

/// What was sent of a run.
#[derive(Clone, Copy, Debug, Default)]
struct SentText {
    /// The stream offset of its first byte.
    at: u64,
    /// When the run was released.
    let_out: Instant,
    /// Bytes, the FIN aside.
    length: u32,
    fin: bool,
    /// Segments on the wire, and what was handed over for them.
    segments: u32,
    frames: u32,
    /// SEG.WND of each.
    window_told: u16,
    ring_is_full: bool,
}
