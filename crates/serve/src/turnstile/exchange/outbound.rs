//! What the turnstile sees of the bytes sent.

use super::{Answer, Exchange, Request, is_error};
use crate::marks::Marks;
use crate::turnstile::Disagreement;
use crate::turnstile::request::AnswerTo;
use periplus_journey::{Label, Mark, RequestEnd};

/// The status that says that the request did not arrive in time (RFC 9110 section 15.5.9).
const REQUEST_TIMEOUT: u16 = 408;

impl<M: Marks> Exchange<M> {
    /// Whether an answer may be written now.
    pub(in crate::turnstile) fn check_answer_due(&self) -> Result<(), Disagreement> {
        let mut state = self.state_mut();
        if let Some(disagreement) = state.disagreement {
            return Err(disagreement);
        }
        if state.request == Request::Awaited || state.answer == Answer::Ended {
            return Err(state.disagree(Disagreement::AnswerNotDue));
        }
        Ok(())
    }

    pub(in crate::turnstile) fn sent(&self, length: usize) {
        self.state_mut().sent += length as u64;
    }

    pub(in crate::turnstile) fn sent_so_far(&self) -> u64 {
        self.state().sent
    }

    /// What the request says of its answer's framing.
    pub fn answer_to(&self) -> AnswerTo {
        self.state().answer_to
    }

    /// The final answer's status was sent; its first byte was sent at `start`.
    pub(in crate::turnstile) fn answer_begins(&self, start: u64, status: u16) {
        let mut state = self.state_mut();
        match state.request {
            Request::Arrived if state.called => state.complete_if_arrived(),
            // hyper, or the service before the handler, refused it.
            Request::Arrived => state.end_request(RequestEnd::Rejected, Request::Ended),
            // An error answer does not wait for the rest of the request, and does not want it.
            Request::Head | Request::Content if is_error(status) => {
                let how = match status {
                    REQUEST_TIMEOUT => RequestEnd::TimedOut,
                    _ => RequestEnd::Rejected,
                };
                state.end_request(how, Request::Cut);
            }
            _ => {}
        }
        state.answer = Answer::Begun;
        state.marks.mark(Mark::Response { start });
        state.marks.mark(Mark::Label(Label::Status(status)));
    }

    /// The last byte of the answer was sent.
    pub(in crate::turnstile) fn answer_ended(&self) {
        let mut state = self.state_mut();
        let end = state.sent;
        state.answer = Answer::Ended;
        state.marks.mark(Mark::ResponseEnd { end });
        state.turn();
    }

    /// The answer has ended, and whatever follows in either direction is not HTTP.
    pub(in crate::turnstile) fn answer_upgraded(&self) {
        self.answer_ended();
        self.state_mut().upgraded = true;
    }

    /// Whether hyper has let go of the connection because it speaks HTTP no more. `left` are the bytes that it was handed
    /// and took for no request's: there can be none.
    pub fn is_upgraded(&self, left: usize) -> bool {
        let mut state = self.state_mut();
        if state.upgraded && left > 0 {
            state.disagree(Disagreement::HeadTakenEarly);
        }
        state.upgraded && state.disagreement.is_none()
    }

    /// How many bytes were received and sent.
    pub fn offsets(&self) -> (u64, u64) {
        let state = self.state();
        (state.received, state.sent)
    }

    pub(in crate::turnstile) fn disagree(&self, disagreement: Disagreement) -> Disagreement {
        self.state_mut().disagree(disagreement)
    }
}
