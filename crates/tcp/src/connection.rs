//! A connection: the transmission control block with its queues, timers and journal.

use crate::activity::Activity;
use crate::chronograph::{Chronograph, Limit};
use crate::congestion::{CongestionWindow, CwndValidation};
use crate::context::Context;
use crate::delayed_ack::DelayedAck;
use crate::ecn::EcnState;
use crate::journal::{ConnectionJournal, Ending};
use crate::keepalive::Keepalive;
use crate::listen::HalfOpen;
use crate::loss::{Rack, Recovery, RetransmissionTimer, TailLossProbe, TransmitTimer};
use crate::options::{Negotiated, Offer, TimestampClock};
use crate::pacing::Pacing;
use crate::path_mtu::PathMtu;
use crate::reassembly::Reassembly;
use crate::release::bound_to_half_window;
use crate::right_sizing::RightSizing;
use crate::sack::ReceivedBlocks;
use crate::send_buffers::SendBuffers;
use crate::tcb::{ReceiveSequence, SendSequence};
use crate::user_timeout::Unanswered;
use crate::{
    ConnectionCounters, LastAnswer, ReceiveQueue, Segment, SegmentHeader, SendQueue, SocketOptions,
    State, StreamError, Sysctls,
};
use periplus_journey::{Beginning, Instant, Outcome, QueuesMet, TcpSummary};
use periplus_wire::SeqNum;
use periplus_wire::tcp::Timestamps;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Whether an ACK is owed to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckDue {
    /// None.
    No,
    /// At the latest then (RFC 9293 3.8.6.3).
    By(Instant),
    /// With the next look at the transmit ring.
    Now,
}

/// What became possible for a backend that was told to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// A read no longer has to wait.
    pub readable: bool,
    /// A write no longer has to wait, or the connection is established, or it failed.
    pub writable: bool,
}

/// A connection. It is driven by segments that [arrive](Connection::segment_arrives), by calls of the backend, and by
/// [time-outs](Connection::timeout); it answers through [`Connection::transmit`].
#[derive(Debug)]
pub struct Connection {
    pub(crate) state: State,
    pub(crate) snd: SendSequence,
    pub(crate) rcv: ReceiveSequence,
    pub(crate) offer: Offer,
    /// Payload bytes of the largest segment that both ends and the path allow.
    pub(crate) largest_segment: u32,
    /// Payload bytes of a full segment: at most half of the peer's largest window.
    pub(crate) segment_size: u32,
    pub(crate) timestamps: Option<TimestampClock>,
    pub(crate) timestamp_offset: u32,
    /// SACK was agreed on.
    pub(crate) sack_permitted: bool,
    /// What the SYNs and the packets since said of ECN.
    pub(crate) ecn: EcnState,
    /// What our SACK options say, while there is something to say.
    pub(crate) received_blocks: Option<Box<ReceivedBlocks>>,

    pub(crate) send_queue: SendQueue,
    pub(crate) send_buffers: SendBuffers,
    pub(crate) receive_queue: ReceiveQueue,
    pub(crate) reassembly: Reassembly,
    /// The stream offset of SND.UNA.
    pub(crate) una_offset: u64,
    /// The stream offset of RCV.NXT.
    pub(crate) nxt_offset: u64,

    /// The most that the window promises as far as there is memory for it, by Linux's name; 0 until the first window is known.
    pub(crate) rcv_ssthresh: u32,
    /// How fast data comes and is read, for a peer that sends much.
    pub(crate) right_sizing: Option<Box<RightSizing>>,

    pub(crate) retransmission_timer: RetransmissionTimer,
    pub(crate) recovery: Recovery,
    pub(crate) rack: Rack,
    pub(crate) congestion: CongestionWindow,
    pub(crate) cwnd_validation: CwndValidation,
    pub(crate) pacing: Pacing,
    pub(crate) retransmissions: u32,
    pub(crate) tail_loss_probe: TailLossProbe,
    pub(crate) unanswered: Unanswered,
    pub(crate) keepalive: Keepalive,

