//! A request that is answered before hyper hears of it.

use super::{Answer, Exchange, Request};
use crate::marks::Marks;
use crate::turnstile::request::AnswerTo;
use periplus_journey::{Label, Mark};

impl<M: Marks> Exchange<M> {
    /// A whole request of `length` bytes was received, and its answer of `answer` bytes is written now.
    pub(in crate::turnstile) fn at_once(
        &self,
        line: Box<str>,
        asked: Option<Mark>,
        length: usize,
        answer: usize,
        status: u16,
    ) {
        let mut state = self.state_mut();
        let (start, written) = (state.received, state.sent);
        state.received += length as u64;
        state.requests += 1;
        state.counters.requests.increment();
        let request = Mark::WholeRequest {
            start,
            end: state.received,
        };
        let protocol = Mark::Label(Label::Protocol("http/1.1"));
        let line = Mark::Label(Label::Request(line));
        let status = Mark::Label(Label::Status(status));
        let answer = Mark::WholeResponse {
            start: written,
            end: written + answer as u64,
        };
        let marks = &state.marks;
        match asked {
            None => marks.mark_all([request, protocol, line, status, answer]),
            Some(asked) => marks.mark_all([request, protocol, line, asked, status, answer]),
        }
        state.at_once = true;
        state.request = Request::Ended;
        state.answer = Answer::Begun;
        state.answer_to = AnswerTo::Other;
    }

    /// The last byte of that answer was sent.
    pub(in crate::turnstile) fn at_once_ended(&self) {
        let mut state = self.state_mut();
        state.at_once = false;
        state.answer = Answer::Ended;
        state.turn();
    }

    /// No request is served after this one. `false`: there is one that hyper does not know of, and its answer must go out before
    /// hyper may be told; the turnstile then ends the stream.
    pub fn drain(&self) -> bool {
        let mut state = self.state_mut();
        state.draining = true;
        !state.at_once
    }

    pub(in crate::turnstile) fn is_draining(&self) -> bool {
        self.state().draining
    }
}
