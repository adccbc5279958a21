//! What has passed of every stream, and the marks that follow from it.

mod inbound;
mod outbound;
mod service;

pub(super) use service::Waited;

use super::allowance::Allowance;
use super::frames::Walk;
use super::watched::Watch;
use crate::counters::ServeCounters;
use crate::marks::Marks;
use crate::turnstile::Stage;
use periplus_journey::{Instant, Mark, RequestEnd};
use std::cell::{Ref, RefCell, RefMut};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Streams that are known at a time, those among them that h2 is about to refuse. Of more nothing is told, but how many.
const KNOWN: usize = 512;

/// One connection's streams. The watched stream tells them what passes, the exchanges what is made of it.
#[derive(Debug)]
pub(super) struct Streams<M>(Rc<RefCell<State<M>>>);

#[derive(Debug)]
struct State<M> {
    marks: M,
    counters: Arc<ServeCounters>,
    received: Walk,
    sent: Walk,
    /// The last stream that the peer has begun.
    latest: u32,
    open: HashMap<u32, Stream>,
    /// Heads that have ended, so that each has a time of its own.
    heads: u64,
    allowance: Allowance,
    /// Bytes of all answers' contents that the stream beneath has taken.
    carried: u64,
    full: Full,
    /// When the peer last opened the connection's window, or may have opened all of them.
    opened: Option<Instant>,
}

/// How long the stream beneath has had no room.
#[derive(Clone, Copy, Debug, Default)]
struct Full {
    /// Since when it has none.
    since: Option<Instant>,
    /// For how long it had none before that.
    before: Duration,
}

impl Full {
    fn until(self, now: Instant) -> Duration {
        let still = self.since.map(|since| now.since(since));
        self.before + still.unwrap_or(Duration::ZERO)
    }
}

/// One stream whose answer has not ended.
#[derive(Debug, Default)]
struct Stream {
    request: Request,
    answer: Answer,
    /// Answers to come that are interim ones (RFC 9110 section 15.2).
    interim: u32,
    /// What the service answers with.
    status: Option<u16>,
    /// What is told of the stream if the backend resets it.
    verdict: Option<Mark>,
    /// Bytes in its own frames.
    received: u64,
    sent: u64,
    /// How often something of it came, and how often when that was last asked.
    arrivals: u64,
    looked_at: u64,
    /// Bytes of the answer's content that h2 has and the stream beneath has not.
    queued: u64,
    /// When there were none left of them, and for how long the stream beneath had no room before that.
    drained: Option<(Instant, Duration)>,
    /// When its client last opened its window.
    opened: Option<Instant>,
    /// Who waits until it is gone.
    watcher: Option<Waker>,
}

/// How much of the request was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Request {
    /// Its last byte is to come.
    #[default]
    Receiving,
    /// Its handler was called, and its last byte is to come.
    Called,
    /// It ended here, and nothing was said of it yet.
    Arrived { end: u64 },
    /// It was said to be complete, or otherwise.
    Ended,
}

/// How much of the answer was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answer {
    #[default]
    Awaited,
    /// An interim one is passing.
    Interim,
    Begun,
}

impl<M> Clone for Streams<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Marks> Streams<M> {
    /// Of a connection on which nothing was said yet. The client begins with `preface` bytes that are no frame.
    pub(super) fn new(marks: M, counters: Arc<ServeCounters>, preface: usize) -> Self {
        Self(Rc::new(RefCell::new(State {
            marks,
            counters,
            received: Walk::behind(preface),
            sent: Walk::behind(0),
            latest: 0,
            open: HashMap::new(),
            heads: 0,
            allowance: Allowance::new(),
            carried: 0,
            full: Full::default(),
            opened: None,
        })))
    }

    fn state(&self) -> Ref<'_, State<M>> {
        self.0.borrow()
    }

    fn state_mut(&self) -> RefMut<'_, State<M>> {
        self.0.borrow_mut()
    }

    /// What the connection is waiting for, all its streams together.
    pub(super) fn stage(&self) -> Stage {
        let state = self.state();
        match state.full.since {
            // Who takes nothing is not spared for sending a head meanwhile.
            Some(_) => Stage::Answering,
            None if state.received.is_in_head() => Stage::Head(state.heads),
            None if state.open.is_empty() => Stage::Idle,
            None => Stage::Handling,
        }
    }

    /// How many bytes were received and sent.
    pub(super) fn offsets(&self) -> (u64, u64) {
        let state = self.state();
        (state.received.passed(), state.sent.passed())
    }

    /// Whether a request has not been answered to its end.
    pub(super) fn are_open(&self) -> bool {
        !self.state().open.is_empty()
    }
}

impl<M: Marks> Watch for Streams<M> {
    /// Whether the peer has sent more that asks for nothing than it may.
    fn is_flooded(&self) -> bool {
        self.state().allowance.is_used_up()
    }

    fn received(&self, bytes: &[u8]) {
        self.state_mut().walk_received(bytes);
    }

    fn writing(&self, is_full: bool) {
        self.state_mut().note_room(is_full);
    }

    fn sent(&self, bytes: &[u8]) {
        self.state_mut().walk_sent(bytes);
    }
}

impl<M: Marks> State<M> {
    /// The journal of one stream.
    fn of(&self, stream: u32) -> M {
        self.marks.of_stream(stream)
    }

    /// The request on `stream` ends before `end`.
    fn end_request(&mut self, stream: u32, end: u64, how: RequestEnd) {
        if let Some(open) = self.open.get_mut(&stream) {
            open.request = Request::Ended;
            self.of(stream).mark(Mark::RequestEnd { end, how });
        }
    }

    /// Nothing more is told of `stream` than this.
    fn forget(&mut self, stream: u32, last: impl FnOnce(&mut Stream) -> Mark) {
        if let Some(mut open) = self.open.remove(&stream) {
            let last = last(&mut open);
            let carried = Mark::Carried {
                received: open.received,
                sent: open.sent,
            };
            let marks = self.of(stream);
            marks.mark(carried);
            marks.mark(last);
            if let Some(watcher) = open.watcher {
                watcher.wake();
            }
        }
    }
}
