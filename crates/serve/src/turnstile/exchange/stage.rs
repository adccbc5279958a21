//! What a connection is waiting for: the watchdog's questions.

use super::{Answer, Exchange, Request};
use crate::marks::Marks;
use crate::turnstile::Refusal;

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
    /// hyper, to let go of it: it speaks HTTP no more.
    Upgraded,
}

impl<M: Marks> Exchange<M> {
    /// What the connection is waiting for.
    pub fn stage(&self) -> Stage {
        let state = self.state();
        match (state.request, state.answer) {
            _ if state.upgraded => Stage::Upgraded,
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

    /// Why a request was refused to which nothing was answered yet.
    pub fn owed_refusal(&self) -> Option<Refusal> {
        let state = self.state();
        let is_owed = state.answer == Answer::Awaited && state.disagreement.is_none();
        state.refusal.filter(|_| is_owed)
    }

    /// Whether an answer was made that has not ended.
    pub fn is_answering(&self) -> bool {
        matches!(self.state().answer, Answer::Made | Answer::Begun)
    }

    /// Whether the connection has ended for requests before the last of them did: its peer may still be sending it.
    pub fn was_cut(&self) -> bool {
        self.state().request == Request::Cut
    }
}
