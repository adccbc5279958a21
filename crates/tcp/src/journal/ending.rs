//! Journeys come to their end and are written down.

use super::connection_journal::About;
use super::open_request::{OpenRequest, UNKNOWN};
use super::stamp_log::{ReceiveStamp, StampLog};
use super::underway::Underway;
use super::{ConnectionJournal, Recorder};
use periplus_journey::{Beginning, Finished, Instant, Kind, Outcome, RequestEnd, Seen, TcpSummary};
use std::borrow::Cow;
use std::net::SocketAddr;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'static str>,
}

/// How far the connection's streams are when a record is written.
#[derive(Clone, Copy)]
struct Reached<'a> {
    transmitted: u64,
    acknowledged: u64,
    received: &'a StampLog<ReceiveStamp>,
}

impl ConnectionJournal {
    /// Writes the records of the requests whose answers are acknowledged: streams end in any order.
    #[inline]
    pub(super) fn finish(&mut self, tcp: TcpSummary, recorder: &mut Recorder) {
        let Some(underway) = &mut self.underway else {
            return;
        };
        let (reached, open) = underway.reached();
        let is_over = |request: &mut OpenRequest| request.finished.seen.acknowledged.is_some();
        for mut request in open.extract_if(.., is_over) {
            let ending = Ending {
                outcome: refusal(request.how).unwrap_or(Outcome::Answered),
                reason: None,
            };
            self.about
                .close(&mut request, ending, reached, tcp, recorder);
            recorder.keep(request.finished);
        }
    }

    /// The oldest request of `stream` whose answer has not begun was all that was wanted.
    pub(super) fn no_response(
        &mut self,
        stream: u32,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let delivered = Ending {
            outcome: Outcome::Delivered,
            reason: None,
        };
        let is_it =
            |request: &OpenRequest| request.stream == stream && request.response_start == UNKNOWN;
        self.end_first(is_it, delivered, at, tcp, recorder);
    }

    /// The request of `stream` ends here, and the connection goes on.
    pub(super) fn end_stream(
        &mut self,
        stream: u32,
        ending: Ending,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let is_it = |request: &OpenRequest| request.stream == stream;
        self.end_first(is_it, ending, at, tcp, recorder);
    }

    /// The oldest request of which something holds ends where it is.
    fn end_first(
        &mut self,
        holds: impl Fn(&OpenRequest) -> bool,
        ending: Ending,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let Some(underway) = &mut self.underway else {
            return;
        };
        let Some(position) = underway.open.iter().position(holds) else {
            return;
        };
        let mut request = underway.open.remove(position);
        request.finished.seen.ended = Some(at);
        underway.leave(&mut request, at);
        let (reached, _) = underway.reached();
        self.about
            .close(&mut request, ending, reached, tcp, recorder);
        recorder.keep(request.finished);
    }

    /// The connection is over: what is open ends where it is; without any request the connection has its own record.
    pub(crate) fn end(
        mut self,
        mut ending: Ending,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        self.finish(tcp, recorder);
        if let Some(underway) = &mut self.underway {
            // The backend's word came first; how the connection then went down is what became of it.
            if let Some(verdict) = underway.verdict {
                ending = verdict;
            }
            underway.unblocked(at);
            underway.fed(at);
            let (reached, open) = underway.reached();
            for mut request in open.drain(..) {
                request.finished.seen.ended = Some(at);
                // Refused without a word, in good order: that is how it ended, and not with the connection.
                let refused = refusal(request.how).filter(|_| request.response_start == UNKNOWN);
                let ending = match (ending.outcome, refused) {
                    (Outcome::Closed, Some(outcome)) => Ending { outcome, ..ending },
                    _ => ending,
                };
                self.about
                    .close(&mut request, ending, reached, tcp, recorder);
                recorder.keep(request.finished);
            }
        }
        let mut underway = self.underway.unwrap_or_else(|| recorder.lend());
        if !self.about.requests_seen {
            let (reached, _) = underway.reached();
            self.about
                .write_connection(ending, at, reached, tcp, recorder);
        }
        underway.forget();
        recorder.give_back(underway);
    }
}

impl Underway {
    #[inline]
    fn reached(&mut self) -> (Reached<'_>, &mut Vec<OpenRequest>) {
        let reached = Reached {
            transmitted: self.transmitted,
            acknowledged: self.acknowledged,
            received: &self.received,
        };
        (reached, &mut self.open)
    }
}

