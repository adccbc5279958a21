//! A connection at rest, in a fifth of the memory: what most connections of a server are most of the time.
//!
//! While nothing is out, nothing waits and no timer runs, most of a connection's state is what it is of every such connection, follows
//! from the rest, or fits into fewer bits. What does not is here, in the length of four cache lines: a segment for one of a million
//! connections waits for those, which lie together, and not for the twenty of a [`Connection`]. Who is woken goes on as if it had never slept: the same
//! segments and calls lead to the same frames.
//!
//! What losses and reordering, or a peer that sends much, have left behind does not fit. It lies [apart](Apart), as it is.

mod apart;
mod plain;

use crate::chronograph::{Chronograph, Limit};
use crate::connection::AckDue;
use crate::delayed_ack::ParkedDelayedAck;
use crate::ecn::EcnState;
use crate::keepalive::Keepalive;
use crate::loss::TransmitTimer;
use crate::options::ParkedOffer;
use crate::reassembly::Reassembly;
use crate::tcb::{ReceiveSequence, SendSequence};
use crate::user_timeout::Unanswered;
use crate::{Connection, LastAnswer, Readiness, ReceiveQueue, SendQueue, SocketOptions, State};
use apart::Apart;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use plain::Plain;
use std::sync::Arc;

/// A connection at rest: [`Connection::park`] makes it, [`Parked::wake`] makes it a connection again.
#[derive(Debug)]
pub struct Parked {
    una_offset: u64,
    nxt_offset: u64,
    heard_at: Instant,
    /// When something was last let out.
    latest: Option<Instant>,
    options: Arc<SocketOptions>,
    /// What most connections have nothing of.
    apart: Option<Box<Apart>>,
    /// Nanoseconds with something out.
    busy: u64,
    /// What was learned of the path, unless it is apart.
    plain: Option<Plain>,
    una: SeqNum,
    snd_wnd: u32,
    max_wnd: u32,
    wl1: SeqNum,
    wl2: SeqNum,
    nxt: SeqNum,
    edge: SeqNum,
    rcv_ssthresh: u32,
    timestamp_offset: u32,
    first_tsval: u32,
    /// Bytes that the send buffers may hold, as far as that has grown.
    grown: u32,
    delayed_ack: ParkedDelayedAck,
    offer: ParkedOffer,
    largest_segment: u16,
    segment_size: u16,
    send_shift: u8,
    receive_shift: u8,
    ecn: EcnState,
    flags: Flags,
}

// Less than four cache lines, with the addresses.
const _: () = assert!(size_of::<Parked>() <= 224);

/// What is so or not.
#[derive(Clone, Copy, Debug, Default)]
struct Flags(u8);

impl Flags {
    const SACK_PERMITTED: u8 = 1;
    const READ_SHUT: u8 = 1 << 1;
    const WANTS_READABLE: u8 = 1 << 2;
    const WANTS_WRITABLE: u8 = 1 << 3;
    const PUSH_NOW: u8 = 1 << 4;
    const PUSH_DUE: u8 = 1 << 5;
    const ATTACHED: u8 = 1 << 6;
    const TIMESTAMPS: u8 = 1 << 7;

    fn with(self, flag: u8, on: bool) -> Self {
        Self(self.0 | if on { flag } else { 0 })
    }

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// The initial sequence number of a stream that has come from there to `number`, at `offset`.
fn initial(number: SeqNum, offset: u64) -> SeqNum {
    SeqNum::new(number.0.wrapping_sub(offset as u32).wrapping_sub(1))
}

impl Connection {
    /// Whether nothing is out, nothing waits to be sent, read or told, and no timer runs: it can be [parked](Connection::park).
    #[inline]
    pub fn is_at_rest(&self) -> bool {
        // What is seldom so comes first: it is asked after every segment and every call.
        self.send_buffers.packets_out == 0
            && self.ack_due == AckDue::No
            && self.receive_queue.is_empty()
            && self.rests()
    }