    pub(crate) ack_due: AckDue,
    pub(crate) delayed_ack: DelayedAck,
    /// Our SYN is to be sent, for the first time or again.
    pub(crate) syn_due: bool,
    pub(crate) probe_due: bool,
    /// Data waits, nothing is in flight, and the window lets nothing out: probe it (RFC 9293 3.8.6.1).
    pub(crate) persisting: bool,
    pub(crate) reset_due: Option<SegmentHeader>,
    pub(crate) fin_acknowledged: bool,
    /// CLOSE was called in SYN-RECEIVED: the FIN waits until the SYN is acknowledged (RFC 9293 3.10.4).
    pub(crate) close_queued: bool,
    /// The backend reads no more (SHUT_RD).
    pub(crate) read_shut: bool,
    /// Shared with its listener's other connections, until they are changed.
    pub(crate) options: Arc<SocketOptions>,

    pub(crate) retransmit_at: Option<Instant>,
    /// What that is for, unless a closed window is probed.
    pub(crate) transmit_timer: TransmitTimer,
    /// When FIN-WAIT-2 of an orphan, or TIME-WAIT, is over.
    pub(crate) state_ends_at: Option<Instant>,
    /// The last ACK for a segment that was not acceptable.
    pub(crate) last_oow_ack_time: LastAnswer,
    /// TSval of the first segment we sent: what we are told to have sent cannot be older.
    pub(crate) first_tsval: u32,

    /// The backend, or the accept queue for it, holds a handle.
    pub(crate) attached: bool,
    pub(crate) error: Option<StreamError>,
    /// What was last said by ICMP of what is in flight: told if nothing else ends the connection.
    pub(crate) soft_error: Option<StreamError>,
    /// The path's MTU, where a router has told it.
    pub(crate) path_mtu: Option<Box<PathMtu>>,
    pub(crate) wants: Readiness,
    pub(crate) ready: Readiness,

    pub(crate) activity: Activity,
    pub(crate) chronograph: Chronograph,
    /// Nothing to tell of, mostly.
    pub(crate) counters: Option<Box<ConnectionCounters>>,
    /// The window was told to be closed.
    pub(crate) told_closed: bool,
    pub(crate) journal: Option<Box<ConnectionJournal>>,
}

impl Connection {
    fn new(
        state: State,
        snd: SendSequence,
        rcv: ReceiveSequence,
        offer: Offer,
        timestamp_offset: u32,
        options: Arc<SocketOptions>,
        now: Instant,
    ) -> Self {
        Self {
            state,
            offer,
            largest_segment: u32::from(offer.mss),
            segment_size: u32::from(offer.mss),
            timestamps: None,
            timestamp_offset,
            sack_permitted: false,
            ecn: EcnState::default(),
            received_blocks: None,
            send_queue: SendQueue::default(),
            send_buffers: SendBuffers::default(),
            receive_queue: ReceiveQueue::default(),
            reassembly: Reassembly::default(),
            una_offset: 0,
            nxt_offset: 0,
            rcv_ssthresh: 0,
            right_sizing: None,
            retransmission_timer: RetransmissionTimer::default(),
            recovery: Recovery::default(),
            rack: Rack::default(),
            congestion: CongestionWindow::new(u32::from(offer.mss)),
            cwnd_validation: CwndValidation::default(),
            pacing: Pacing::new(),
            retransmissions: 0,
            tail_loss_probe: TailLossProbe::default(),
            unanswered: Unanswered::default(),
            keepalive: Keepalive::new(now),
            ack_due: AckDue::No,
            delayed_ack: DelayedAck::new(now),
            syn_due: state == State::SynSent,
            probe_due: false,
            persisting: false,
            reset_due: None,
            fin_acknowledged: false,
            close_queued: false,
            read_shut: false,
            options,
            retransmit_at: None,
            transmit_timer: TransmitTimer::default(),
            state_ends_at: None,
            last_oow_ack_time: LastAnswer::default(),
            first_tsval: 0,
            attached: true,
            error: None,
            soft_error: None,
            path_mtu: None,
            wants: Readiness::default(),
            ready: Readiness::default(),
            activity: Activity::new(now),
            chronograph: Chronograph::new(),
            counters: None,
            told_closed: false,
            journal: None,
            snd,
            rcv,
        }
    }

