//! First, check the sequence number (RFC 9293 3.10.7.4), and PAWS (RFC 7323 5).

use crate::connection::AckDue;
use crate::{Connection, Context, Segment};
use periplus_journey::DropReason;
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

/// An ACK for a segment that is not acceptable goes out once in this time for each connection. A limit common to all
/// connections would tell a stranger about others' (RFC 5961 7, and CVE-2016-5696).
const CHALLENGE_INTERVAL: Duration = Duration::from_millis(500);

/// What the sequence number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acceptability {
    /// Part of it lies in the window.
    Acceptable,
    /// It is the next one, but the window is closed: its ACK is valid, its text is not taken.
    WindowClosed,
    /// It is answered by an ACK and dropped.
    Unacceptable(DropReason),
}

impl Connection {
    pub(super) fn check_sequence_number(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
    ) -> Acceptability {
        if let Some(reason) = self.fails_paws(context, segment) {
            return Acceptability::Unacceptable(reason);
        }
        let (seq, len, end) = (segment.seq, segment.len(), segment.seq + segment.len());
        let (nxt, edge) = (self.rcv.nxt, self.rcv.edge);
        if len > 0 && edge == nxt && seq == nxt {
            self.counted().tcp_zero_window_drop += 1;
            context.counters.tcp_zero_window_drop += 1;
            self.ack_due = AckDue::Now;
            return Acceptability::WindowClosed;
        }
        let acceptable = if len == 0 {
            // The table asks for SEG.SEQ < RCV.NXT+RCV.WND; a bare ACK behind a full window of lost data stands exactly
            // at the edge, and what it acknowledges is worth having. We side with Linux.
            seq.at_or_after(nxt) && seq.at_or_before(edge)
        } else {
            seq.before(edge) && end.after(nxt)
        };
        if acceptable {
            return Acceptability::Acceptable;
        }
        if !segment.has(TcpFlags::RST) {
            self.acknowledge_unacceptable(context, len > 0);
        }
        let old = end.at_or_before(nxt);
        if len > 0 && seq.before(nxt) {
            self.report_duplicate(context, seq, end.min(nxt));
            self.counted().delayed_ack_lost += 1;
            context.counters.delayed_ack_lost += 1;
        }
        Acceptability::Unacceptable(if old {
            DropReason::TcpOldSequence
        } else {
            DropReason::TcpInvalidSequence
        })
    }

    /// RFC 7323 5.3, R1: an old timestamp makes a segment unacceptable whatever its sequence number; 3.2: so does a
    /// missing one, without an answer.
    fn fails_paws(&mut self, context: &mut Context<'_>, segment: &Segment) -> Option<DropReason> {
        let clock = self.timestamps?;
        if segment.has(TcpFlags::RST) {
            return None;
        }
        let Some(timestamps) = segment.options.timestamps else {
            return Some(DropReason::TcpRfc7323Paws);
        };
        if !clock.is_old(timestamps.value, context.now) {
            return None;
        }
        self.counted().paws_estab_rejected += 1;
        context.counters.paws_estab_rejected += 1;
        self.acknowledge_unacceptable(context, !segment.is_empty());
        Some(DropReason::TcpRfc7323Paws)
    }

    /// Owes an ACK to a segment that is not acceptable. Data is always answered: its sender retransmits until it is;
    /// bare ACKs within a limit, or two ends that disagree would answer each other for ever.
    fn acknowledge_unacceptable(&mut self, context: &mut Context<'_>, has_data: bool) {
        if has_data {
            self.ack_due = AckDue::Now;
        } else {
            self.challenge(context);
        }
    }

    /// Owes a challenge ACK (RFC 5961 3 to 5), unless one went out just now.
    pub(super) fn challenge(&mut self, context: &mut Context<'_>) {
        let recently = self
            .challenged_at
            .is_some_and(|at| context.now.since(at) < CHALLENGE_INTERVAL);
        if !recently {
            self.challenged_at = Some(context.now);
            self.ack_due = AckDue::Now;
            self.counted().tcp_challenge_ack += 1;
            context.counters.tcp_challenge_ack += 1;
        }
    }

    /// Cuts off what was received before and what lies beyond the window. Returns where the FIN stands that the segment
    /// carries, if it is inside.
    pub(super) fn trim_to_window(
        &mut self,
        context: &mut Context<'_>,
        segment: &mut Segment,
    ) -> Option<SeqNum> {
        if segment.seq.before(self.rcv.nxt) {
            if !segment.payload.is_empty() {
                self.report_duplicate(context, segment.seq, self.rcv.nxt);
            }
            let old = (self.rcv.nxt - segment.seq).min(segment.payload.len() as u32);
            segment.payload.advance(old as usize);
            segment.seq += old;
        }
        let room = (self.rcv.edge - segment.seq) as usize;
        let end = segment.seq + segment.payload.len() as u32;
        if end.after(self.rcv.edge) {
            // Told at once how far the window goes, or a peer whose text is all cut off would go on repeating it.
            self.acknowledge_now();
            segment.payload.truncate(room);
            return None;
        }
        segment.has(TcpFlags::FIN).then_some(end)
    }
}
