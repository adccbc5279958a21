//! TIME-WAIT as a compact record: enough to repeat the last ACK and to tell old segments from a new connection.

use crate::options::{TimestampClock, is_before};
use crate::{Connection, Context, LastAnswer, Segment, SegmentHeader};
use periplus_journey::{DropReason, Instant};
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// 2 MSL: a minute, Linux's TCP_TIMEWAIT_LEN.
pub const TIME_WAIT_LENGTH: Duration = Duration::from_secs(60);

/// What a TIME-WAIT record does with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeWaitDisposition {
    /// The last ACK is repeated, the segment dropped.
    Acknowledge(SegmentHeader, DropReason),
    /// Nothing: it may come.
    Consume,
    /// The segment is dropped in silence.
    Ignore(DropReason),
    /// A RST ends it.
    Forget,
    /// A SYN that is clearly newer: the record makes room for a new connection (RFC 6191).
    Reopen,
}

/// A connection in TIME-WAIT that nobody holds.
#[derive(Clone, Copy, Debug)]
pub struct TimeWait<A> {
    /// When it may be forgotten.
    pub ends_at: Instant,
    local_address: A,
    remote_address: A,
    snd_nxt: SeqNum,
    rcv_nxt: SeqNum,
    ts_offset: u32,
    ts_recent: u32,
    last_oow_ack_time: LastAnswer,
    local_port: u16,
    remote_port: u16,
    timestamps: bool,
}

// This is what a flood of short connections costs. With eight bytes for its owner's timer a record stays within the
// design's bounds of 64 and 96.
const _: () = assert!(size_of::<TimeWait<Ipv4Addr>>() <= 64 - 8);
const _: () = assert!(size_of::<TimeWait<Ipv6Addr>>() <= 96 - 8);

impl<A: Copy + Into<IpAddr>> TimeWait<A> {
    /// The record of a connection in TIME-WAIT between these ends.
    pub fn new(connection: &Connection, local: (A, u16), remote: (A, u16), now: Instant) -> Self {
        let (snd_nxt, rcv_nxt, timestamps) = connection.final_numbers();
        Self {
            ends_at: connection.state_ends_at.unwrap_or(now + TIME_WAIT_LENGTH),
            local_address: local.0,
            remote_address: remote.0,
            snd_nxt,
            rcv_nxt,
            ts_offset: timestamps.map_or(0, |clock| clock.offset),
            ts_recent: timestamps.map_or(0, |clock| clock.recent),
            last_oow_ack_time: LastAnswer::default(),
            local_port: local.1,
            remote_port: remote.1,
            timestamps: timestamps.is_some(),
        }
    }

    /// Our end.
    pub fn local(&self) -> SocketAddr {
        SocketAddr::new(self.local_address.into(), self.local_port)
    }

    /// The peer's end.
    pub fn remote(&self) -> SocketAddr {
        SocketAddr::new(self.remote_address.into(), self.remote_port)
    }

    /// The ISS of a new connection of the same ends, for which the clock says `clock`: beyond all that the old one sent, and
    /// so that no window of it reaches the new numbers (RFC 9293 3.6.1; Linux adds as much). A fast connection overtakes the
    /// clock.
    pub fn iss(&self, clock: SeqNum) -> SeqNum {
        clock.max(self.snd_nxt + 65_537)
    }

    /// A segment arrives in TIME-WAIT (RFC 9293 3.10.7.4). RCV.WND is zero: the peer has nothing more to send, and what our
    /// ACKs say of the window is the same. `is_open`: somebody listens on the port.
    pub fn segment_arrives(
        &mut self,
        segment: &Segment,
        is_open: bool,
        context: &mut Context<'_>,
    ) -> TimeWaitDisposition {
        if segment.has(TcpFlags::RST) {
            let ends = segment.seq == self.rcv_nxt && !context.sysctls.tcp_rfc1337;
            return if ends {
                TimeWaitDisposition::Forget
            } else {
                TimeWaitDisposition::Ignore(DropReason::TcpInvalidReset)
            };
        }
        if segment.has(TcpFlags::SYN) {
            // With FIN it opens nothing at a listener, and does not take the record away: on Linux it does.
            let opens = is_open && !segment.flags.intersects(TcpFlags::ACK | TcpFlags::FIN);
            if opens && self.is_newer(segment, context) {
                return TimeWaitDisposition::Reopen;
            }
            context.counters.tcp_syn_challenge += 1;
            return self.acknowledge(segment, context, DropReason::TcpInvalidSyn);
        }
        match segment.options.timestamps {
            None if self.timestamps => {
                return TimeWaitDisposition::Ignore(DropReason::TcpRfc7323Paws);
            }
            Some(timestamps)
                if self.timestamps && self.clock(context).is_old(timestamps.value, context.now) =>
            {
                context.counters.paws_estab_rejected += 1;
                return self.acknowledge(segment, context, DropReason::TcpRfc7323Paws);
            }
            _ => {}
        }
        if segment.is_empty() && segment.seq == self.rcv_nxt {
            return TimeWaitDisposition::Consume; // acceptable, and of no meaning any more
        }
        // Only the FIN that we have shows that the peer missed our ACK. Linux begins anew for any segment with ACK: a stranger
        // could keep the record for ever.
        if segment.has(TcpFlags::FIN) && segment.seq + segment.len() == self.rcv_nxt {
            self.ends_at = context.now + TIME_WAIT_LENGTH;
        }
        let reason = if (segment.seq + segment.len()).at_or_before(self.rcv_nxt) {
            DropReason::TcpOldSequence
        } else {
            DropReason::TcpInvalidSequence
        };
        self.acknowledge(segment, context, reason)
    }

    /// Whether a SYN is of a new connection, by RFC 6191 2. Where the old connection had no timestamps and the SYN has, it is:
    /// its segments are told apart from the old ones. Linux asks for a newer sequence number then.
    fn is_newer(&self, syn: &Segment, context: &Context<'_>) -> bool {
        let timestamps = syn.options.timestamps;
        match timestamps.filter(|_| context.sysctls.tcp_timestamps) {
            Some(_) if !self.timestamps => true,
            Some(timestamps) if is_before(timestamps.value, self.ts_recent) => false,
            Some(timestamps) if timestamps.value != self.ts_recent => true,
            _ => syn.seq.at_or_after(self.rcv_nxt),
        }
    }

    fn clock(&self, context: &Context<'_>) -> TimestampClock {
        TimestampClock {
            offset: self.ts_offset,
            recent: self.ts_recent,
            recent_at: context.now, // a minute does not make it outdated
        }
    }

    /// The last ACK is repeated: for text and FINs always, for others within the limit, as on a connection.
    fn acknowledge(
        &mut self,
        segment: &Segment,
        context: &mut Context<'_>,
        reason: DropReason,
    ) -> TimeWaitDisposition {
        let is_probe = segment.is_empty() || segment.has(TcpFlags::SYN);
        if is_probe
            && self
                .last_oow_ack_time
                .is_limited(context.now, context.sysctls)
        {
            context.counters.tcp_ack_skipped_time_wait += 1;
            return TimeWaitDisposition::Ignore(reason);
        }
        let header = SegmentHeader {
            seq: self.snd_nxt,
            ack: self.rcv_nxt,
            flags: TcpFlags::ACK,
            wnd: 0,
            options: TcpOptions {
                timestamps: self
                    .timestamps
                    .then(|| self.clock(context).option(context.now)),
                ..TcpOptions::default()
            },
            ecn: Ecn::NotEct,
        };
        TimeWaitDisposition::Acknowledge(header, reason)
    }
}