    /// A place for a [parked](crate::Parked) connection to wake into.
    pub fn to_wake() -> Self {
        let nothing = SeqNum::new(0);
        let rcv = ReceiveSequence::new(nothing, 0, 0);
        let offer = Offer::new(0, &Sysctls::default());
        Self::new(
            State::Closed,
            SendSequence::new(nothing),
            rcv,
            offer,
            0,
            Arc::default(),
            Instant::ZERO,
        )
    }

    /// It is over: what it holds on the heap or of the ring goes, and its place is one [to wake into](Connection::to_wake).
    pub fn let_go(&mut self) {
        self.send_queue.clear();
        self.send_buffers.clear();
        self.receive_queue.clear();
        self.reassembly.clear();
        self.received_blocks = None;
        self.right_sizing = None;
        self.path_mtu = None;
        self.counters = None;
        self.journal = None;
    }

    /// An active open (RFC 9293 3.10.1): the SYN goes out with the next [`Connection::transmit`].
    pub fn connect(iss: SeqNum, offer: Offer, timestamp_offset: u32, now: Instant) -> Self {
        let rcv = ReceiveSequence {
            nxt: SeqNum::new(0),
            edge: SeqNum::new(0),
            irs: SeqNum::new(0),
            wind_shift: 0,
            last_ack_sent: SeqNum::new(0),
        };
        Self::new(
            State::SynSent,
            SendSequence::new(iss),
            rcv,
            offer,
            timestamp_offset,
            Arc::default(),
            now,
        )
    }

    /// A passive open, completed by `ack`: the half-open record becomes a connection in ESTABLISHED, with its listener's
    /// `options`, which `ack` then arrives at.
    pub fn from_half_open<A: Copy + Into<IpAddr>>(
        half_open: &HalfOpen<A>,
        offer: Offer,
        timestamp_offset: u32,
        options: &Arc<SocketOptions>,
        ack: &Segment,
        context: &Context<'_>,
    ) -> Self {
        let offer = half_open.offered(offer);
        let mut snd = SendSequence::new(half_open.iss);
        snd.advance(1);
        snd.una = snd.nxt;
        snd.wl1 = half_open.irs;
        snd.wl2 = snd.una;
        let window = half_open.window();
        let rcv = ReceiveSequence::new(half_open.irs, window, 0);
        let mut connection = Self::new(
            State::Established,
            snd,
            rcv,
            offer,
            timestamp_offset,
            Arc::clone(options),
            context.now,
        );
        connection.rcv_ssthresh = window;
        connection.activity.segs_in = 1; // the SYN; the ACK is still to arrive here
        connection.activity.delivered = 1; // the SYN/ACK
        connection.agree(
            half_open.negotiated(offer),
            half_open.ts_recent,
            context.now,
        );
        connection.ecn = EcnState::new(offer.ecn);
        // RFC 9293 3.10.7.4, fifth: the first SND.WND is the ACK's, not the SYN's.
        connection.set_window(ack);
        let established = ack.time.arrived;
        if !half_open.is_repeated() && !half_open.is_acknowledged() {
            let r = established.since(half_open.syn_ack_sent());
            let una = connection.snd.una;
            connection.retransmission_timer.measured(r, una, una);
        }
        connection.retransmission_timer.established();
        if context.recorder.is_enabled() {
            let kept = !half_open.is_cookie();
            let beginning = Beginning {
                syn_arrived: kept.then_some(half_open.syn_arrived),
                syn_ack_sent: kept.then(|| half_open.syn_ack_sent()),
                established: Some(established),
                ..Beginning::default()
            };
            connection.journal = Some(Box::new(ConnectionJournal::new(
                half_open.remote(),
                half_open.local(),
                beginning,
            )));
        }
        connection.begin_by_options(context);
        connection
    }

    /// The window that our SYN offers, the same in every copy of it.
    pub(crate) fn first_window(&mut self, context: &Context<'_>) -> u32 {
        if self.rcv_ssthresh == 0 {
            self.rcv_ssthresh = context.narrow(self.offer.first_window(false));
        }
        self.rcv_ssthresh
    }

