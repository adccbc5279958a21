//! A half-open connection: SYN-RECEIVED as a compact record, the SYN's stamp included.

use super::Syn;
use super::syn_said::SynSaid;
use crate::ecn::setup_flags;
use crate::journal::{Ending, record_half_open};
use crate::memory::narrowest;
use crate::options::{Negotiated, Offer, TimestampClock};
use crate::{Context, LastAnswer, SegmentHeader};
use periplus_journey::{Beginning, DropReason, Instant, Outcome, QueueMet, QueuesMet};
use periplus_wire::tcp::{TcpFlags, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// What a half-open connection does with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfOpenDisposition {
    /// It completes the handshake.
    Complete,
    /// The SYN/ACK is sent again: the SYN came again.
    RepeatSynAck,
    /// An ACK, because the segment was not acceptable, and is dropped.
    Acknowledge(DropReason),
    /// A RST (RFC 9293 3.10.7.4, fifth).
    Reset(SegmentHeader),
    /// The peer gave up: the record goes.
    Remove,
    /// Nothing.
    Drop(DropReason),
}

const NO_MSS: u16 = 0;

/// What is kept of a SYN until the handshake completes.
#[derive(Clone, Copy, Debug)]
pub struct HalfOpen<A> {
    /// When the SYN arrived: e0.
    pub syn_arrived: Instant,
    local_address: A,
    remote_address: A,
    /// Which listener it belongs to, by its owner's number of 48 bits.
    pub listener: [u16; 3],
    /// ISS.
    pub iss: SeqNum,
    /// IRS.
    pub irs: SeqNum,
    /// TS.Recent, with `timestamps`.
    pub ts_recent: u32,
    /// When the first SYN/ACK was sent: nanoseconds after `syn_arrived`, or as many as fit (4.3 s).
    syn_ack_after: u32,
    /// The last answer to a segment that was out of window, or to a repeated SYN.
    pub(crate) last_oow_ack_time: LastAnswer,
    local_port: u16,
    remote_port: u16,
    mss: u16,
    /// The window that our SYN/ACK offers, the same in every copy of it.
    window: u16,
    /// Half-open connections in the SYN queue with this one, for its journey. Saturates: a longer queue is not told apart.
    pub syn_queue_length: u16,
    pub(crate) said: SynSaid,
    /// How often the SYN/ACK's timer ran out.
    pub(crate) timeouts: u8,
}

// This is what a flood of SYNs costs. With eight bytes for its owner's timer a record stays within the design's bounds of
// 64 and 96.
const _: () = assert!(size_of::<HalfOpen<Ipv4Addr>>() <= 64 - 8);
const _: () = assert!(size_of::<HalfOpen<Ipv6Addr>>() <= 96 - 8);

impl<A: Copy + Into<IpAddr>> HalfOpen<A> {
    /// The record of a SYN that was accepted.
    pub fn new(
        syn: Syn<'_>,
        local: (A, u16),
        remote: (A, u16),
        listener: [u16; 3],
        iss: SeqNum,
        offer: Offer,
        context: &Context<'_>,
    ) -> Self {
        let flags = setup_flags(syn.flags, syn.ecn);
        let said = SynSaid::agreed(syn.options, flags, offer);
        let window = context.narrow(offer.first_window(said.timestamps()));
        Self::keeping(syn, said, window, (local, remote), listener, iss, context)
    }

    /// The record of a SYN that was answered by a cookie, and by the usual window or by a `narrow` one.
    #[inline]
    pub(super) fn of_cookie(
        syn: Syn<'_>,
        ends: ((A, u16), (A, u16)),
        iss: SeqNum,
        offer: Offer,
        narrow: bool,
        context: &Context<'_>,
    ) -> Self {
        let mut said = SynSaid::agreed(syn.options, syn.flags, offer);
        said.set_cookie();
        let usual = offer.first_window(said.timestamps());
        let window = if narrow { narrowest(usual) } else { usual };
        Self::keeping(syn, said, window, ends, [0; 3], iss, context)
    }

    #[inline]
    fn keeping(
        syn: Syn<'_>,
        said: SynSaid,
        window: u32,
        (local, remote): ((A, u16), (A, u16)),
        listener: [u16; 3],
        iss: SeqNum,
        context: &Context<'_>,
    ) -> Self {
        Self {
            syn_arrived: syn.time.arrived,
            local_address: local.0,
            remote_address: remote.0,
            listener,
            iss,
            irs: syn.seq,
            ts_recent: syn
                .options
                .timestamps
                .map_or(0, |timestamps| timestamps.value),
            syn_ack_after: u32::try_from(context.now.since(syn.time.arrived).as_nanos())
                .unwrap_or(u32::MAX),
            last_oow_ack_time: LastAnswer::default(),
            local_port: local.1,
            remote_port: remote.1,
            mss: syn.options.mss.unwrap_or(NO_MSS),
            window: u16::try_from(window).unwrap_or(u16::MAX),
            said,
            syn_queue_length: 0,
            timeouts: 0,
        }
    }

