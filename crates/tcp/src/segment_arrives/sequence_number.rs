//! First, check the sequence number (RFC 9293 3.10.7.4), and PAWS (RFC 7323 5).

use crate::connection::AckDue;
use crate::{Connection, Context, Segment};
use periplus_journey::{Counters, DropReason};
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;

/// What the sequence number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acceptability {
    /// Part of it lies in the window.
    Acceptable,
    /// It is the next one, but the window is closed: it is answered, a valid ACK is taken, its text is not.
    WindowClosed,
    /// It is answered by an ACK and dropped.
    Unacceptable(DropReason),
}

/// The four cases of 3.10.7.4, `edge` being RCV.NXT+RCV.WND.
///
/// A bare ACK may stand exactly at the edge too, where the table asks for SEG.SEQ < RCV.NXT+RCV.WND: behind a full window of
/// lost data there is no other place for it, and what it acknowledges is worth having. We side with Linux.
pub(super) fn is_acceptable(seq: SeqNum, len: u32, nxt: SeqNum, edge: SeqNum) -> bool {
    if len == 0 {
        seq.at_or_after(nxt) && seq.at_or_before(edge)
    } else {
        seq.before(edge) && (seq + len).after(nxt)
    }
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
        let (nxt, edge) = (self.rcv.nxt, self.rcv.edge);
        let reaches = segment.seq.at_or_before(nxt) && (segment.seq + segment.len()).after(nxt);
        if edge == nxt && reaches {
            self.quicken_acks();
            self.counted().tcp_zero_window_drop += 1;
            context.counters.tcp_zero_window_drop += 1;
            self.ack_due = AckDue::Now;
            return Acceptability::WindowClosed;
        }
        if is_acceptable(segment.seq, segment.len(), nxt, edge) {
            return Acceptability::Acceptable;
        }
        self.acknowledge_unacceptable(context, segment, |counters| {
            &mut counters.tcp_ack_skipped_seq
        });
        let (seq, end) = (segment.seq, segment.seq + segment.len());
        let old = end.at_or_before(nxt);
        if !segment.is_empty() && seq.before(nxt) {
            self.report_duplicate(context, seq, end.min(nxt));
            self.quicken_acks();
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
    /// missing one, without an answer. Linux takes segments without; a stranger need not guess a timestamp then.
    fn fails_paws(&mut self, context: &mut Context<'_>, segment: &Segment) -> Option<DropReason> {
        let clock = self.timestamps?;
        let Some(timestamps) = segment.options.timestamps else {
            return Some(DropReason::TcpRfc7323Paws);
        };
        if !clock.is_old(timestamps.value, context.now) {
            return None;
        }
        self.counted().paws_estab_rejected += 1;
        context.counters.paws_estab_rejected += 1;
        self.acknowledge_unacceptable(context, segment, |counters| {
            &mut counters.tcp_ack_skipped_paws
        });
        Some(DropReason::TcpRfc7323Paws)
    }

    /// RFC 7323 4.3, (2).
    #[inline]
    pub(super) fn update_ts_recent(&mut self, context: &Context<'_>, segment: &Segment) {
        let last_ack_sent = self.rcv.last_ack_sent;
        if let (Some(clock), Some(timestamps)) = (&mut self.timestamps, segment.options.timestamps)
        {
            clock.update(timestamps.value, segment.seq, last_ack_sent, context.now);
        }
    }

    /// Owes an ACK to a segment that is not acceptable. Text or a FIN is always answered: its sender repeats it until it is;
    /// bare ACKs within a limit, or two ends that disagree would answer each other for ever. As on Linux.
    fn acknowledge_unacceptable(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
        skipped: impl FnOnce(&mut Counters) -> &mut u64,
    ) {
        let (now, sysctls) = (context.now, context.sysctls);
        if segment.is_empty() && self.last_oow_ack_time.is_limited(now, sysctls) {
            *skipped(context.counters) += 1;
        } else {
            self.ack_due = AckDue::Now;
        }
    }

    /// Owes a challenge ACK (RFC 5961 3 to 5), unless an ACK for such a segment went out just now. The limit is this
    /// connection's own (RFC 5961 7): one that all have in common would tell a stranger about others' (CVE-2016-5696).
    pub(super) fn challenge(&mut self, context: &mut Context<'_>) {
        if self
            .last_oow_ack_time
            .is_limited(context.now, context.sysctls)
        {
            context.counters.tcp_ack_skipped_challenge += 1;
        } else {
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