    /// Sets what both SYNs agreed on.
    pub(crate) fn agree(&mut self, negotiated: Negotiated, ts_recent: u32, now: Instant) {
        self.largest_segment = u32::from(negotiated.segment_size);
        self.segment_size = bound_to_half_window(self.largest_segment, self.snd.max_wnd);
        self.congestion.agree(self.largest_segment);
        self.snd.wind_shift = negotiated.send_shift;
        self.rcv.wind_shift = negotiated.receive_shift;
        self.sack_permitted = negotiated.sack;
        self.timestamps = negotiated.timestamps.then_some(TimestampClock {
            offset: self.timestamp_offset,
            recent: ts_recent,
            recent_at: now,
        });
    }

    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The error that ended it, if one did.
    pub fn error(&self) -> Option<StreamError> {
        self.error
    }

    /// SND.NXT and RCV.NXT, and the peer's last timestamp: what a TIME-WAIT record keeps.
    pub(crate) fn final_numbers(&self) -> (SeqNum, SeqNum, Option<TimestampClock>) {
        (self.snd.nxt, self.rcv.nxt, self.timestamps)
    }

    /// Whether it can be forgotten: it is over, its RST is sent, and nobody holds it.
    pub fn is_finished(&self) -> bool {
        self.state == State::Closed && self.reset_due.is_none() && !self.attached
    }

    /// Whether the peer still has something to get: bytes, or our FIN, that it has not acknowledged.
    pub fn is_delivering(&self) -> bool {
        !matches!(
            self.state,
            State::FinWait2 | State::TimeWait | State::Closed
        )
    }

    /// Whether a compact record can do the rest: TIME-WAIT, and its last ACK is sent.
    pub fn is_only_waiting(&self) -> bool {
        self.state == State::TimeWait && self.ack_due == AckDue::No
    }

    /// A compact record waits instead. For a backend that still holds it the connection is over, as on Linux.
    pub fn left_to_record(&mut self) {
        self.state = State::Closed;
        self.state_ends_at = None;
        self.wake_reader();
        self.wake_writer();
    }

    /// Whether a look at the transmit ring would send something, as far as is known without trying.
    #[inline]
    pub fn has_output(&self) -> bool {
        self.reset_due.is_some()
            || self.ack_due == AckDue::Now
            || self.probe_due
            || self.keepalive.probe_due
            || self.tail_loss_probe.is_due()
            || self.has_unsent()
    }

    /// Reads what a segment will ask for, wherever it lies, as a way to have it in the cache by then. What it returns means nothing.
    #[inline]
    pub fn touch(&self) -> u32 {
        self.snd.una.0
            ^ self.rcv.nxt.0
            ^ self.rcv_ssthresh
            ^ self.send_buffers.packets_out
            ^ self.una_offset as u32
            ^ self.nxt_offset as u32
            ^ self.activity.segs_in
            ^ self.congestion.cwnd()
            ^ self.delayed_ack.rcv_mss()
            ^ u32::from(self.send_buffers.fin)
            ^ u32::from(self.attached)
            ^ u32::from(self.retransmit_at.is_some())
            ^ u32::from(self.keepalive.at.is_some())
            ^ u32::from(self.tail_loss_probe.is_idle())
            ^ u32::from(self.journal.is_some())
            ^ self.retransmission_timer.back_off()
    }

    /// Frames it holds back from the ring.
    pub fn pinned_frames(&self) -> usize {
        self.receive_queue.pinned_frames() + self.reassembly.pinned_frames()
    }

    /// Moves what it holds of the ring to the heap. Returns the bytes moved.
    pub fn compact(&mut self) -> usize {
        let moved = self.receive_queue.compact() + self.reassembly.compact();
        self.count_collapsed(moved);
        moved
    }

    /// Stream offsets: bytes read by the backend, and bytes written by it.
    pub fn offsets(&self) -> (u64, u64) {
        (
            self.read_offset(),
            self.una_offset + self.send_queue.len() as u64,
        )
    }

