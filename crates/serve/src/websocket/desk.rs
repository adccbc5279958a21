//! Where a conversation and its connection leave messages for each other.

use super::message::Message;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A place for one message in each direction. Both ends are on one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    /// The conversation waits for a message.
    asked: bool,
    arrived: Option<Message>,
    outgoing: Option<Outgoing>,
    /// What was taken from `outgoing` last is not written yet.
    writing: bool,
    ended: bool,
    conversation: Option<Waker>,
    connection: Option<Waker>,
}

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) message: Message,
    /// Whether it follows the message that the conversation has received last.
    pub(super) answers: bool,
}

impl Desk {
    fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// The conversation's: the next message. `None` when none will come.
    pub(super) fn poll_arrived(&self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let mut state = self.state();
        if let Some(message) = state.arrived.take() {
            return Poll::Ready(Some(message));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        set(&mut state.conversation, context);
        if !std::mem::replace(&mut state.asked, true) {
            wake(&mut state.connection);
        }
        Poll::Pending
    }

    /// The conversation's: waits until what was sent before is written, and leaves the next message. `None` was left when
    /// none will be taken any more.
    pub(super) fn poll_leave(
        &self,
        context: &mut Context<'_>,
        message: &mut Option<Message>,
    ) -> Poll<bool> {
        let mut state = self.state();
        if state.ended {
            return Poll::Ready(false);
        }
        if state.outgoing.is_none() && !state.writing {
            let answers = state.arrived.is_none();
            state.outgoing = message.take().map(|message| Outgoing { message, answers });
            wake(&mut state.connection);
            return Poll::Ready(true);
        }
        set(&mut state.conversation, context);
        Poll::Pending
    }

    /// The conversation's: whether what was left last is written, or never will be.
    pub(super) fn poll_written(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.state();
        if state.outgoing.is_none() && !state.writing {
            return Poll::Ready(true);
        }
        if state.ended {
            return Poll::Ready(false);
        }
        set(&mut state.conversation, context);
        Poll::Pending
    }

    /// The connection's: wakes it when the conversation has something for it.
    pub(super) fn wait(&self, context: &Context<'_>) {
        set(&mut self.state().connection, context);
    }

    /// The connection's: whether the conversation waits for a message.
    pub(super) fn is_asked(&self) -> bool {
        self.state().asked
    }

    /// The connection's: a message for the conversation.
    pub(super) fn put(&self, message: Message) {
        let mut state = self.state();
        state.asked = false;
        state.arrived = Some(message);
        wake(&mut state.conversation);
    }

    /// The connection's: the next message to write.
    pub(super) fn take(&self) -> Option<Outgoing> {
        let mut state = self.state();
        let outgoing = state.outgoing.take();
        state.writing |= outgoing.is_some();
        outgoing
    }

    /// The connection's: whether a message waits to be written.
    pub(super) fn has_outgoing(&self) -> bool {
        self.state().outgoing.is_some()
    }

    /// The connection's: everything taken is written.
    pub(super) fn written(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.writing) {
            wake(&mut state.conversation);
        }
    }

    /// The connection's: no message will be put here any more, and none taken.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        wake(&mut state.conversation);
    }
}

fn set(waker: &mut Option<Waker>, context: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(context.waker()),
        None => *waker = Some(context.waker().clone()),
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