    fn rests(&self) -> bool {
        // Neither a SYN nor a FIN is in the way between numbers and offsets.
        let numbers = self.snd.una == self.snd.nxt
            && self.rcv.last_ack_sent == self.rcv.nxt
            && self.snd.iss == initial(self.snd.una, self.una_offset)
            && self.rcv.irs == initial(self.rcv.nxt, self.nxt_offset);
        let queues = self.send_queue.is_empty()
            && self.send_buffers.is_at_rest(self.una_offset)
            && self.reassembly.is_empty()
            && self.reassembly.fin().is_none()
            && self.received_blocks.is_none();
        let timers = self.next_timeout().is_none()
            && self.transmit_timer == TransmitTimer::TimeOut
            && !self.persisting
            && self.unanswered.is_nothing();
        let words = self.error.is_none()
            && self.soft_error.is_none()
            && self.ready == Readiness::default()
            && self.delayed_ack.is_at_rest()
            && self.chronograph.limit() == Limit::Idle
            && !self.told_closed
            && !self.close_queued
            && !self.syn_due
            && !self.has_output();
        let sizes = self.largest_segment.max(self.segment_size) <= u32::from(u16::MAX);
        self.state == State::Established && numbers && queues && timers && words && sizes
    }

    /// Makes a connection small that [is at rest](Connection::is_at_rest); `None` if it is not. What is left in its place is of no
    /// use but to be [woken into](Parked::wake).
    pub fn park(&mut self) -> Option<Parked> {
        if !self.is_at_rest() {
            return None;
        }
        let plain = Plain::of(self);
        let apart = Apart::take(self, plain.as_ref());
        let buffers = &self.send_buffers;
        Some(Parked {
            una_offset: self.una_offset,
            nxt_offset: self.nxt_offset,
            heard_at: self.keepalive.heard_at(),
            latest: buffers.latest,
            options: Arc::clone(&self.options),
            apart,
            busy: self.chronograph.busy(),
            plain,
            una: self.snd.una,
            snd_wnd: self.snd.wnd,
            max_wnd: self.snd.max_wnd,
            wl1: self.snd.wl1,
            wl2: self.snd.wl2,
            nxt: self.rcv.nxt,
            edge: self.rcv.edge,
            rcv_ssthresh: self.rcv_ssthresh,
            timestamp_offset: self.timestamp_offset,
            first_tsval: self.first_tsval,
            grown: buffers.grown,
            delayed_ack: ParkedDelayedAck::of(&self.delayed_ack),
            offer: ParkedOffer::of(&self.offer),
            largest_segment: self.largest_segment as u16,
            segment_size: self.segment_size as u16,
            send_shift: self.snd.wind_shift,
            receive_shift: self.rcv.wind_shift,
            ecn: self.ecn,
            flags: Flags::default()
                .with(Flags::SACK_PERMITTED, self.sack_permitted)
                .with(Flags::READ_SHUT, self.read_shut)
                .with(Flags::WANTS_READABLE, self.wants.readable)
                .with(Flags::WANTS_WRITABLE, self.wants.writable)
                .with(Flags::PUSH_NOW, buffers.push_now)
                .with(Flags::PUSH_DUE, buffers.push_due)
                .with(Flags::ATTACHED, self.attached)
                .with(Flags::TIMESTAMPS, self.timestamps.is_some()),
        })
    }
}

impl Parked {
    /// Makes `connection` the connection that this was. It is one that was parked itself, or [for that](Connection::to_wake).
    pub fn wake(mut self, connection: &mut Connection) {
        let apart = self.apart.take();
        self.restore(connection, apart.map(|apart| *apart));
    }

    /// Makes `connection` one to look at: it is this one as far as can be told, but for the journal, and is not to go on.
    pub fn look(&self, connection: &mut Connection) {
        let apart = self.apart.as_ref().map(|apart| apart.copy());
        self.restore(connection, apart);
    }

    /// Reads something of it everywhere, as a way to have it in the cache. What it returns means nothing.
    #[inline]
    pub fn touch(&self) -> u32 {
        let plain = self.plain.as_ref().map_or(0, Plain::touch);
        self.una_offset as u32 ^ self.wl1.0 ^ self.edge.0 ^ u32::from(self.flags.0) ^ plain
    }

