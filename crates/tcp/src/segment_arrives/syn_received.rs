//! A segment in SYN-RECEIVED after a passive open, where a record is all there is (RFC 9293 3.10.7.4, in its order).

use super::sequence_number::is_acceptable;
use crate::listen::HalfOpen;
use crate::options::{TimestampClock, is_echo};
use crate::{Context, HalfOpenDisposition, Segment, reset};
use periplus_journey::DropReason;
use periplus_wire::tcp::TcpFlags;
use std::net::IpAddr;

impl<A: Copy + Into<IpAddr>> HalfOpen<A> {
    /// Takes a segment. `ts_offset` is that of the connection's timestamp clock.
    pub fn segment_arrives(
        &mut self,
        segment: &Segment,
        ts_offset: u32,
        context: &mut Context<'_>,
    ) -> HalfOpenDisposition {
        let nxt = self.irs + 1;
        let edge = nxt + self.window();
        // Second: RST. Only its own number counts (RFC 5961 3.2), and PAWS does not (RFC 7323 5.2). Linux believes it
        // anywhere in the window of a half-open connection; we ask for the same as everywhere.
        if segment.has(TcpFlags::RST) {
            return if segment.seq == nxt {
                context.counters.embryonic_rsts += 1;
                HalfOpenDisposition::Remove
            } else if segment.seq.after(nxt) && segment.seq.before(edge) {
                self.challenge(context, DropReason::TcpInvalidReset)
            } else {
                HalfOpenDisposition::Drop(DropReason::TcpInvalidReset)
            };
        }
        // First: the timestamps, then the sequence number.
        if let Some(refused) = self.check_timestamps(segment, ts_offset, context) {
            return refused;
        }
        if segment.has(TcpFlags::SYN) {
            return self.syn_again(segment, context);
        }
        if !is_acceptable(segment.seq, segment.len(), nxt, edge) {
            return self.acknowledge(context, DropReason::TcpInvalidSequence);
        }
        // Fifth: the ACK.
        if !segment.has(TcpFlags::ACK) {
            return HalfOpenDisposition::Drop(DropReason::TcpFlags);
        }
        if segment.ack == self.iss + 1 {
            return HalfOpenDisposition::Complete;
        }
        match reset::answer_to(segment) {
            Some(answer) => HalfOpenDisposition::Reset(answer),
            None => HalfOpenDisposition::Drop(DropReason::TcpFlags),
        }
    }

    /// RFC 7323 5.3, R1, and 3.2; and, as on Linux, an echo of what we never sent is a stranger's.
    fn check_timestamps(
        &mut self,
        segment: &Segment,
        ts_offset: u32,
        context: &mut Context<'_>,
    ) -> Option<HalfOpenDisposition> {
        if !self.said.timestamps() {
            return None;
        }
        let Some(timestamps) = segment.options.timestamps else {
            let silently = HalfOpenDisposition::Drop(DropReason::TcpRfc7323Paws);
            return (!segment.has(TcpFlags::SYN)).then_some(silently);
        };
        let clock = TimestampClock {
            offset: ts_offset,
            recent: self.ts_recent,
            recent_at: context.now, // a record does not live as long as it takes to be outdated
        };
        let sent =
            [self.syn_ack_sent(), context.now].map(|at| TimestampClock::value(ts_offset, at));
        if clock.is_old(timestamps.value, context.now) {
            context.counters.paws_estab_rejected += 1;
        } else if segment.has(TcpFlags::ACK) && !is_echo(timestamps.echo_reply, sent[0], sent[1]) {
            context.counters.ts_ecr_rejected += 1;
        } else {
            return None;
        }
        Some(self.acknowledge(context, DropReason::TcpRfc7323Paws))
    }

    /// Fourth: the same SYN again means that our SYN/ACK was lost. Any other is challenged as on a connection (RFC 5961 4.2):
    /// going back to LISTEN, as RFC 9293 has it, or sending a RST, as Linux does, would let whoever guesses the window undo
    /// handshakes, and a client that begins anew answers the challenge by the RST that undoes this one.
    fn syn_again(&mut self, segment: &Segment, context: &mut Context<'_>) -> HalfOpenDisposition {
        if segment.has(TcpFlags::ACK) || segment.seq != self.irs {
            context.counters.tcp_syn_challenge += 1;
            return self.challenge(context, DropReason::TcpInvalidSyn);
        }
        if self.is_limited(context) {
            return HalfOpenDisposition::Drop(DropReason::TcpInvalidSyn);
        }
        self.said.set_repeated();
        HalfOpenDisposition::RepeatSynAck
    }

    fn challenge(&mut self, context: &mut Context<'_>, reason: DropReason) -> HalfOpenDisposition {
        let answer = self.acknowledge(context, reason);
        if matches!(answer, HalfOpenDisposition::Acknowledge(_)) {
            context.counters.tcp_challenge_ack += 1;
        }
        answer
    }

    /// An ACK, unless one went out just now. Unlike a connection's it is limited for data as well: nothing is received yet
    /// that the peer would have to be told of.
    fn acknowledge(
        &mut self,
        context: &mut Context<'_>,
        reason: DropReason,
    ) -> HalfOpenDisposition {
        if self.is_limited(context) {
            HalfOpenDisposition::Drop(reason)
        } else {
            HalfOpenDisposition::Acknowledge(reason)
        }
    }

    fn is_limited(&mut self, context: &mut Context<'_>) -> bool {
        let is_limited = self
            .last_oow_ack_time
            .is_limited(context.now, context.sysctls);
        context.counters.tcp_ack_skipped_syn_recv += u64::from(is_limited);
        is_limited
    }
}
