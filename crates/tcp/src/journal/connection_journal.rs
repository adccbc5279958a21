//! The journeys of one connection's requests.

use super::Recorder;
use super::open_request::OpenRequest;
use super::stamp_log::{ReceiveStamp, SendStamp, StampLog};
use periplus_journey::{Events, Instant, Overlays, QueuesMet, Station, TcpSummary};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The marks' offsets, joined with the stamps of the bytes.
#[derive(Debug)]
pub(crate) struct ConnectionJournal {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) handshake: Events,
    pub(super) syn_ack_sent: Option<Instant>,
    pub(super) queues: QueuesMet,
    pub(super) requests_seen: bool,
    pub(super) received: StampLog<ReceiveStamp>,
    pub(super) sent: StampLog<SendStamp>,
    /// The last two reads by the backend: the offset at which each began, and when it was.
    pub(super) reads: [(u64, Instant); 2],
    pub(super) open: VecDeque<OpenRequest>,
    /// Waits of bytes that no mark has given to a request yet.
    pub(super) unclaimed: Overlays,
    /// Since when the backend has read everything and wants more.
    pub(super) starved_since: Option<Instant>,
    /// Since when the windows are closed though data waits.
    pub(super) blocked_since: Option<Instant>,
    /// Sent at least once: everything before this offset.
    pub(super) transmitted: u64,
    pub(super) acknowledged: u64,
    /// Why the backend has given up waiting for the peer.
    pub(super) timed_out: Option<&'static str>,
}

impl ConnectionJournal {
    pub(crate) fn new(
        peer: SocketAddr,
        local: SocketAddr,
        handshake: Events,
        syn_ack_sent: Option<Instant>,
    ) -> Self {
        Self {
            peer,
            local,
            handshake,
            syn_ack_sent,
            queues: QueuesMet::default(),
            requests_seen: false,
            received: StampLog::new(),
            sent: StampLog::new(),
            reads: [(0, Instant::ZERO); 2],
            open: VecDeque::new(),
            unclaimed: Overlays::default(),
            starved_since: None,
            blocked_since: None,
            transmitted: 0,
            acknowledged: 0,
            timed_out: None,
        }
    }

    /// r0.
    pub(crate) fn first_syn_dropped(&mut self, at: Instant) {
        self.handshake.first_syn_dropped = Some(at);
    }

    /// The listener's queues as the connection met them.
    pub(crate) fn came_to(&mut self, queues: QueuesMet) {
        self.queues = queues;
    }

    /// e2.
    pub(crate) fn accepted(&mut self, at: Instant) {
        self.handshake.accepted = Some(at);
    }

    /// The received bytes up to `end` are in order now; they came at `stamp`.
    pub(crate) fn arrived(&mut self, end: u64, stamp: ReceiveStamp, read_to: u64) {
        self.received
            .push(end, stamp, self.received_kept_from(read_to));
        if let Some(since) = self.starved_since.take()
            && let Some(request) = self
                .open
                .iter_mut()
                .rev()
                .find(|request| request.is_parsing())
        {
            request.add_peer(since, stamp.arrived);
        }
    }

    /// Bytes that waited for others ahead of them from `from` to `to`.
    pub(crate) fn reassembled(&mut self, from: Instant, to: Instant) {
        match self
            .open
            .iter_mut()
            .rev()
            .find(|request| request.end.is_none())
        {
            Some(request) => request.overlays.add(Station::ReassemblyQueue, from, to),
            None => self.unclaimed.add(Station::ReassemblyQueue, from, to),
        }
    }

    /// The backend read the bytes [from, to); `drained` if nothing is left to read.
    pub(crate) fn read(&mut self, from: u64, to: u64, at: Instant, drained: bool) {
        self.reads = [self.reads[1], (from, at)];
        for request in &mut self.open {
            if request.events.read.is_none() && request.start < to {
                request.events.read = Some(at);
            }
        }
        if drained && self.open.back().is_some_and(OpenRequest::is_parsing) {
            self.starved_since.get_or_insert(at);
        }
    }

    /// Bytes up to `end` were transmitted for the first time.
    pub(crate) fn transmitted(&mut self, end: u64, at: Instant) {
        self.transmitted = end;
        let kept_from = self
            .open
            .front()
            .and_then(|request| request.response_start)
            .unwrap_or(self.acknowledged);
        self.sent.push(
            end,
            SendStamp {
                transmitted: at,
                acknowledged: None,
            },
            kept_from.min(self.acknowledged),
        );
        for request in &mut self.open {
            if request.events.transmitted.is_none()
                && request.response_end.is_some_and(|d| d <= end)
            {
                request.events.transmitted = Some(at);
            }
        }
    }

    /// Data waits, and the windows (the peer's or cwnd) let nothing out.
    pub(crate) fn blocked(&mut self, at: Instant) {
        self.blocked_since.get_or_insert(at);
    }

    /// The windows let something out again, or nothing waits any more.
    pub(crate) fn unblocked(&mut self, at: Instant) {
        if let Some(since) = self.blocked_since.take()
            && let Some(request) = self.open.iter_mut().find(|request| request.is_sending())
        {
            let since = since.max(request.events.answered.unwrap_or(since));
            request.add_peer(since, at);
        }
    }

    /// Everything sent before `offset` is acknowledged.
    pub(crate) fn acknowledged(
        &mut self,
        offset: u64,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        self.acknowledged = offset;
        self.sent.acknowledge(offset, at);
        for request in &mut self.open {
            let all = request.response_end.is_some_and(|d| d <= offset);
            if all && request.events.acknowledged.is_none() {
                request.events.acknowledged = Some(at);
            }
        }
        self.finish(tcp, recorder);
    }

    /// Gives back what is not needed until the next byte: an idle connection is small.
    pub(crate) fn rest(&mut self) {
        if self.open.is_empty() {
            self.sent.forget_before(self.acknowledged);
            self.sent.free_if_empty();
            self.received.free_if_empty();
            self.open = VecDeque::new();
        }
    }

    /// The offset before which no mark will ask for received bytes' stamps: the youngest request's end, or what was
    /// read before the last two reads.
    fn received_kept_from(&self, read_to: u64) -> u64 {
        match self.open.back() {
            Some(request) => request.end.unwrap_or(request.start),
            None => self.reads[0].0.min(read_to),
        }
    }
}
