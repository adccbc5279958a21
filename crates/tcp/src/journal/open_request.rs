//! A request whose journey goes on.

use super::connection_journal::About;
use periplus_journey::{
    Finished, Instant, Kind, Outcome, Rare, RequestEnd, Seen, Station, TcpSummary,
};

/// An offset that is not known yet. It is behind all others.
pub(crate) const UNKNOWN: u64 = u64::MAX;

/// One request with bytes [a, b) in and [c, d) out, as far as they are known: one that is not is [`UNKNOWN`].
#[derive(Debug)]
pub(crate) struct OpenRequest {
    /// As it is going to be written down, as far as it is known. Its retransmissions are those of the connection before it.
    pub(crate) finished: Finished,
    /// a.
    pub(crate) start: u64,
    /// b.
    pub(crate) end: u64,
    /// c.
    pub(crate) response_start: u64,
    /// d.
    pub(crate) response_end: u64,
    pub(crate) how: RequestEnd,
    /// The stream of a multiplexed connection that it came by, else 0.
    pub(crate) stream: u32,
    /// What its own stream carried of it is told, and stands in the record as it is.
    pub(crate) is_carried: bool,
    pub(crate) handler_called: Option<Instant>,
    /// Whether the connection's handshake belongs to it: it is the first.
    pub(crate) is_first: bool,
}

impl OpenRequest {
    /// A request of the connection `about`, by `stream`, whose first byte is at `start`, of which this is `seen` so far.
    #[inline]
    pub(crate) fn new(
        about: &About,
        stream: u32,
        start: u64,
        seen: Seen,
        coarse: bool,
        retransmissions_before: u32,
        rare: Option<Box<Rare>>,
    ) -> Self {
        Self {
            finished: Finished {
                kind: Kind::Request,
                outcome: Outcome::Answered,
                coarse,
                status: None,
                id: 0,
                device: "",
                peer: about.peer,
                local: about.local,
                protocol: None,
                request: None,
                bytes_in: 0,
                bytes_out: 0,
                acked: 0,
                seen,
                tcp: TcpSummary {
                    retransmissions: retransmissions_before,
                    ..TcpSummary::default()
                },
                beginning: None,
                rare,
            },
            start,
            end: UNKNOWN,
            response_start: UNKNOWN,
            response_end: UNKNOWN,
            how: RequestEnd::Complete,
            stream,
            is_carried: false,
            handler_called: None,
            is_first: false,
        }
    }

    /// Read in part, and the codec wants more.
    #[inline]
    pub(crate) fn is_parsing(&self) -> bool {
        self.finished.seen.read.is_some() && self.finished.seen.parsed.is_none()
    }

    /// Its answer is on the way out.
    #[inline]
    pub(crate) fn is_sending(&self) -> bool {
        self.finished.seen.answered.is_some() && self.finished.seen.transmitted.is_none()
    }

    /// Answered in full, with all bytes before `acknowledged` acknowledged: as nearly all requests end.
    #[inline]
    pub(crate) fn is_plainly_answered(&self, acknowledged: u64) -> bool {
        self.response_end <= acknowledged
            && self.end != UNKNOWN
            && self.how == RequestEnd::Complete
            && self.finished.seen.acknowledged.is_none()
            && !self.is_first
            && !self.is_carried
    }

    /// What few requests have.
    #[cold]
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.finished.rare.get_or_insert_default()
    }

    /// A wait beside the spine.
    #[cold]
    pub(crate) fn add_overlay(&mut self, station: Station, start: Instant, end: Instant) {
        self.rare().overlays.add(station, start, end);
    }

    /// Time in which nothing was held here that could move on, between e3 and e8.
    pub(crate) fn add_peer(&mut self, start: Instant, end: Instant) {
        let start = start.max(self.finished.seen.read.unwrap_or(start));
        let rare = self.rare();
        rare.overlays.add(Station::Peer, start, end);
        rare.peer_in_server.add(start, end);
    }

    /// The windows were closed from `since` until `at`, while this answer, or what is before it, was on its way out.
    pub(crate) fn wait_for_windows(&mut self, since: Instant, at: Instant) {
        let since = since.max(self.finished.seen.answered.unwrap_or(since));
        self.add_peer(since, at);
    }

    /// The last byte of the answer was written at `at`: what the handler did after its first byte, or before the request
    /// had ended, stands beside the spine.
    #[inline]
    pub(crate) fn handler_finished(&mut self, at: Instant) {
        let (Some(called), Some(answered)) = (self.handler_called, self.finished.seen.answered)
        else {
            return;
        };
        if self
            .finished
            .seen
            .parsed
            .is_none_or(|parsed| parsed > answered)
        {
            self.add_overlay(Station::Process, called, answered);
        }
        if at > answered {
            self.add_overlay(Station::Process, answered, at);
        }
    }
}
