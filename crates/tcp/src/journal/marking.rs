//! What the codec says of a stream, joined with what is known of its bytes.

use super::open_request::OpenRequest;
use super::{ConnectionJournal, Recorder};
use periplus_journey::{Instant, Label, Mark, RequestEnd, StampedMark, Station, TcpSummary};

/// Requests of one connection whose journeys may be open at once; more are served without a journey, and counted.
const OPEN_REQUESTS: usize = 64;

impl ConnectionJournal {
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
            Mark::NoResponse => self.no_response(at, tcp, recorder),
            Mark::TimedOut { reason } => self.timed_out = Some(reason),
            Mark::Label(label) => {
                if let Some(request) = self.unanswered() {
                    match label {
                        Label::Protocol(protocol) => request.protocol = Some(protocol),
                        Label::Request(line) => request.request = Some(line),
                        Label::Status(status) => request.status = Some(status),
                        Label::Reason(reason) => request.reason = Some(reason),
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
            if how == RequestEnd::Complete {
                request.reason = None; // it said what might have become of it
            }
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
}
