//! What the codec says of a stream, joined with what is known of its bytes.

use super::connection_journal::About;
use super::ending::Ending;
use super::open_request::{OpenRequest, UNKNOWN};
use super::stamp_log::{ReceiveStamp, StampLog};
use super::underway::Underway;
use super::{ConnectionJournal, Recorder};
use crate::congestion::CongestionWindow;
use crate::loss::RetransmissionTimer;
use periplus_journey::{
    Counters, Instant, Label, Mark, Outcome, RequestEnd, Seen, StampedMark, Station, TcpSummary,
};

/// Requests of one connection whose journeys may be open at once; more are served without a journey, and counted. Multiplexed
/// streams are many at once (RFC 9113 section 6.5.2 wants no limit under 100), and their answers stay until they are acknowledged.
const OPEN_REQUESTS: usize = 256;

/// Sets marks in a connection's stream: a codec that has several to set finds the connection once.
#[derive(Debug)]
pub struct Marker<'a> {
    pub(crate) journal: &'a mut ConnectionJournal,
    pub(crate) recorder: &'a mut Recorder,
    pub(crate) counters: &'a mut Counters,
    /// The stream whose marks are set.
    pub(crate) stream: u32,
    /// The offset up to which the backend has read.
    pub(crate) read_to: u64,
    /// Nothing is left to read.
    pub(crate) drained: bool,
    /// The offset up to which sent bytes are acknowledged.
    pub(crate) acknowledged: u64,
    pub(crate) retransmissions: u32,
    /// `None` where the TCP below is not ours.
    pub(crate) path: Option<Path<'a>>,
}

/// What a record says of the path.
#[derive(Debug)]
pub(crate) struct Path<'a> {
    pub(crate) retransmission_timer: &'a RetransmissionTimer,
    pub(crate) congestion: &'a CongestionWindow,
}