    /// When the first SYN/ACK was sent.
    pub fn syn_ack_sent(&self) -> Instant {
        self.syn_arrived + Duration::from_nanos(self.syn_ack_after.into())
    }

    /// Whether a cookie brought it back: nothing was kept of the SYN, nor of when it came.
    pub fn is_cookie(&self) -> bool {
        self.said.is_cookie()
    }

    /// Whether its segments carry timestamps.
    pub fn has_timestamps(&self) -> bool {
        self.said.timestamps()
    }

    /// Whether more than one SYN/ACK was sent.
    pub(crate) fn is_repeated(&self) -> bool {
        self.said.is_repeated()
    }

    /// Whether the SYN/ACK was answered before the handshake was let complete.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.said.is_acknowledged()
    }

    /// The window that the SYN/ACK offers.
    pub(crate) fn window(&self) -> u32 {
        self.window.into()
    }

    /// Our end.
    pub fn local(&self) -> SocketAddr {
        SocketAddr::new(self.local_address.into(), self.local_port)
    }

    /// The peer's end.
    pub fn remote(&self) -> SocketAddr {
        SocketAddr::new(self.remote_address.into(), self.remote_port)
    }

    /// The SYN queue as this one met it, whose limit is its listener's.
    pub fn syn_queue_met(&self, limit: u32) -> QueueMet {
        QueueMet {
            length: self.syn_queue_length.into(),
            limit,
        }
    }

    /// What the SYN/ACK offers, where the listener would now make this offer: in all that the peer has to know of, what was offered
    /// first, and to this SYN.
    pub(crate) fn offered(&self, now: Offer) -> Offer {
        Offer {
            window_scale: self.said.our_window_scale(),
            timestamps: self.said.timestamps(),
            sack: self.said.sack_permitted(),
            ecn: self.said.ecn_setup(),
            ..now
        }
    }

    pub(crate) fn negotiated(&self, offer: Offer) -> Negotiated {
        let mss = (self.mss != NO_MSS).then_some(self.mss);
        Negotiated::from_parts(
            self.offered(offer),
            mss,
            self.said.window_scale(),
            self.said.timestamps(),
            self.said.sack_permitted(),
        )
    }

    /// The SYN/ACK.
    pub fn syn_ack(&self, offer: Offer, ts_offset: u32, context: &Context<'_>) -> SegmentHeader {
        self.syn_ack_at(offer, TimestampClock::value(ts_offset, context.now))
    }

    /// The SYN/ACK, our clock being at `value`.
    #[inline]
    pub(super) fn syn_ack_at(&self, offer: Offer, value: u32) -> SegmentHeader {
        let timestamps = Timestamps {
            value,
            echo_reply: self.ts_recent,
        };
        let offer = self.offered(offer);
        let mut flags = TcpFlags::SYN | TcpFlags::ACK;
        if offer.ecn {
            flags |= TcpFlags::ECE;
        }
        SegmentHeader {
            seq: self.iss,
            ack: self.irs + 1,
            flags,
            wnd: self.window,
            options: offer.options(timestamps),
            ecn: Ecn::NotEct,
        }
    }

    /// The bare ACK that answers a segment that is not acceptable.
    pub fn acknowledgment(
        &self,
        offer: Offer,
        ts_offset: u32,
        context: &Context<'_>,
    ) -> SegmentHeader {
        let syn_ack = self.syn_ack(offer, ts_offset, context);
        let mut options = syn_ack.options;
        (options.mss, options.window_scale) = (None, None);
        options.sack_permitted = false;
        SegmentHeader {
            seq: self.iss + 1,
            flags: TcpFlags::ACK,
            wnd: self.window >> self.negotiated(offer).receive_shift,
            options,
            ..syn_ack
        }
    }

    /// The record is given up: the half-open connection has a journey of its own.
    pub fn give_up(
        &self,
        first_syn_dropped: Option<Instant>,
        queues: QueuesMet,
        outcome: Outcome,
        reason: &'static str,
        context: &mut Context<'_>,
    ) {
        if context.recorder.is_enabled() {
            let beginning = Beginning {
                first_syn_dropped,
                syn_arrived: Some(self.syn_arrived),
                queues,
                ..Beginning::default()
            };
            let ending = Ending {
                outcome,
                reason: Some(reason),
            };
            record_half_open(
                self.remote(),
                self.local(),
                beginning,
                context.now,
                ending,
                context.recorder,
            );
        }
    }
}
