//! What the turnstile sees of the bytes received.

use super::{Answer, Exchange, Request};
use crate::marks::Marks;
use crate::turnstile::request::AnswerTo;
use crate::turnstile::{Disagreement, Refusal};
use periplus_journey::{Label, Mark, RequestEnd};
use std::task::Waker;

/// What may pass the turnstile towards hyper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::turnstile) enum Passage {
    /// The bytes of one request.
    Open,
    /// Nothing, until the answer is written, or it was one after which nothing is HTTP.
    Closed,
    /// Nothing any more.
    Cut,
}

impl<M: Marks> Exchange<M> {
    pub(in crate::turnstile) fn passage(&self) -> Result<Passage, Disagreement> {
        let mut state = self.state_mut();
        if let Some(disagreement) = state.disagreement {
            return Err(disagreement);
        }
        if state.upgraded {
            return Ok(Passage::Closed);
        }
        // hyper parses what it was given before it asks for more, and calls the service as soon as a head is whole.
        if state.head_ended && !state.taken && state.answer == Answer::Awaited {
            return Err(state.disagree(Disagreement::HeadNotTaken));
        }
        Ok(match state.request {
            Request::Awaited | Request::Head | Request::Content => Passage::Open,
            Request::Arrived | Request::Ended => Passage::Closed,
            Request::Cut => Passage::Cut,
        })
    }

    /// The turnstile opens for `waker` when the answer has ended.
    pub(in crate::turnstile) fn wait(&self, waker: &Waker) {
        let mut state = self.state_mut();
        match &mut state.reader {
            Some(reader) => reader.clone_from(waker),
            None => state.reader = Some(waker.clone()),
        }
    }

    pub(in crate::turnstile) fn received(&self, length: usize) {
        self.state_mut().received += length as u64;
    }

    pub(in crate::turnstile) fn is_request_begun(&self) -> bool {
        self.state().request != Request::Awaited
    }

    /// The next byte received begins a request.
    pub(in crate::turnstile) fn request_begins(&self) {
        let mut state = self.state_mut();
        let start = state.received;
        state.request = Request::Head;
        state.requests += 1;
        state.marks.mark(Mark::Request { start });
    }

    pub(in crate::turnstile) fn request_line(
        &self,
        line: Box<str>,
        protocol: &'static str,
        answer_to: AnswerTo,
    ) {
        let mut state = self.state_mut();
        state.answer_to = answer_to;
        state.marks.mark(Mark::Label(Label::Protocol(protocol)));
        state.marks.mark(Mark::Label(Label::Request(line)));
    }

    /// The header section ended, and a content follows.
    pub(in crate::turnstile) fn head_ended(&self) {
        let mut state = self.state_mut();
        state.head_ended = true;
        state.request = Request::Content;
    }

    /// The last byte of the request was received.
    pub(in crate::turnstile) fn request_ended(&self) {
        let mut state = self.state_mut();
        state.head_ended = true;
        state.request = Request::Arrived;
        if state.called {
            state.complete_if_arrived();
        }
        state.turn();
    }

    /// The bytes received so far are not a request, nor the beginning of one.
    pub(in crate::turnstile) fn request_refused(&self, refusal: Refusal) {
        let mut state = self.state_mut();
        state.refusal = Some(refusal);
        state.end_request(RequestEnd::Rejected, Request::Cut);
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
}
