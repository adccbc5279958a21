//! The request and the answer that are passing: what has been seen of them, and the marks that follow from it.

mod at_once;
mod inbound;
mod outbound;
mod service;
mod stage;

pub(super) use inbound::Passage;
pub use stage::Stage;

use super::disagreement::Disagreement;
use super::refusal::Refusal;
use super::request::AnswerTo;
use crate::counters::ServeCounters;
use crate::marks::Marks;
use periplus_journey::{Mark, RequestEnd};
use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

/// One connection's exchange of request and answer, at most one at a time. The turnstile tells it what passes, the
/// service what hyper made of it; it sets the marks and says whether the next byte may pass.
#[derive(Debug)]
pub struct Exchange<M>(Rc<RefCell<State<M>>>);

#[derive(Debug)]
struct State<M> {
    marks: M,
    counters: Arc<ServeCounters>,
    /// Bytes received, and bytes sent, on this connection.
    received: u64,
    sent: u64,
    /// How many requests have begun.
    requests: u64,
    request: Request,
    answer: Answer,
    answer_to: AnswerTo,
    /// The whole head was handed to hyper.
    head_ended: bool,
    /// hyper took the head.
    taken: bool,
    /// The handler was called.
    called: bool,
    /// The answer was a 101, or a 2xx to CONNECT: what follows in either direction is not HTTP.
    upgraded: bool,
    /// The request is answered without hyper.
    at_once: bool,
    /// No request is served after this one.
    draining: bool,
    disagreement: Option<Disagreement>,
    /// Why the request was cut off, where it was refused.
    refusal: Option<Refusal>,
    /// Who waits for the turnstile to open.
    reader: Option<Waker>,
}

/// How much of the request was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Awaited,
    Head,
    Content,
    /// Its last byte was read, and nothing was said of it yet.
    Arrived,
    /// It was said to be complete, or rejected for another reason than its framing.
    Ended,
    /// It was cut off: no further byte of this connection is a request's.
    Cut,
}

/// How much of the answer was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Awaited,
    /// The service has given it to hyper.
    Made,
    Begun,
    Ended,
}

impl<M> Clone for Exchange<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Marks> Exchange<M> {
    /// Of a connection on which nothing was said yet.
    pub fn new(marks: M, counters: Arc<ServeCounters>) -> Self {
        Self(Rc::new(RefCell::new(State {
            marks,
            counters,
            received: 0,
            sent: 0,
            requests: 0,
            request: Request::Awaited,
            answer: Answer::Awaited,
            answer_to: AnswerTo::Other,
            head_ended: false,
            taken: false,
            called: false,
            upgraded: false,
            at_once: false,
            draining: false,
            disagreement: None,
            refusal: None,
            reader: None,
        })))
    }

    fn state(&self) -> Ref<'_, State<M>> {
        self.0.borrow()
    }

    fn state_mut(&self) -> RefMut<'_, State<M>> {
        self.0.borrow_mut()
    }
}

impl<M: Marks> State<M> {
    fn complete_if_arrived(&mut self) {
        if self.request == Request::Arrived {
            self.end_request(RequestEnd::Complete, Request::Ended);
        }
    }

    fn end_request(&mut self, how: RequestEnd, next: Request) {
        self.request = next;
        self.marks.mark(Mark::RequestEnd {
            end: self.received,
            how,
        });
    }

    /// Lets the next request pass if this one and its answer have.
    fn turn(&mut self) {
        if self.request == Request::Arrived && self.answer == Answer::Ended {
            self.complete_if_arrived();
        }
        if self.request != Request::Ended || self.answer != Answer::Ended {
            return;
        }
        self.request = Request::Awaited;
        self.answer = Answer::Awaited;
        self.answer_to = AnswerTo::Other;
        self.head_ended = false;
        self.taken = false;
        self.called = false;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn disagree(&mut self, disagreement: Disagreement) -> Disagreement {
        if self.disagreement.is_none() {
            self.counters.disagreements.increment();
        }
        *self.disagreement.get_or_insert(disagreement)
    }
}

fn is_error(status: u16) -> bool {
    status >= 400
}