impl Marker<'_> {
    /// Sets one mark.
    pub fn mark(&mut self, mark: StampedMark) {
        let StampedMark { at, stream, mark } = mark;
        self.stream = stream;
        match mark {
            Mark::Request { start } => self.request(at, start),
            Mark::RequestEnd { end, how } => self.request_end(at, end, how),
            Mark::HandlerCalled => self.handler_called(at),
            Mark::WholeRequest { start, end } => self.whole_request(at, start, end),
            Mark::WholeResponse { start, end } => self.whole_response(at, start, end),
            Mark::Response { start } => self.response(at, start),
            Mark::ResponseEnd { end } => self.response_end(at, end),
            Mark::NoResponse => {
                let tcp = self.summary();
                self.journal.no_response(stream, at, tcp, self.recorder);
            }
            Mark::Carried { received, sent } => self.carried(received, sent),
            Mark::Reset { reason } => self.verdict(at, Outcome::Reset, reason),
            Mark::TimedOut { reason } => self.verdict(at, Outcome::Timeout, reason),
            Mark::Refused { reason } => self.verdict(at, Outcome::Rejected, reason),
            Mark::PartRead { start } => self.part_read(at, start),
            Mark::TlsBegan { start } => self.tls_began(at, start),
            Mark::TlsEnded { end } => self.tls_ended(at, end),
            Mark::Label(label) => {
                if let Some(request) = self.unanswered() {
                    match label {
                        Label::Protocol(protocol) => request.finished.protocol = Some(protocol),
                        Label::Request(line) => request.finished.request = Some(line),
                        Label::Status(status) => request.finished.status = Some(status),
                        Label::Asked(asked) => request.rare().asked = Some(asked),
                        Label::Secured(secured) => request.rare().secured = Some(secured),
                        Label::Reason(reason) => request.rare().reason = Some(reason),
                    }
                }
            }
            Mark::Overlay {
                station,
                start,
                end,
            } => {
                let request = match station {
                    Station::ReceiveQueue | Station::Decrypt | Station::Peer => self.youngest(),
                    _ => self.unanswered(),
                };
                match (request, station) {
                    (Some(request), Station::Peer) => request.add_peer(start, end),
                    (Some(request), _) => request.add_overlay(station, start, end),
                    (None, _) => {}
                }
            }
        }
    }

    /// The backend's word on how the connection ends; of a stream, on how its request has ended.
    fn verdict(&mut self, at: Instant, outcome: Outcome, reason: &'static str) {
        let reason = Some(reason);
        let ending = Ending { outcome, reason };
        if self.stream != 0 {
            let tcp = self.summary();
            self.journal
                .end_stream(self.stream, ending, at, tcp, self.recorder);
        } else if outcome != Outcome::Reset {
            let place = &mut self.journal.underway;
            let underway = Underway::begun(place, self.acknowledged, self.recorder);
            underway.verdict = Some(ending);
        }
    }

    /// [`Mark::Carried`].
    fn carried(&mut self, received: u64, sent: u64) {
        if let Some(request) = self.youngest() {
            request.is_carried = true;
            request.finished.bytes_in = received;
            request.finished.bytes_out = sent;
        }
    }

    /// [`Mark::PartRead`].
    fn part_read(&mut self, at: Instant, start: u64) {
        if let Some(underway) = &mut self.journal.underway {
            underway.part_read = Some((start, underway.read_at(start).unwrap_or(at)));
            if self.drained {
                self.journal.rest(false, self.recorder);
            }
        }
    }

    /// [`Mark::TlsBegan`].
    fn tls_began(&mut self, at: Instant, start: u64) {
        let ConnectionJournal { about, underway } = &mut self.journal;
        if let Some(beginning) = &mut about.beginning {
            let stamp = underway
                .as_ref()
                .and_then(|underway| underway.received.of(start));
            beginning.tls_began = Some(stamp.map_or(at, |(stamp, _)| stamp.arrived));
        }
    }

    /// [`Mark::TlsEnded`].
    fn tls_ended(&mut self, at: Instant, end: u64) {
        let ConnectionJournal { about, underway } = &mut self.journal;
        if let Some(beginning) = &mut about.beginning {
            beginning.tls_ended = Some(at);
        }
        if let Some(underway) = underway {
            underway.received.forget_before(end);
        }
    }

    /// [`Mark::Request`].
    #[inline]
    pub fn request(&mut self, at: Instant, start: u64) {
        if let Some((request, _)) = self.open(at, start)
            && let Some(read) = request.finished.seen.read
            && self.drained
            && let Some(underway) = &mut self.journal.underway
        {
            underway.starved_since.get_or_insert(read);
        }
    }

    /// [`Mark::WholeRequest`].
    #[inline]
    pub fn whole_request(&mut self, at: Instant, start: u64, end: u64) {
        let stream = self.stream;
        if let Some((request, received)) = self.open(at, start) {
            request.end = end;
            request.finished.seen.parsed = Some(at);
            request.handler_called = Some(at);
            if stream == 0 {
                received.forget_before(end);
            } else {
                self.journal.was_told_to(end);
            }
        }
    }

    /// [`Mark::RequestEnd`].
    #[inline]
    pub fn request_end(&mut self, at: Instant, end: u64, how: RequestEnd) {
        let Some(underway) = &mut self.journal.underway else {
            return;
        };
        let stream = self.stream;
        let mut requests = underway.open.iter_mut().rev();
        if let Some(request) =
            requests.find(|request| request.end == UNKNOWN && request.stream == stream)
        {
            request.end = end;
            request.how = how;
            if how == RequestEnd::Complete {
                if let Some(rare) = &mut request.finished.rare {
                    rare.reason = None; // it said what might have become of it
                }
            } else if let Some(since) = underway.starved_since {
                request.add_peer(since, at); // gave up waiting for the rest
            }
            request.finished.seen.parsed = Some(at);
        }
        if stream == 0 {
            underway.received.forget_before(end);
        } else {
            underway.told_to = underway.told_to.max(end);
        }
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
            request.finished.seen.answered = Some(at);
        }
    }

    /// [`Mark::ResponseEnd`].
    #[inline]
    pub fn response_end(&mut self, at: Instant, end: u64) {
        if let Some(request) = self.unanswered() {
            request.response_end = end;
            request.handler_finished(at);
            self.may_be_sent(at, end);
        }
    }

    /// [`Mark::WholeResponse`].
    #[inline]
    pub fn whole_response(&mut self, at: Instant, start: u64, end: u64) {
        if let Some(request) = self.first(|request| request.response_start == UNKNOWN) {
            request.response_start = start;
            request.response_end = end;
            request.finished.seen.answered = Some(at);
            request.handler_finished(at);
            self.may_be_sent(at, end);
        }
    }

    /// An answer may be out, and even acknowledged, by the time the codec says that it ends before `end`.
    #[inline]
    fn may_be_sent(&mut self, at: Instant, end: u64) {
        if let Some(underway) = &self.journal.underway
            && end <= underway.transmitted
        {
            let tcp = self.summary();
            self.journal.was_sent(at, end, tcp, self.recorder);
        }
    }

    /// What the journal says of the path.
    #[inline]
    fn summary(&self) -> TcpSummary {
        match &self.path {
            Some(path) => TcpSummary {
                retransmissions: self.retransmissions,
                srtt: path.retransmission_timer.srtt(),
                cwnd: path.congestion.cwnd(),
            },
            None => TcpSummary::default(),
        }
    }

    /// A request begins at `start`: what is known of its first byte. Returns it with the stamps of what was received.
    #[inline(always)] // into the two marks that open requests: saves 40 instructions a request
    fn open(
        &mut self,
        at: Instant,
        start: u64,
    ) -> Option<(&mut OpenRequest, &mut StampLog<ReceiveStamp>)> {
        let place = &mut self.journal.underway;
        let underway = Underway::begun(place, self.acknowledged, self.recorder);
        if underway.open.len() >= OPEN_REQUESTS {
            self.counters.journeys_shed += 1;
            return None;
        }
        let was_read = start < self.read_to;
        let (mut seen, mut coarse) = (Seen::default(), false);
        let mut rx_ring_at_most = None;
        if let Some(before) = underway.shares_bytes(self.stream, start) {
            seen.arrived = before.finished.seen.arrived;
            seen.taken = before.finished.seen.taken;
            coarse = before.start < start;
            if !coarse {
                seen.read = before.finished.seen.read;
            }
        } else if let Some((stamp, merged)) = underway.received.of(start) {
            seen.arrived = Some(stamp.arrived);
            seen.taken = stamp.taken;
            rx_ring_at_most = stamp.rx_ring_at_most;
            coarse = merged;
        } else if was_read {
            seen.arrived = Some(at); // its stamp is gone: the codec said so too late
            coarse = true;
        }
        if was_read {
            let read = seen.read.or_else(|| underway.read_at(start));
            seen.read = Some(read.unwrap_or(at));
            coarse |= read.is_none();
            underway.part_read = None;
        }
        if underway.open.len() == underway.open.capacity() {
            underway.open.reserve(1);
        }
        let opened = underway.open.len();
        // Where it is seen that there is room, it is made in its place instead of being moved there.
        if opened < underway.open.capacity() {
            let about = &self.journal.about;
            let (before, rare) = (self.retransmissions, underway.unclaimed.take());
            underway.open.push(OpenRequest::new(
                about,
                self.stream,
                start,
                seen,
                coarse,
                before,
                rare,
            ));
        }
        let request = &mut underway.open[opened];
        if rx_ring_at_most.is_some() {
            request.rare().rx_ring_at_most = rx_ring_at_most;
        }
        if !self.journal.about.requests_seen {
            self.journal.about.join(request);
        }
        Some((request, &mut underway.received))
    }

    /// The request of the stream that is read in part, or was read last.
    fn youngest(&mut self) -> Option<&mut OpenRequest> {
        let (stream, underway) = (self.stream, self.journal.underway.as_mut()?);
        let mut requests = underway.open.iter_mut().rev();
        requests.find(|request| request.stream == stream)
    }

    fn unanswered(&mut self) -> Option<&mut OpenRequest> {
        self.first(|request| request.response_end == UNKNOWN)
    }

    /// The oldest request of the stream of which something holds.
    #[inline]
    fn first(&mut self, holds: impl Fn(&OpenRequest) -> bool) -> Option<&mut OpenRequest> {
        let (stream, underway) = (self.stream, self.journal.underway.as_mut()?);
        let mut requests = underway.open.iter_mut();
        requests.find(|request| request.stream == stream && holds(request))
    }
}

impl About {
    /// The handshake belongs to this journey, which is the first.
    #[cold]
    pub(super) fn join(&mut self, request: &mut OpenRequest) {
        self.requests_seen = true;
        request.is_first = true;
        if let Some(beginning) = &self.beginning
            && let (Some(sent), Some(established)) = (beginning.syn_ack_sent, beginning.established)
        {
            request.add_overlay(Station::Peer, sent, established);
        }
    }
}
