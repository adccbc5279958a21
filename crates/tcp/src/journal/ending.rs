//! Journeys come to their end and are written down.

use super::connection_journal::Beginning;
use super::open_request::{OpenRequest, UNKNOWN};
use super::{ConnectionJournal, Recorder};
use periplus_journey::{
    Events, Handshake, Instant, Kind, Outcome, QueuesMet, Record, RequestEnd, Station, TcpSummary,
};
use std::borrow::Cow;
use std::net::SocketAddr;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'static str>,
}

impl ConnectionJournal {
    /// Writes the records of the requests at the front whose answers are acknowledged.
    #[inline]
    pub(super) fn finish(&mut self, tcp: TcpSummary, recorder: &mut Recorder) {
        while let Some(underway) = &mut self.underway {
            let finished = match &underway.open[..] {
                [] => return,
                [first, ..] if first.events.acknowledged.is_none() => return,
                [_] => underway.open.pop(),
                [..] => Some(underway.open.remove(0)),
            };
            let Some(mut request) = finished else { return };
            if let (Some(transmitted), Some(acknowledged)) =
                (request.events.transmitted, request.events.acknowledged)
            {
                request
                    .overlays
                    .add(Station::Peer, transmitted, acknowledged);
            }
            let outcome = refusal(request.how).unwrap_or(Outcome::Answered);
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

    /// The oldest request whose answer has not begun was all that was wanted.
    pub(super) fn no_response(&mut self, at: Instant, tcp: TcpSummary, recorder: &mut Recorder) {
        let Some(underway) = &mut self.underway else {
            return;
        };
        let mut requests = underway.open.iter();
        let Some(position) = requests.position(|request| request.response_start == UNKNOWN) else {
            return;
        };
        let mut request = underway.open.remove(position);
        request.events.ended = Some(at);
        let delivered = Ending {
            outcome: Outcome::Delivered,
            reason: None,
        };
        self.write(request, delivered, tcp, recorder);
    }

    /// The connection is over: what is open ends where it is; without any request the connection has its own record.
    pub(crate) fn end(
        mut self,
        ending: Ending,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        self.finish(tcp, recorder);
        let mut open = Vec::new();
        let mut ending = ending;
        if let Some(underway) = &mut self.underway {
            // The backend's word came first; how the connection then went down is what became of it.
            if let Some(reason) = underway.timed_out {
                ending = Ending {
                    outcome: Outcome::Timeout,
                    reason: Some(reason),
                };
            }
            underway.unblocked(at);
            if let Some(since) = underway.starved_since.take()
                && let Some(request) = underway.parsing()
            {
                request.add_peer(since, at);
            }
            open = std::mem::take(&mut underway.open);
        }
        for mut request in open.drain(..) {
            request.events.ended = Some(at);
            // Refused without a word, in good order: that is how it ended, and not with the connection.
            let refused = refusal(request.how).filter(|_| request.response_start == UNKNOWN);
            let ending = match (ending.outcome, refused) {
                (Outcome::Closed, Some(outcome)) => Ending { outcome, ..ending },
                _ => ending,
            };
            self.write(request, ending, tcp, recorder);
        }
        if let (Some(beginning), false) = (&self.beginning, self.requests_seen) {
            let request = of_connection(beginning, at);
            self.write_as(Kind::Connection, request, ending, tcp, recorder);
        }
        if let Some(mut underway) = self.underway.take() {
            underway.open = open;
            underway.forget();
            recorder.give_back(underway);
        }
    }

    #[inline]
    fn write(
        &mut self,
        request: OpenRequest,
        ending: Ending,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let is_first = request.is_first;
        self.write_as(Kind::Request, request, ending, tcp, recorder);
        if is_first {
            self.beginning = None;
        }
    }

    #[inline]
    fn write_as(
        &self,
        kind: Kind,
        mut request: OpenRequest,
        ending: Ending,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        let (mut handshake, mut queues) = (None, QueuesMet::default());
        if request.is_first {
            request.add_waits_before_accept();
            if let Some(beginning) = &self.beginning {
                handshake = beginning.kept();
                queues = beginning.queues;
            }
        }
        let (transmitted, acknowledged, received) = match &self.underway {
            Some(underway) => (
                underway.transmitted,
                underway.acknowledged,
                underway.received.end(),
            ),
            None => (0, 0, None),
        };
        // Of an answer that broke off, what was sent of it.
        let response_end = match request.response_end {
            UNKNOWN => transmitted,
            end => end,
        };
        let up_to = |offset: u64| match request.response_start {
            UNKNOWN => 0,
            c => offset.min(response_end).saturating_sub(c),
        };
        // Of a request that broke off, what came of it: its stamps are kept from its first byte on.
        let request_end = match request.end {
            UNKNOWN => {
                let came = request.events.read.and(received);
                came.unwrap_or(request.start)
            }
            end => end,
        };
        let reason = match (ending.reason, request.reason) {
            (Some(connection), Some(request)) => Some(format!("{connection}, {request}").into()),
            (connection, request) => request.or(connection.map(Cow::Borrowed)),
        };
        let (bytes_out, acked) = (up_to(response_end), up_to(acknowledged));
        recorder.push(|id, device| Record {
            kind,
            id,
            device,
            peer: self.peer,
            local: self.local,
            handshake,
            queues,
            protocol: request.protocol,
            request: request.request,
            status: request.status,
            bytes_in: request_end.saturating_sub(request.start),
            bytes_out,
            acked,
            outcome: ending.outcome,
            reason,
            events: request.events,
            overlays: request.overlays,
            peer_in_server: request.peer_in_server,
            rx_ring_at_most: request.rx_ring_at_most,
            tcp: TcpSummary {
                retransmissions: tcp.retransmissions - request.retransmissions_before,
                ..tcp
            },
            coarse: request.coarse,
        });
    }
}

impl Beginning {
    /// How the handshake's first half was kept. `None`: the connection was opened by us.
    fn kept(&self) -> Option<Handshake> {
        match (self.handshake.syn_arrived, self.handshake.established) {
            (Some(_), _) => Some(Handshake::Queue),
            (None, Some(_)) => Some(Handshake::Cookie),
            (None, None) => None,
        }
    }

    /// The handshake belongs to this journey.
    pub(super) fn join(&self, request: &mut OpenRequest) {
        request.is_first = true;
        request.events.first_syn_dropped = self.handshake.first_syn_dropped;
        request.events.syn_arrived = self.handshake.syn_arrived;
        request.events.established = self.handshake.established;
        request.events.accepted = self.handshake.accepted;
        if let (Some(sent), Some(established)) = (self.syn_ack_sent, self.handshake.established) {
            request.overlays.add(Station::Peer, sent, established);
        }
    }
}

/// The journey of a connection without a request, which is over.
fn of_connection(beginning: &Beginning, ended: Instant) -> OpenRequest {
    let mut request = OpenRequest::new(0);
    beginning.join(&mut request);
    request.events.ended = Some(ended);
    request
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
    handshake: Events,
    queues: QueuesMet,
    ended: Instant,
    ending: Ending,
    recorder: &mut Recorder,
) {
    let mut journal = ConnectionJournal::new(peer, local, handshake, None);
    journal.came_to(queues);
    journal.end(ending, ended, TcpSummary::default(), recorder);
}