impl About {
    /// The record of a connection without a request.
    fn write_connection(
        &mut self,
        ending: Ending,
        at: Instant,
        reached: Reached<'_>,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let mut request = OpenRequest::new(self, 0, 0, Seen::default(), false, 0, None);
        self.join(&mut request);
        request.finished.seen.ended = Some(at);
        request.finished.kind = Kind::Connection;
        self.close(&mut request, ending, reached, tcp, recorder);
        recorder.keep(request.finished);
    }

    /// A request is over: what is still missing of its record.
    fn close(
        &mut self,
        request: &mut OpenRequest,
        ending: Ending,
        reached: Reached<'_>,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        // Of an answer that broke off, what was sent of it.
        let response_end = match request.response_end {
            UNKNOWN => reached.transmitted,
            end => end,
        };
        let response_start = request.response_start;
        let up_to = |offset: u64| match response_start {
            UNKNOWN => 0,
            c => offset.min(response_end).saturating_sub(c),
        };
        // Of a request that broke off, what came of it: its stamps are kept from its first byte on.
        let request_end = match request.end {
            UNKNOWN => {
                let came = request
                    .finished
                    .seen
                    .read
                    .and_then(|_| reached.received.end());
                came.unwrap_or(request.start)
            }
            end => end,
        };
        if let Some(connection) = ending.reason {
            let reason = &mut request.rare().reason;
            *reason = Some(match reason.take() {
                Some(request) => format!("{connection}, {request}").into(),
                None => Cow::Borrowed(connection),
            });
        }
        let finished = &mut request.finished;
        finished.outcome = ending.outcome;
        let (bytes_in, bytes_out) = (
            request_end.saturating_sub(request.start),
            up_to(response_end),
        );
        let acked = up_to(reached.acknowledged);
        if request.is_carried {
            // What stands there is its own streams' part of the bytes between; which of them were acknowledged is not known.
            finished.bytes_in = finished.bytes_in.min(bytes_in);
            finished.bytes_out = finished.bytes_out.min(bytes_out);
            finished.acked = finished.bytes_out.min(acked);
        } else {
            (finished.bytes_in, finished.bytes_out) = (bytes_in, bytes_out);
            finished.acked = acked;
        }
        if request.is_first {
            finished.beginning = self.beginning.take();
        }
        follow(finished, tcp, recorder);
    }
}

impl OpenRequest {
    /// All that is still missing of the record of a request that is [plainly answered](OpenRequest::is_plainly_answered), as
    /// nearly all are: what [`About::close`] does, in a few instructions.
    #[inline]
    pub(super) fn answered(&mut self, at: Instant, tcp: TcpSummary, recorder: &mut Recorder) {
        let finished = &mut self.finished;
        finished.bytes_in = self.end.saturating_sub(self.start);
        finished.bytes_out = self.response_end.saturating_sub(self.response_start);
        finished.acked = finished.bytes_out;
        finished.seen.acknowledged = Some(at);
        follow(finished, tcp, recorder);
    }
}

/// The record gets its number, and what is known of the path.
#[inline]
fn follow(finished: &mut Finished, tcp: TcpSummary, recorder: &mut Recorder) {
    finished.tcp = TcpSummary {
        retransmissions: tcp.retransmissions - finished.tcp.retransmissions,
        ..tcp
    };
    (finished.id, finished.device) = recorder.number();
}

/// The outcome of a request that the codec refused.
fn refusal(how: RequestEnd) -> Option<Outcome> {
    match how {
        RequestEnd::Rejected => Some(Outcome::Rejected),
        RequestEnd::TimedOut => Some(Outcome::Timeout),
        RequestEnd::Complete | RequestEnd::Abandoned => None,
    }
}

/// A half-open connection that was given up has a record of its own, without ever having been a connection.
pub(crate) fn record_half_open(
    peer: SocketAddr,
    local: SocketAddr,
    beginning: Beginning,
    ended: Instant,
    ending: Ending,
    recorder: &mut Recorder,
) {
    let journal = ConnectionJournal::new(peer, local, beginning);
    journal.end(ending, ended, TcpSummary::default(), recorder);
}
