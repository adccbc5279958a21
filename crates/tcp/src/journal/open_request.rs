//! A request whose journey goes on.

use periplus_journey::{Events, Instant, Overlays, RequestEnd, Station};
use std::borrow::Cow;
use std::time::Duration;

/// An offset that is not known yet. It is behind all others.
pub(crate) const UNKNOWN: u64 = u64::MAX;

/// One request with bytes [a, b) in and [c, d) out, as far as they are known: one that is not is
/// [`UNKNOWN`].
#[derive(Debug)]
pub(crate) struct OpenRequest {
    /// a.
    pub(crate) start: u64,
    /// b.
    pub(crate) end: u64,
    /// c.
    pub(crate) response_start: u64,
    /// d.
    pub(crate) response_end: u64,
    pub(crate) how: RequestEnd,
    pub(crate) events: Events,
    pub(crate) handler_called: Option<Instant>,
    pub(crate) overlays: Overlays,
    pub(crate) peer_in_server: Duration,
    pub(crate) rx_ring_at_most: Option<Duration>,
    pub(crate) protocol: Option<&'static str>,
    pub(crate) request: Option<Box<str>>,
    pub(crate) status: Option<u16>,
    /// What the codec has said of why it ends as it does.
    pub(crate) reason: Option<Cow<'static, str>>,
    pub(crate) retransmissions_before: u32,
    /// Whether the connection's handshake belongs to it: it is the first.
    pub(crate) is_first: bool,
    pub(crate) coarse: bool,
}

impl OpenRequest {
    pub(crate) fn new(start: u64) -> Self {
        Self {
            start,
            end: UNKNOWN,
            response_start: UNKNOWN,
            response_end: UNKNOWN,
            how: RequestEnd::Complete,
            events: Events::default(),
            handler_called: None,
            overlays: Overlays::default(),
            peer_in_server: Duration::ZERO,
            rx_ring_at_most: None,
            protocol: None,
            request: None,
            status: None,
            reason: None,
            retransmissions_before: 0,
            is_first: false,
            coarse: false,
        }
    }

    /// Read in part, and the codec wants more.
    pub(crate) fn is_parsing(&self) -> bool {
        self.events.read.is_some() && self.events.parsed.is_none()
    }

    /// Its answer is on the way out.
    pub(crate) fn is_sending(&self) -> bool {
        self.events.answered.is_some() && self.events.transmitted.is_none()
    }

    /// Time in which nothing was held here that could move on, between e3 and e8.
    pub(crate) fn add_peer(&mut self, start: Instant, end: Instant) {
        let start = start.max(self.events.read.unwrap_or(start));
        self.overlays.add(Station::Peer, start, end);
        self.peer_in_server += end.since(start);
    }

    /// Bytes that were here before `accept()`: on the spine their waits are part of `accept_queue`, so the whole of each
    /// stands beside it.
    pub(crate) fn add_waits_before_accept(&mut self) {
        let (Some(arrived), Some(accepted)) = (self.events.arrived, self.events.accepted) else {
            return;
        };
        if !self.is_first || arrived >= accepted {
            return;
        }
        if let Some(taken) = self.events.taken {
            self.overlays.add(Station::RxRing, arrived, taken);
        }
        if let Some(read) = self.events.read {
            let taken = self.events.taken.unwrap_or(arrived);
            self.overlays.add(Station::ReceiveQueue, taken, read);
        }
    }

    /// The last byte of the answer was written at `at`: what the handler did after its first byte, or before the request
    /// had ended, stands beside the spine.
    pub(crate) fn handler_finished(&mut self, at: Instant) {
        let Some(called) = self.handler_called else {
            return;
        };
        let Some(answered) = self.events.answered else {
            return;
        };
        if self.events.parsed.is_none_or(|parsed| parsed > answered) {
            self.overlays.add(Station::Process, called, answered);
        }
        if at > answered {
            self.overlays.add(Station::Process, answered, at);
        }
    }
}
