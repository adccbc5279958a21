//! What the exchanges have to say, and to ask.

use super::{Request, Streams};
use crate::marks::Marks;
use periplus_journey::{Instant, Mark, RequestEnd, Station};
use std::time::Duration;

/// A wait for the peer's flow control that has begun.
#[derive(Clone, Copy, Debug)]
pub(in crate::http2) struct Wait {
    since: Instant,
    /// For how long the stream beneath had no room before that.
    full: Duration,
}

impl<M: Marks> Streams<M> {
    /// The journal of one stream.
    pub(in crate::http2) fn marks(&self, stream: u32) -> M {
        self.state().of(stream)
    }

    /// The handler of the request on `stream` is called now.
    pub(in crate::http2) fn called(&self, stream: u32) {
        let mut state = self.state_mut();
        state.counters.requests.increment();
        let marks = state.of(stream);
        let Some(open) = state.open.get_mut(&stream) else {
            return;
        };
        match open.request {
            Request::Receiving => open.request = Request::Called,
            Request::Arrived { end } => state.end_request(stream, end, RequestEnd::Complete),
            Request::Called | Request::Ended => {}
        }
        marks.mark(Mark::HandlerCalled);
    }

    /// Whether the rest of the request on `stream` is on its way: some of it has come since this was last asked.
    pub(in crate::http2) fn is_arriving(&self, stream: u32) -> bool {
        let mut state = self.state_mut();
        let Some(open) = state.open.get_mut(&stream) else {
            return false;
        };
        let before = std::mem::replace(&mut open.looked_at, open.arrivals);
        open.request == Request::Called && before < open.arrivals
    }

    /// Whether the last byte of the request on `stream` is to come.
    pub(in crate::http2) fn is_receiving(&self, stream: u32) -> bool {
        let state = self.state();
        let open = state.open.get(&stream);
        open.is_some_and(|open| matches!(open.request, Request::Receiving | Request::Called))
    }

    /// An interim answer is about to be sent. Not if there is a final one: h2 would send it behind that (RFC 9113 section 8.1).
    pub(in crate::http2) fn may_send_interim(&self, stream: u32) -> bool {
        let mut state = self.state_mut();
        let open = state.open.get_mut(&stream);
        let Some(open) = open.filter(|open| open.status.is_none()) else {
            return false;
        };
        open.interim += 1;
        true
    }

    /// The answer on `stream` is one with this status.
    pub(in crate::http2) fn answers(&self, stream: u32, status: u16) {
        if let Some(open) = self.state_mut().open.get_mut(&stream) {
            open.status = Some(status);
        }
    }

    /// h2 was given so many bytes more of the content on `stream`.
    pub(in crate::http2) fn queues(&self, stream: u32, length: u64) {
        if let Some(open) = self.state_mut().open.get_mut(&stream) {
            open.queued += length;
        }
    }

    /// If the backend resets `stream`, this is told of it.
    pub(in crate::http2) fn judge(&self, stream: u32, verdict: Mark) {
        if let Some(open) = self.state_mut().open.get_mut(&stream) {
            open.verdict = Some(verdict);
        }
    }

    /// An answer can go on only when the peer lets it.
    pub(in crate::http2) fn waits(&self) -> Wait {
        let since = M::now();
        Wait {
            since,
            full: self.full_until(since),
        }
    }

    /// The answer on `stream` goes on. While the stream beneath had no room it was that which was waited for, and the stack
    /// knows of it. Returns whether all of the wait was for the peer.
    pub(in crate::http2) fn goes_on(&self, stream: u32, wait: Wait) -> bool {
        let end = M::now();
        let full = self.full_until(end) - wait.full;
        let state = self.state();
        let drained = state
            .open
            .get(&stream)
            .map(|open| (open.queued, open.drained));
        drop(state);
        let began = match drained {
            // What h2 has was not written yet: that was our turn.
            Some((1.., _)) => return false,
            Some((0, Some(drained))) => wait.since.max(drained),
            _ => wait.since,
        };
        let start = began + full;
        let station = Station::Peer;
        self.marks(stream).mark(Mark::Overlay {
            station,
            start,
            end,
        });
        full == Duration::ZERO
    }

    /// How long the stream beneath has had no room.
    fn full_until(&self, now: Instant) -> Duration {
        let (since, before) = self.state().full;
        before + since.map_or(Duration::ZERO, |since| now.since(since))
    }
}
