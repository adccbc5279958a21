//! Journeys come to their end and are written down.

use super::open_request::OpenRequest;
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
    pub(super) fn finish(&mut self, tcp: TcpSummary, recorder: &mut Recorder) {
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
        let waiting = |request: &OpenRequest| request.response_start.is_none();
        let Some(mut request) = self
            .open
            .iter()
            .position(waiting)
            .and_then(|position| self.open.remove(position))
        else {
            return;
        };
        request.events.ended = Some(at);
        let delivered = Ending {
            outcome: Outcome::Delivered,
            reason: None,
        };
        self.write(request, delivered, tcp, recorder);
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
        // The backend's word came first; how the connection then went down is what became of it.
        let ending = match self.timed_out {
            Some(reason) => Ending {
                outcome: Outcome::Timeout,
                reason: Some(reason),
            },
            None => ending,
        };
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
            // Refused without a word, in good order: that is how it ended, and not with the connection.
            let refused = refusal(request.how).filter(|_| request.response_start.is_none());
            let ending = match (ending.outcome, refused) {
                (Outcome::Closed, Some(outcome)) => Ending { outcome, ..ending },
                _ => ending,
            };
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
        mut request: OpenRequest,
        ending: Ending,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        request.add_waits_before_accept();
        let met = self.handshake;
        let handshake = match (met.syn_arrived, met.established) {
            _ if !request.is_first => None,
            (Some(_), _) => Some(Handshake::Queue),
            (None, Some(_)) => Some(Handshake::Cookie),
            (None, None) => None, // it was opened by us
        };
        let queues = if request.is_first {
            self.queues
        } else {
            QueuesMet::default()
        };
        // Of an answer that broke off, what was sent of it.
        let response_end = request.response_end.unwrap_or(self.transmitted);
        let up_to = |offset: u64| {
            request
                .response_start
                .map_or(0, |c| offset.min(response_end).saturating_sub(c))
        };
        // Of a request that broke off, what came of it: its stamps are kept from its first byte on.
        let came = || request.events.read.and(self.received.end());
        let request_end = request.end.or_else(came).unwrap_or(request.start);
        let record = Record {
            kind,
            id: recorder.next_id(),
            device: recorder.device(),
            peer: self.peer,
            local: self.local,
            handshake,
            queues,
            protocol: request.protocol,
            request: request.request,
            status: request.status,
            bytes_in: request_end.saturating_sub(request.start),
            bytes_out: up_to(response_end),
            acked: up_to(self.acknowledged),
            outcome: ending.outcome,
            reason: match (ending.reason, request.reason) {
                (Some(connection), Some(request)) => {
                    Some(format!("{connection}, {request}").into())
                }
                (connection, request) => request.or(connection.map(Cow::Borrowed)),
            },
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