    pub(crate) fn read_offset(&self) -> u64 {
        self.nxt_offset - self.receive_queue.len() as u64
    }

    /// What became ready since it was last asked, for a backend that was told to wait.
    pub fn take_readiness(&mut self) -> Option<Readiness> {
        let ready = std::mem::take(&mut self.ready);
        (ready != Readiness::default()).then_some(ready)
    }

    pub(crate) fn wake_reader(&mut self) {
        if std::mem::take(&mut self.wants.readable) {
            self.ready.readable = true;
        }
    }

    pub(crate) fn wake_writer(&mut self) {
        if std::mem::take(&mut self.wants.writable) {
            self.ready.writable = true;
        }
    }

    /// What the journal says of the path.
    pub(crate) fn summary(&self) -> TcpSummary {
        TcpSummary {
            retransmissions: self.retransmissions,
            srtt: self.retransmission_timer.srtt(),
            cwnd: self.congestion.cwnd(),
        }
    }

    /// The first copy of the peer's SYN was dropped then.
    pub fn first_syn_dropped(&mut self, at: Instant) {
        if let Some(journal) = &mut self.journal {
            journal.first_syn_dropped(at);
        }
    }

    /// The listener's queues as it met them.
    pub fn came_to(&mut self, queues: QueuesMet) {
        if let Some(journal) = &mut self.journal {
            journal.came_to(queues);
        }
    }

    /// `accept()` returned it.
    pub fn accepted(&mut self, now: Instant) {
        if let Some(journal) = &mut self.journal {
            journal.accepted(now);
        }
    }

    /// The local and remote address are recorded for journeys of a connection opened by us as well.
    pub fn record_journeys(&mut self, peer: SocketAddr, local: SocketAddr) {
        self.journal = Some(Box::new(ConnectionJournal::new(
            peer,
            local,
            Beginning::default(),
        )));
    }

    pub(crate) fn end_journal(
        &mut self,
        context: &mut Context<'_>,
        outcome: Outcome,
        reason: Option<&'static str>,
    ) {
        let summary = self.summary();
        if let Some(journal) = self.journal.take() {
            journal.end(
                Ending { outcome, reason },
                context.now,
                summary,
                context.recorder,
            );
        }
    }

    /// The connection is over without a further word to the peer.
    pub(crate) fn fail(
        &mut self,
        context: &mut Context<'_>,
        error: StreamError,
        outcome: Outcome,
        reason: Option<&'static str>,
    ) {
        self.state = State::Closed;
        let told = self.soft_error.filter(|_| error == StreamError::TimedOut);
        self.error.get_or_insert(told.unwrap_or(error));
        self.chronograph.turn(context.now, Limit::Idle);
        self.release();
        // What was received and acknowledged before the peer's RST, the backend may still read, as on Linux: in the accept queue
        // it had no chance to. RFC 9293 would have it flushed.
        let broken_off = matches!(
            error,
            StreamError::Reset | StreamError::BrokenPipe | StreamError::TimedOut
        );
        if !(broken_off && self.attached) {
            self.receive_queue.clear();
        }
        self.end_journal(context, outcome, reason);
    }

    /// The connection is over in good order.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>) {
        self.state = State::Closed;
        self.chronograph.turn(context.now, Limit::Idle);
        self.retransmit_at = None;
        self.state_ends_at = None;
        self.keepalive.stop();
        self.pacing.stop();
        self.wake_reader();
        self.wake_writer();
        self.end_journal(context, Outcome::Closed, None);
    }

    fn release(&mut self) {
        self.send_queue.clear();
        self.send_buffers.clear();
        self.reassembly.clear();
        self.received_blocks = None;
        self.right_sizing = None;
        self.retransmit_at = None;
        self.state_ends_at = None;
        self.keepalive.stop();
        self.pacing.stop();
        self.ack_due = AckDue::No;
        self.probe_due = false;
        self.persisting = false;
        self.wake_reader();
        self.wake_writer();
    }

    pub(crate) fn timestamps_option(&self, now: Instant) -> Option<Timestamps> {
        self.timestamps.map(|clock| clock.option(now))
    }
}
