//! The journeys of one connection's requests.

use super::Recorder;
use super::open_request::OpenRequest;
use super::stamp_log::{ReceiveStamp, SendStamp, StampLog};
use periplus_journey::{
    Events, Handshake, Instant, Kind, Label, Mark, Outcome, Overlays, Record, RequestEnd,
    StampedMark, Station, TcpSummary,
};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Requests of one connection whose journeys may be open at once; more are served without a journey, and counted.
const OPEN_REQUESTS: usize = 64;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'static str>,
}

/// The marks' offsets, joined with the stamps of the bytes.
#[derive(Debug)]
pub(crate) struct ConnectionJournal {
    peer: SocketAddr,
    local: SocketAddr,
    handshake: Events,
    syn_ack_sent: Option<Instant>,
    requests_seen: bool,
    received: StampLog<ReceiveStamp>,
    sent: StampLog<SendStamp>,
    /// The last two reads by the backend: the offset at which each began, and when it was.
    reads: [(u64, Instant); 2],
    open: VecDeque<OpenRequest>,
    /// Waits of bytes that no mark has given to a request yet.
    unclaimed: Overlays,
    /// Since when the backend has read everything and wants more.
    starved_since: Option<Instant>,
    /// Since when the windows are closed though data waits.
    blocked_since: Option<Instant>,
    acknowledged: u64,
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
            requests_seen: false,
            received: StampLog::new(),
            sent: StampLog::new(),
            reads: [(0, Instant::ZERO); 2],
            open: VecDeque::new(),
            unclaimed: Overlays::default(),
            starved_since: None,
            blocked_since: None,
            acknowledged: 0,
        }
    }

    /// r0.
    pub(crate) fn first_syn_dropped(&mut self, at: Instant) {
        self.handshake.first_syn_dropped = Some(at);
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

    /// A word of the codec. Returns false if the request gets no journey because too many are open.
    pub(crate) fn mark(
        &mut self,
        mark: StampedMark,
        read_to: u64,
        drained: bool,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) -> bool {
        let StampedMark { at, mark } = mark;
        match mark {
            Mark::Request { start } => return self.request(start, at, read_to, drained, tcp),
            Mark::RequestEnd { end, how } => self.request_end(end, how, at),
            Mark::HandlerCalled => {
                if let Some(request) = self
                    .open
                    .iter_mut()
                    .find(|request| request.handler_called.is_none())
                {
                    request.handler_called = Some(at);
                }
            }
            Mark::Response { start } => {
                if let Some(request) = self
                    .open
                    .iter_mut()
                    .find(|request| request.response_start.is_none())
                {
                    request.response_start = Some(start);
                    request.events.answered = Some(at);
                }
            }
            Mark::ResponseEnd { end } => {
                self.response_end(end, at);
                self.finish(tcp, recorder);
            }
            Mark::Label(label) => {
                if let Some(request) = self.unanswered() {
                    match label {
                        Label::Protocol(protocol) => request.protocol = Some(protocol),
                        Label::Request(line) => request.request = Some(line),
                        Label::Status(status) => request.status = Some(status),
                    }
                }
            }
            Mark::Overlay {
                station,
                start,
                end,
            } => {
                if let Some(request) = self.unanswered() {
                    request.overlays.add(station, start, end);
                }
            }
        }
        true
    }

    fn unanswered(&mut self) -> Option<&mut OpenRequest> {
        self.open
            .iter_mut()
            .find(|request| request.response_end.is_none())
    }

    fn request(
        &mut self,
        start: u64,
        at: Instant,
        read_to: u64,
        drained: bool,
        tcp: TcpSummary,
    ) -> bool {
        if self.open.len() >= OPEN_REQUESTS {
            return false;
        }
        let mut request = OpenRequest::new(start);
        request.retransmissions_before = tcp.retransmissions;
        request.overlays = std::mem::take(&mut self.unclaimed);
        if let Some((stamp, merged)) = self.received.of(start) {
            request.events.arrived = Some(stamp.arrived);
            request.events.taken = stamp.taken;
            request.rx_ring_at_most = stamp.rx_ring_at_most;
            request.coarse |= merged;
        } else if start < read_to {
            request.events.arrived = Some(at); // its stamp is gone: the codec said so too late
            request.coarse = true;
        }
        if start < read_to {
            let read = self.reads.iter().rev().find(|(from, _)| *from <= start);
            request.events.read = Some(read.map_or(at, |&(_, when)| when));
            request.coarse |= read.is_none();
            if drained {
                self.starved_since = request.events.read;
            }
        }
        if !std::mem::replace(&mut self.requests_seen, true) {
            request.is_first = true;
            request.events.first_syn_dropped = self.handshake.first_syn_dropped;
            request.events.syn_arrived = self.handshake.syn_arrived;
            request.events.established = self.handshake.established;
            request.events.accepted = self.handshake.accepted;
            if let (Some(sent), Some(established)) = (self.syn_ack_sent, self.handshake.established)
            {
                request.overlays.add(Station::Peer, sent, established);
            }
            // Bytes that were here before `accept()`: the receive queue's whole wait stands beside the spine.
            if let (Some(arrived), Some(accepted), Some(read)) = (
                request.events.arrived,
                request.events.accepted,
                request.events.read,
            ) && arrived < accepted
            {
                request.overlays.add(
                    Station::ReceiveQueue,
                    request.events.taken.unwrap_or(arrived),
                    read,
                );
            }
        }
        self.open.push_back(request);
        true
    }

    fn request_end(&mut self, end: u64, how: RequestEnd, at: Instant) {
        let starved = self.starved_since.take();
        if let Some(request) = self
            .open
            .iter_mut()
            .rev()
            .find(|request| request.end.is_none())
        {
            request.end = Some(end);
            request.how = how;
            if let (Some(since), true) = (starved, how != RequestEnd::Complete) {
                request.add_peer(since, at); // gave up waiting for the rest
            }
            request.events.parsed = Some(at);
        }
        self.received.forget_before(end);
    }

    fn response_end(&mut self, end: u64, at: Instant) {
        let sent = &self.sent;
        let Some(request) = self
            .open
            .iter_mut()
            .find(|request| request.response_end.is_none())
        else {
            return;
        };
        request.response_end = Some(end);
        request.handler_finished(at);
        // It may be out, and even acknowledged, by the time the codec says where it ends.
        if let Some((stamp, merged)) = end.checked_sub(1).and_then(|last| sent.of(last)) {
            request.events.transmitted = Some(stamp.transmitted);
            request.events.acknowledged = stamp.acknowledged;
            request.coarse |= merged;
        } else if end <= self.acknowledged {
            request.events.transmitted = Some(at);
            request.events.acknowledged = Some(at);
            request.coarse = true;
        }
    }

    /// Writes the records of the requests at the front whose answers are acknowledged.
    fn finish(&mut self, tcp: TcpSummary, recorder: &mut Recorder) {
        while self
            .open
            .front()
            .is_some_and(|request| request.events.acknowledged.is_some())
        {
            let Some(mut request) = self.open.pop_front() else {
                return;
            };
            if let (Some(transmitted), Some(acknowledged)) =
                (request.events.transmitted, request.events.acknowledged)
            {
                request
                    .overlays
                    .add(Station::Peer, transmitted, acknowledged);
            }
            let outcome = match request.how {
                RequestEnd::Rejected => Outcome::Rejected,
                _ => Outcome::Answered,
            };
            self.write(
                request,
                Ending {
                    outcome,
                    reason: None,
                },
                tcp,
                recorder,
            );
        }
    }

    /// The connection is over: what is open ends where it is; without any request the connection has its own record.
    pub(crate) fn end(
        &mut self,
        ending: Ending,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        self.finish(tcp, recorder);
        self.unblocked(at);
        let starved = self.starved_since.take();
        if let (Some(since), Some(request)) = (
            starved,
            self.open
                .iter_mut()
                .rev()
                .find(|request| request.is_parsing()),
        ) {
            request.add_peer(since, at);
        }
        while let Some(mut request) = self.open.pop_front() {
            request.events.ended = Some(at);
            self.write(request, ending, tcp, recorder);
        }
        if !self.requests_seen {
            self.requests_seen = true;
            let mut request = OpenRequest::new(0);
            request.is_first = true;
            request.events = Events {
                ended: Some(at),
                ..self.handshake
            };
            if let (Some(sent), Some(established)) = (self.syn_ack_sent, self.handshake.established)
            {
                request.overlays.add(Station::Peer, sent, established);
            }
            self.write_as(Kind::Connection, request, ending, tcp, recorder);
        }
    }

    fn write(
        &self,
        request: OpenRequest,
        ending: Ending,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        self.write_as(Kind::Request, request, ending, tcp, recorder);
    }

    fn write_as(
        &self,
        kind: Kind,
        request: OpenRequest,
        ending: Ending,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let handshake = match (request.is_first, self.handshake.syn_arrived) {
            (false, _) => None,
            (true, Some(_)) => Some(Handshake::Queue),
            (true, None) => Some(Handshake::Cookie),
        };
        let response_start = request.response_start.unwrap_or(0);
        let record = Record {
            kind,
            id: recorder.next_id(),
            device: recorder.device(),
            peer: self.peer,
            local: self.local,
            handshake,
            protocol: request.protocol,
            request: request.request,
            status: request.status,
            bytes_in: request.end.map_or(0, |b| b.saturating_sub(request.start)),
            bytes_out: request
                .response_end
                .map_or(0, |d| d.saturating_sub(response_start)),
            acked: request.response_start.map_or(0, |c| {
                self.acknowledged
                    .min(request.response_end.unwrap_or(u64::MAX))
                    .saturating_sub(c)
            }),
            outcome: ending.outcome,
            reason: ending.reason,
            events: request.events,
            overlays: request.overlays,
            peer_in_server: request.peer_in_server,
            rx_ring_at_most: request.rx_ring_at_most,
            tcp: TcpSummary {
                retransmissions: tcp.retransmissions - request.retransmissions_before,
                ..tcp
            },
            coarse: request.coarse,
        };
        recorder.push(record);
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

/// A half-open connection that was given up has a record of its own, without ever having been a connection.
pub(crate) fn record_half_open(
    peer: SocketAddr,
    local: SocketAddr,
    handshake: Events,
    ended: Instant,
    ending: Ending,
    recorder: &mut Recorder,
) {
    ConnectionJournal::new(peer, local, handshake, None).end(
        ending,
        ended,
        TcpSummary::default(),
        recorder,
    );
}
