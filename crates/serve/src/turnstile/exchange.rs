//! The request and the answer that are passing: what has been seen of them, and the marks that follow from it.

use super::disagreement::Disagreement;
use super::request::AnswerTo;
use crate::counters::ServeCounters;
use crate::marks::Marks;
use periplus_journey::{Label, Mark, RequestEnd};
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
    /// hyper took the head.
    taken: bool,
    /// The handler was called.
    called: bool,
    tunnel: bool,
    disagreement: Option<Disagreement>,
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

/// What may pass the turnstile towards hyper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// The bytes of one request.
    Open,
    /// Nothing, until the answer is written.
    Closed,
    /// Nothing any more.
    Cut,
    /// Everything: this is no longer HTTP.
    Tunnel,
}

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A request.
    Idle,
    /// The rest of the header section of the request with this number.
    Head(u64),
    /// The rest of a request's content.
    Content,
    /// The handler.
    Handling,
    /// Its peer, to take the answer.
    Answering,
    /// Whatever now speaks on it.
    Tunnel,
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
            taken: false,
            called: false,
            tunnel: false,
            disagreement: None,
            reader: None,
        })))
    }

    fn state(&self) -> Ref<'_, State<M>> {
        self.0.borrow()
    }

    fn state_mut(&self) -> RefMut<'_, State<M>> {
        self.0.borrow_mut()
    }

    /// The connection's journal.
    pub fn marks(&self) -> M {
        self.state().marks.clone()
    }

    /// What the connection is waiting for.
    pub fn stage(&self) -> Stage {
        let state = self.state();
        match (state.request, state.answer) {
            _ if state.tunnel => Stage::Tunnel,
            (_, Answer::Made | Answer::Begun) => Stage::Answering,
            (Request::Awaited, _) => Stage::Idle,
            (Request::Head, _) => Stage::Head(state.requests),
            (Request::Content, _) => Stage::Content,
            (_, Answer::Ended) => Stage::Idle,
            (_, Answer::Awaited) if state.taken => Stage::Handling,
            // hyper has refused it, and is about to say so.
            (_, Answer::Awaited) => Stage::Answering,
        }
    }

    /// How many bytes have moved on this connection, in both directions.
    pub fn moved(&self) -> u64 {
        let state = self.state();
        state.received + state.sent
    }

    /// Whether a request has begun to which nothing was answered yet.
    pub fn owes_an_answer(&self) -> bool {
        let state = self.state();
        state.request != Request::Awaited && state.answer == Answer::Awaited
    }

    /// Whether an answer was made that has not ended.
    pub fn is_answering(&self) -> bool {
        matches!(self.state().answer, Answer::Made | Answer::Begun)
    }

    /// Whether the connection has ended for requests before the last of them did: its peer may still be sending it.
    pub fn was_cut(&self) -> bool {
        self.state().request == Request::Cut
    }

    /// Whether an answer with this status, begun now, would be the connection's last, because the request it answers has
    /// not arrived and an error answer does not wait for it.
    pub fn would_cut(&self, status: u16) -> bool {
        let state = self.state();
        matches!(state.request, Request::Head | Request::Content) && is_error(status)
    }

    /// hyper took the head of a request: it is the service's first word on every request.
    pub fn head_taken(&self) -> Result<(), Disagreement> {
        let mut state = self.state_mut();
        match state.request {
            Request::Content | Request::Arrived if !state.taken => state.taken = true,
            // Cut between the head and now: refused content that hyper has not read yet.
            Request::Cut if !state.taken => state.taken = true,
            _ => return Err(state.disagree(Disagreement::HeadTakenEarly)),
        }
        Ok(())
    }

    /// The handler is called now.
    pub fn handler_called(&self) {
        let mut state = self.state_mut();
        state.called = true;
        state.complete_if_arrived();
        state.marks.mark(Mark::HandlerCalled);
        state.counters.requests.increment();
    }

    /// The service gives the answer to hyper now.
    pub fn answer_made(&self) {
        let mut state = self.state_mut();
        if state.answer == Answer::Awaited {
            state.answer = Answer::Made;
        }
    }

    /// No byte will be handed to hyper any more. A request that has not arrived by now never will.
    pub fn finish(&self) {
        let mut state = self.state_mut();
        let how = match state.request {
            Request::Awaited | Request::Ended | Request::Cut => return,
            _ if matches!(state.answer, Answer::Awaited | Answer::Made) => RequestEnd::Abandoned,
            // Answered, and the rest of it was not wanted.
            _ => RequestEnd::Rejected,
        };
        state.end_request(how, Request::Cut);
    }

    pub(super) fn passage(&self) -> Result<Passage, Disagreement> {
        let mut state = self.state_mut();
        if let Some(disagreement) = state.disagreement {
            return Err(disagreement);
        }
        if state.tunnel {
            return Ok(Passage::Tunnel);
        }
        // hyper parses what it was given before it asks for more, and calls the service as soon as a head is whole.
        let head_ended = matches!(state.request, Request::Content | Request::Arrived);
        if head_ended && !state.taken && state.answer == Answer::Awaited {
            return Err(state.disagree(Disagreement::HeadNotTaken));
        }
        Ok(match state.request {
            Request::Awaited | Request::Head | Request::Content => Passage::Open,
            Request::Arrived | Request::Ended => Passage::Closed,
            Request::Cut => Passage::Cut,
        })
    }

    /// The turnstile opens for `waker` when the answer has ended.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut state = self.state_mut();
        match &mut state.reader {
            Some(reader) => reader.clone_from(waker),
            None => state.reader = Some(waker.clone()),
        }
    }

    pub(super) fn received(&self, length: usize) {
        self.state_mut().received += length as u64;
    }

    pub(super) fn sent(&self, length: usize) {
        self.state_mut().sent += length as u64;
    }

    /// The next byte received begins a request.
    pub(super) fn request_begins(&self) {
        let mut state = self.state_mut();
        let start = state.received;
        state.request = Request::Head;
        state.requests += 1;
        state.marks.mark(Mark::Request { start });
    }

    pub(super) fn is_request_begun(&self) -> bool {
        self.state().request != Request::Awaited
    }

    pub(super) fn request_line(&self, line: Box<str>, protocol: &'static str, answer_to: AnswerTo) {
        let mut state = self.state_mut();
        state.answer_to = answer_to;
        state.marks.mark(Mark::Label(Label::Protocol(protocol)));
        state.marks.mark(Mark::Label(Label::Request(line)));
    }

    pub(super) fn head_ended(&self) {
        self.state_mut().request = Request::Content;
    }

    /// The last byte of the request was received.
    pub(super) fn request_ended(&self) {
        let mut state = self.state_mut();
        state.request = Request::Arrived;
        if state.called {
            state.complete_if_arrived();
        }
        state.turn();
    }

    /// The bytes received so far are not a request, nor the beginning of one.
    pub(super) fn request_refused(&self) {
        self.state_mut()
            .end_request(RequestEnd::Rejected, Request::Cut);
    }

    pub(super) fn answer_to(&self) -> AnswerTo {
        self.state().answer_to
    }

    /// Whether an answer may be written now.
    pub(super) fn check_answer_due(&self) -> Result<(), Disagreement> {
        let mut state = self.state_mut();
        if let Some(disagreement) = state.disagreement {
            return Err(disagreement);
        }
        if !state.tunnel && (state.request == Request::Awaited || state.answer == Answer::Ended) {
            return Err(state.disagree(Disagreement::AnswerNotDue));
        }
        Ok(())
    }

    /// The final answer's status was sent; its first byte was sent at `start`.
    pub(super) fn answer_begins(&self, start: u64, status: u16) {
        let mut state = self.state_mut();
        match state.request {
            Request::Arrived if state.called => state.complete_if_arrived(),
            // hyper, or the service before the handler, refused it.
            Request::Arrived => state.end_request(RequestEnd::Rejected, Request::Ended),
            // An error answer does not wait for the rest of the request, and does not want it.
            Request::Head | Request::Content if is_error(status) => {
                state.end_request(RequestEnd::Rejected, Request::Cut);
            }
            _ => {}
        }
        state.answer = Answer::Begun;
        state.marks.mark(Mark::Response { start });
        state.marks.mark(Mark::Label(Label::Status(status)));
    }

    /// The last byte of the answer was sent.
    pub(super) fn answer_ended(&self) {
        let mut state = self.state_mut();
        let end = state.sent;
        state.answer = Answer::Ended;
        state.marks.mark(Mark::ResponseEnd { end });
        state.turn();
    }

    /// The answer has ended, and whatever follows in either direction is not HTTP.
    pub(super) fn becomes_tunnel(&self) {
        self.answer_ended();
        let mut state = self.state_mut();
        state.tunnel = true;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    pub(super) fn disagree(&self, disagreement: Disagreement) -> Disagreement {
        self.state_mut().disagree(disagreement)
    }

    pub(super) fn is_tunnel(&self) -> bool {
        self.state().tunnel
    }

    pub(super) fn sent_so_far(&self) -> u64 {
        self.state().sent
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
