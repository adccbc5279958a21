//! TIME-WAIT as a compact record: enough to repeat the last ACK and to tell old segments from a new connection.

use crate::options::TimestampClock;
use crate::{Connection, Segment, SegmentHeader};
use periplus_journey::Instant;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// 2 MSL: a minute, Linux's TCP_TIMEWAIT_LEN.
pub const TIME_WAIT_LENGTH: Duration = Duration::from_secs(60);

/// What a TIME-WAIT record does with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeWaitDisposition {
    /// The last ACK is repeated.
    Acknowledge(SegmentHeader),
    /// Nothing.
    Ignore,
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

    /// A segment arrives in TIME-WAIT (RFC 9293 3.10.7.4, RFC 6191 2).
    pub fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> TimeWaitDisposition {
        if segment.has(TcpFlags::RST) {
            let exact = segment.seq == self.rcv_nxt;
            return if exact {
                TimeWaitDisposition::Forget
            } else {
                TimeWaitDisposition::Ignore
            };
        }
        let timestamps = segment.options.timestamps.filter(|_| self.timestamps);
        if segment.has(TcpFlags::SYN) && !segment.has(TcpFlags::ACK) {
            let newer_clock =
                timestamps.map(|t| (t.value.wrapping_sub(self.ts_recent) as i32).signum());
            let newer = match newer_clock {
                Some(1) => true,
                Some(-1) => false,
                _ => segment.seq.after(self.rcv_nxt),
            };
            if newer {
                return TimeWaitDisposition::Reopen;
            }
        }
        if segment.has(TcpFlags::FIN) {
            self.ends_at = now + TIME_WAIT_LENGTH; // the peer missed our ACK
        } else if segment.is_empty() {
            return TimeWaitDisposition::Ignore; // two TIME-WAITs must not answer each other's ACKs
        }
        let clock = TimestampClock {
            offset: self.ts_offset,
            recent: self.ts_recent,
            recent_at: now,
        };
        TimeWaitDisposition::Acknowledge(SegmentHeader {
            seq: self.snd_nxt,
            ack: self.rcv_nxt,
            flags: TcpFlags::ACK,
            wnd: 0,
            options: TcpOptions {
                timestamps: self.timestamps.then(|| clock.option(now)),
                ..TcpOptions::default()
            },
            ecn: Ecn::NotEct,
        })
    }
}