    #[inline]
    fn restore(&self, connection: &mut Connection, apart: Option<Apart>) {
        // Every field has its line: none is left of the connection that was there before.
        let Connection {
            state,
            snd,
            rcv,
            offer,
            largest_segment,
            segment_size,
            timestamps: _,
            timestamp_offset,
            sack_permitted,
            ecn,
            received_blocks,
            send_queue,
            send_buffers,
            receive_queue,
            reassembly,
            una_offset,
            nxt_offset,
            rcv_ssthresh,
            right_sizing,
            retransmission_timer: _,
            recovery: _,
            rack: _,
            congestion: _,
            cwnd_validation: _,
            pacing: _,
            retransmissions: _,
            tail_loss_probe: _,
            unanswered,
            keepalive,
            ack_due,
            delayed_ack,
            syn_due,
            probe_due,
            persisting,
            reset_due,
            fin_acknowledged,
            close_queued,
            read_shut,
            options,
            retransmit_at,
            transmit_timer,
            state_ends_at,
            last_oow_ack_time,
            first_tsval,
            attached,
            error,
            soft_error,
            path_mtu,
            wants,
            ready,
            activity: _,
            chronograph,
            counters,
            told_closed,
            journal,
        } = connection;
        *state = State::Established;
        *snd = SendSequence {
            una: self.una,
            nxt: self.una,
            wnd: self.snd_wnd,
            max_wnd: self.max_wnd,
            wl1: self.wl1,
            wl2: self.wl2,
            iss: initial(self.una, self.una_offset),
            wind_shift: self.send_shift,
        };
        *rcv = ReceiveSequence {
            nxt: self.nxt,
            edge: self.edge,
            irs: initial(self.nxt, self.nxt_offset),
            wind_shift: self.receive_shift,
            last_ack_sent: self.nxt,
        };
        *offer = self.offer.wake();
        (*send_queue, *receive_queue) = (SendQueue::default(), ReceiveQueue::default());
        (*reassembly, *received_blocks) = (Reassembly::default(), None);
        (*largest_segment, *segment_size) = (self.largest_segment.into(), self.segment_size.into());
        *timestamp_offset = self.timestamp_offset;
        *sack_permitted = self.flags.has(Flags::SACK_PERMITTED);
        *ecn = self.ecn;
        send_buffers.woken(self.una_offset, self.grown, self.latest);
        send_buffers.push_now = self.flags.has(Flags::PUSH_NOW);
        send_buffers.push_due = self.flags.has(Flags::PUSH_DUE);
        (*una_offset, *nxt_offset) = (self.una_offset, self.nxt_offset);
        *rcv_ssthresh = self.rcv_ssthresh;
        *unanswered = Unanswered::default();
        *keepalive = Keepalive::new(self.heard_at);
        *ack_due = AckDue::No;
        *delayed_ack = self.delayed_ack.wake();
        (*syn_due, *probe_due, *persisting) = (false, false, false);
        (*fin_acknowledged, *close_queued, *told_closed) = (false, false, false);
        *reset_due = None;
        *read_shut = self.flags.has(Flags::READ_SHUT);
        if !Arc::ptr_eq(options, &self.options) {
            *options = Arc::clone(&self.options);
        }
        (*retransmit_at, *state_ends_at) = (None, None);
        *transmit_timer = TransmitTimer::TimeOut;
        *last_oow_ack_time = LastAnswer::default();
        *first_tsval = self.first_tsval;
        *attached = self.flags.has(Flags::ATTACHED);
        (*error, *soft_error) = (None, None);
        *wants = Readiness {
            readable: self.flags.has(Flags::WANTS_READABLE),
            writable: self.flags.has(Flags::WANTS_WRITABLE),
        };
        *ready = Readiness::default();
        *chronograph = Chronograph::woken(self.busy);
        (*right_sizing, *path_mtu, *counters, *journal) = (None, None, None, None);
        if let Some(plain) = &self.plain {
            plain.restore(connection, self.flags.has(Flags::TIMESTAMPS));
        }
        if let Some(apart) = apart {
            apart.restore(connection);
        }
    }
}
