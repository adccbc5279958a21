//! What the exchanges have to say, and to ask.

use super::{Request, Stream, Streams};
use crate::marks::Marks;
use periplus_journey::{Instant, Mark, RequestEnd, Station};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// A wait for the peer's flow control that has begun.
#[derive(Clone, Copy, Debug)]
pub(in crate::http2) struct Wait {
    since: Instant,
    /// For how long the stream beneath had no room before that.
    full: Duration,
    /// What h2 had of the content then, in bytes.
    queued: u64,
    /// What the stream beneath had taken of all contents, in bytes.
    carried: u64,
}

/// What a wait has come to.
#[derive(Clone, Copy, Debug)]
pub(in crate::http2) struct Waited {
    /// It was for the peer, all of it. While the stream beneath had no room it is that which was waited for, and what h2 has and
    /// may write waits for us.
    pub(in crate::http2) was_for_peer: bool,
    /// What of the content left h2 meanwhile, in bytes.
    pub(in crate::http2) taken: u64,
    /// What of all contents did, in bytes, shared out among the streams that are open.
    pub(in crate::http2) share: u64,
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

    /// The answer on `stream` can go on only when the peer lets it.
    pub(in crate::http2) fn waits(&self, stream: u32) -> Wait {
        let since = M::now();
        let state = self.state();
        Wait {
            since,
            full: state.full.until(since),
            queued: state.open.get(&stream).map_or(0, |open| open.queued),
            carried: state.carried,
        }
    }

    /// The answer on `stream` goes on, or was waited for `in_vain`: long enough for h2 to have written all that it may.
    pub(in crate::http2) fn goes_on(&self, stream: u32, wait: Wait, in_vain: bool) -> Waited {
        let end = M::now();
        let state = self.state();
        let carried = state.carried - wait.carried;
        let share = carried / state.open.len().max(1) as u64;
        let queued = state.open.get(&stream).map_or(0, |open| open.queued);
        let began = match state.open.get(&stream) {
            _ if in_vain => Some((wait.since, wait.full)),
            Some(open) => open.was_held_up(&wait, state.opened),
            None => None,
        };
        // For the rest of it the stream beneath had no room.
        let since = began.map(|(began, full)| (began, state.full.until(end) - full));
        drop(state);
        if let Some((began, full)) = since {
            self.marks(stream).mark(Mark::Overlay {
                station: Station::Peer,
                start: began + full,
                end,
            });
        }
        Waited {
            was_for_peer: since.is_some_and(|(_, full)| full == Duration::ZERO),
            taken: wait.queued.saturating_sub(queued),
            share,
        }
    }

    /// Waits until nothing more is told of `stream`.
    pub(in crate::http2) async fn gone(&self, stream: u32) {
        poll_fn(|context| match self.state_mut().open.get_mut(&stream) {
            Some(open) => {
                open.watcher = Some(context.waker().clone());
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
        .await;
    }
}

impl Stream {
    /// From when on a wait was for the client's windows, if it was, and for how long the stream beneath had had no room then.
    /// `opened` is when the connection's window was.
    fn was_held_up(&self, wait: &Wait, opened: Option<Instant>) -> Option<(Instant, Duration)> {
        // What h2 has it may write: that is our turn.
        if self.queued > 0 {
            return None;
        }
        let later = self.drained.filter(|(drained, _)| *drained > wait.since);
        let (began, full) = later.unwrap_or((wait.since, wait.full));
        // As is what goes on without having been allowed to.
        let is_allowed = self.opened.max(opened) >= Some(began);
        is_allowed.then_some((began, full))
    }
}
