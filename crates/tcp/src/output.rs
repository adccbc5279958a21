//! What a connection sends, and when it may (RFC 9293 3.8).

use crate::chronograph::Limit;
use crate::connection::AckDue;
use crate::{Connection, Context, Emit, RingFull, SegmentHeader, State};
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
        if self.retransmit_first {
            self.transmit_first_again(context, emit)?;
        }
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
        let turn = self.transmit_text(context, emit, quantum)?;
        self.probe_due = false;
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
        if self.state == State::SynReceived {
            header.flags = TcpFlags::SYN | TcpFlags::ACK;
        } else {
            header.ack = SeqNum::new(0);
        }
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
        let again = self.snd.max != self.snd.iss;
        if !again {
            self.first_tsval = ours;
        }
        context.counters.tcp_syn_retrans += u64::from(again);
        self.snd.advance(1);
        self.ack_due = AckDue::No;
        self.count_sent(context, again, self.snd.nxt);
        Ok(Turn::Done)
    }

    /// The first unacknowledged segment once more: fast retransmit, or the next hole after a partial ACK.
    fn transmit_first_again(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        let in_flight = self.snd.max - self.snd.una;
        let text = in_flight
            .min(self.send_queue.len() as u32)
            .min(self.current_segment_size());
        let text = self.gatherable(0, text as usize) as u32;
        let fin = self.state.is_fin_queued()
            && !self.fin_acknowledged
            && text == self.send_queue.len() as u32
            && in_flight > text;
        if text > 0 || fin {
            let flags = if fin {
                TcpFlags::ACK | TcpFlags::FIN
            } else {
                TcpFlags::ACK
            };
            self.emit(context, emit, self.snd.una, flags, 0, text as usize)?;
            self.count_sent(context, true, self.snd.una);
            self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
        }
        self.retransmit_first = false;
        Ok(())
    }

    fn transmit_text(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        quantum: usize,
    ) -> Result<Turn, RingFull> {
        let mut budget = quantum as u32;
        loop {
            let sent = self.snd.nxt - self.snd.una;
            let queued = self.send_queue.len() as u32;
            let fin_waits = self.state.is_fin_queued() && !self.fin_acknowledged;
            if sent > queued {
                break; // the FIN is out
            }
            let unsent = queued - sent;
            if unsent == 0 && !fin_waits {
                if self.wants.writable
                    && sent > 0
                    && sent < self.snd.wnd.min(self.congestion.cwnd())
                {
                    self.chronograph.turn(context.now, Limit::SendBuffer);
                }
                break;
            }
            if budget == 0 {
                return Ok(Turn::More);
            }
            let length = self.allowed(unsent, sent, emit);
            if length == 0 && unsent > 0 {
                self.note_blocked(context, sent, unsent);
                return Ok(Turn::Done);
            }
            let length = self.gatherable(sent as usize, length as usize) as u32;
            let last = length == unsent;
            let mut flags = TcpFlags::ACK;
            if last && length > 0 {
                flags |= TcpFlags::PSH;
            }
            if last && fin_waits {
                flags |= TcpFlags::FIN;
            }
            let again = self.snd.nxt.before(self.snd.max);
            let seq = self.snd.nxt;
            self.emit(context, emit, seq, flags, sent as usize, length as usize)?;
            if std::mem::take(&mut self.persisting) {
                self.retransmit_at = None;
            }
            self.snd
                .advance(length + u32::from(flags.contains(TcpFlags::FIN)));
            self.count_sent(context, again, self.snd.nxt);
            if !again && length > 0 {
                let end = self.una_offset + u64::from(sent + length);
                if let Some(journal) = &mut self.journal {
                    journal.unblocked(context.now);
                    journal.transmitted(end, context.now);
                }
            }
            budget = budget.saturating_sub(length.max(1));
        }
        Ok(Turn::Done)
    }

    /// How many of the `unsent` bytes may go in one segment or super-frame now, `sent` being in flight.
    fn allowed(&self, unsent: u32, sent: u32, emit: &dyn Emit) -> u32 {
        let window = self.snd.wnd.min(self.congestion.cwnd());
        let usable = window.saturating_sub(sent);
        let segment_size = self.current_segment_size();
        let largest = emit.largest_payload(segment_size as usize) as u32;
        let mut length = unsent.min(usable).min(largest);
        if length < unsent && length > segment_size {
            length -= length % segment_size; // whole segments, while there is more to come
        }
        // Sender's silly window avoidance (RFC 9293 3.8.6.2.1) and Nagle's algorithm (3.7.4).
        let full = length >= segment_size;
        let all = length == unsent;
        let nothing_in_flight = sent == 0;
        let pushed = self.options.no_delay || nothing_in_flight || self.state.is_fin_queued();
        let half_of_largest = length > 0 && length >= self.snd.max_wnd / 2;
        let again = self.snd.nxt.before(self.snd.max);
        if full || (all && pushed) || half_of_largest || again || self.probe_due {
            length
        } else {
            0
        }
    }

    /// Data waits and may not go: whose fault it is, and how it goes on.
    fn note_blocked(&mut self, context: &mut Context<'_>, sent: u32, unsent: u32) {
        let room = self.snd.wnd.saturating_sub(sent);
        let limit = if room < unsent.min(self.segment_size) && self.snd.wnd < self.congestion.cwnd()
        {
            Limit::ReceiveWindow
        } else {
            Limit::Busy
        };
        self.chronograph.turn(context.now, limit);
        if let Some(journal) = &mut self.journal {
            journal.blocked(context.now);
        }
        if sent == 0 && self.snd.una == self.snd.nxt && !self.persisting {
            // Nothing in flight will bring an ACK: the persist timer must (RFC 9293 3.8.6.1).
            self.persisting = true;
            self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
        }
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
    fn emit(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
        seq: SeqNum,
        flags: TcpFlags,
        offset: usize,
        length: usize,
    ) -> Result<(), RingFull> {
        let header = self.header(context, seq, flags);
        let mut pieces: [&[u8]; PIECES] = [&[]; PIECES];
        let mut count = 0;
        self.send_queue.pieces(offset, length, |piece| {
            pieces[count] = piece;
            count += 1;
        });
        let size = self.current_segment_size();
        emit.segment(&header, &pieces[..count], size as usize)?;
        self.sack_option_sent();
        if length == 0 {
            self.activity.sent_bare();
        } else {
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
        self.ack_due = AckDue::No;
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
            flags,
            wnd: self.window_field(context),
            options,
            ecn: Ecn::NotEct,
        }
    }

    /// Counts what was sent, times it, and starts the retransmission timer (RFC 6298 5.1).
    fn count_sent(&mut self, context: &mut Context<'_>, again: bool, end: SeqNum) {
        let now: Instant = context.now;
        if again {
            self.retransmissions += 1;
            context.counters.tcp_retrans_segs += 1;
            self.retransmission_timer.sent_again();
        } else {
            context.counters.tcp_out_segs += 1;
            self.retransmission_timer.sent(end, now);
        }
        if self.retransmit_at.is_none() {
            self.retransmit_at = Some(now + self.retransmission_timer.rto());
        }
    }

    /// Whether text or a FIN waits that the windows seem to allow.
    pub(crate) fn has_unsent(&self) -> bool {
        match self.state {
            State::Closed => false,
            State::SynSent | State::SynReceived => self.snd.nxt == self.snd.iss,
            _ => {
                let sent = self.snd.nxt - self.snd.una;
                let queued = self.send_queue.len() as u32;
                let fin_waits = self.state.is_fin_queued() && !self.fin_acknowledged;
                let window = self.snd.wnd.min(self.congestion.cwnd());
                (sent < queued && sent < window)
                    || (sent < queued && sent == 0 && !self.persisting)
                    || (sent == queued && fin_waits)
            }
        }
    }
}
