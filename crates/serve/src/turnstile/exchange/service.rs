//! What the service has to say, and to ask.

use super::{Answer, Exchange, Request, is_error};
use crate::marks::Marks;
use crate::turnstile::Disagreement;
use periplus_journey::Mark;

impl<M: Marks> Exchange<M> {
    /// The connection's journal.
    pub fn marks(&self) -> M {
        self.state().marks.clone()
    }

    /// hyper took the head of a request: it is the service's first word on every request.
    pub fn head_taken(&self) -> Result<(), Disagreement> {
        let mut state = self.state_mut();
        if !state.head_ended || state.taken {
            return Err(state.disagree(Disagreement::HeadTakenEarly));
        }
        state.taken = true;
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

    /// Whether an answer with this status, begun now, would be the connection's last: because the request it answers was cut
    /// off, or has not arrived and an error answer does not wait for it.
    pub fn would_cut(&self, status: u16) -> bool {
        match self.state().request {
            Request::Cut => true,
            Request::Head | Request::Content => is_error(status),
            _ => false,
        }
    }

    /// The service gives the answer to hyper now.
    pub fn answer_made(&self) {
        let mut state = self.state_mut();
        if state.answer == Answer::Awaited {
            state.answer = Answer::Made;
        }
    }
}
