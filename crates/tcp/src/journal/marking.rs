//! What the codec says of a stream, joined with what is known of its bytes.

use super::open_request::{OpenRequest, UNKNOWN};
use super::underway::Underway;
use super::{ConnectionJournal, Recorder};
use periplus_journey::{Counters, Instant, Label, Mark, RequestEnd, StampedMark, TcpSummary};

/// Requests of one connection whose journeys may be open at once; more are served without a journey, and counted.
const OPEN_REQUESTS: usize = 64;

/// Sets marks in a connection's stream: a codec that has several to set finds the connection once.
#[derive(Debug)]
pub struct Marker<'a> {
    pub(crate) journal: &'a mut ConnectionJournal,
    pub(crate) recorder: &'a mut Recorder,
    pub(crate) counters: &'a mut Counters,
    /// The offset up to which the backend has read.
    pub(crate) read_to: u64,
    /// Nothing is left to read.
    pub(crate) drained: bool,
    /// The offset up to which sent bytes are acknowledged.
    pub(crate) acknowledged: u64,
    pub(crate) tcp: TcpSummary,
}

impl Marker<'_> {
    /// Sets one mark.
    pub fn mark(&mut self, mark: StampedMark) {
        let StampedMark { at, mark } = mark;
        match mark {
            Mark::Request { start } => self.request(at, start),
            Mark::RequestEnd { end, how } => self.request_end(at, end, how),
            Mark::HandlerCalled => self.handler_called(at),
            Mark::Response { start } => self.response(at, start),
            Mark::ResponseEnd { end } => self.response_end(at, end),
            Mark::NoResponse => self.journal.no_response(at, self.tcp, self.recorder),
            Mark::TimedOut { reason } => {
                let place = &mut self.journal.underway;
                let underway = Underway::begun(place, self.acknowledged, self.recorder);
                underway.timed_out = Some(reason);
            }
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
    }

    /// [`Mark::Request`].
    #[inline]
    pub fn request(&mut self, at: Instant, start: u64) {
        let place = &mut self.journal.underway;
        let underway = Underway::begun(place, self.acknowledged, self.recorder);
        if underway.open.len() >= OPEN_REQUESTS {
            self.counters.journeys_shed += 1;
            return;
        }
        let mut request = OpenRequest::new(start);
        request.retransmissions_before = self.tcp.retransmissions;
        request.overlays = std::mem::take(&mut underway.unclaimed);
        if let Some((stamp, merged)) = underway.received.of(start) {
            request.events.arrived = Some(stamp.arrived);
            request.events.taken = stamp.taken;
            request.rx_ring_at_most = stamp.rx_ring_at_most;
            request.coarse |= merged;
        } else if start < self.read_to {
            request.events.arrived = Some(at); // its stamp is gone: the codec said so too late
            request.coarse = true;
        }
        if start < self.read_to {
            let mut reads = underway.reads.iter().rev();
            let read = reads.find(|(from, _)| *from <= start);
            request.events.read = Some(read.map_or(at, |&(_, when)| when));
            request.coarse |= read.is_none();
            if self.drained {
                underway.starved_since = request.events.read;
            }
        }
        if !std::mem::replace(&mut self.journal.requests_seen, true)
            && let Some(beginning) = &self.journal.beginning
        {
            beginning.join(&mut request);
        }
        underway.open.push(request);
    }

    /// [`Mark::RequestEnd`].
    #[inline]
    pub fn request_end(&mut self, at: Instant, end: u64, how: RequestEnd) {
        let Some(underway) = &mut self.journal.underway else {
            return;
        };
        let starved = underway.starved_since.take();
        let mut requests = underway.open.iter_mut().rev();
        if let Some(request) = requests.find(|request| request.end == UNKNOWN) {
            request.end = end;
            request.how = how;
            if how == RequestEnd::Complete {
                request.reason = None; // it said what might have become of it
            } else if let Some(since) = starved {
                request.add_peer(since, at); // gave up waiting for the rest
            }
            request.events.parsed = Some(at);
        }
        underway.received.forget_before(end);
    }

    /// [`Mark::HandlerCalled`].
    #[inline]
    pub fn handler_called(&mut self, at: Instant) {
        if let Some(request) = self.first(|request| request.handler_called.is_none()) {
            request.handler_called = Some(at);
        }
    }

    /// [`Mark::Response`].
    #[inline]
    pub fn response(&mut self, at: Instant, start: u64) {
        if let Some(request) = self.first(|request| request.response_start == UNKNOWN) {
            request.response_start = start;
            request.events.answered = Some(at);
        }
    }

    /// [`Mark::ResponseEnd`].
    #[inline]
    pub fn response_end(&mut self, at: Instant, end: u64) {
        let Some(underway) = &mut self.journal.underway else {
            return;
        };
        let mut requests = underway.open.iter_mut();
        let Some(request) = requests.find(|request| request.response_end == UNKNOWN) else {
            return;
        };
        request.response_end = end;
        request.handler_finished(at);
        // It may be out, and even acknowledged, by the time the codec says where it ends.
        if end > underway.transmitted {
            return;
        }
        if let Some((stamp, merged)) = end.checked_sub(1).and_then(|last| underway.sent.of(last)) {
            request.events.transmitted = Some(stamp.transmitted);
            request.events.acknowledged = stamp.acknowledged;
            request.coarse |= merged;
        } else if end <= underway.acknowledged {
            request.events.transmitted = Some(at);
            request.events.acknowledged = Some(at);
            request.coarse = true;
        }
        self.journal.finish(self.tcp, self.recorder);
    }

    fn unanswered(&mut self) -> Option<&mut OpenRequest> {
        self.first(|request| request.response_end == UNKNOWN)
    }

    /// The oldest request of which something holds.
    #[inline]
    fn first(&mut self, holds: impl Fn(&OpenRequest) -> bool) -> Option<&mut OpenRequest> {
        let underway = self.journal.underway.as_mut()?;
        underway.open.iter_mut().find(|request| holds(request))
    }
}
