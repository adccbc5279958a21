//! Accepting on a foreign thread.

use super::{Call, Inbox, lock};
use crate::shard::waiters::enlist;
use crate::stream::TcpStream;
use periplus_stack::ListenerId;
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// How many connections the driver accepts for a foreign thread that asks for one. They all come at once: a thread that does
/// not ask leaves its connections in the station `accept_queue`, where they belong.
const ACCEPTED_AT_ONCE: usize = 16;

/// Between the driver and a listener that is used on a foreign thread.
pub(crate) struct ListenerMailbox {
    pub(crate) id: ListenerId,
    inbox: Arc<Inbox>,
    state: Mutex<ListenerState>,
}

#[derive(Default)]
struct ListenerState {
    accepted: VecDeque<TcpStream>,
    waiting: Vec<Waker>,
    rung: bool,
    dropped: bool,
    shard_gone: bool,
}

impl ListenerMailbox {
    pub(crate) fn new(inbox: Arc<Inbox>, id: ListenerId) -> Arc<Self> {
        Arc::new(Self {
            id,
            inbox,
            state: Mutex::default(),
        })
    }

    /// The foreign thread asks for a connection.
    pub(crate) fn poll_accept(
        self: &Arc<Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<TcpStream>> {
        let mut state = lock(&self.state);
        if let Some(stream) = state.accepted.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        if state.shard_gone {
            return Poll::Ready(Err(crate::error::shard_gone()));
        }
        enlist(&mut state.waiting, context);
        self.ring(state);
        Poll::Pending
    }

    /// The foreign thread dropped the listener.
    pub(crate) fn release(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        state.dropped = true;
        let accepted = mem::take(&mut state.accepted);
        self.ring(state);
        drop(accepted);
    }

    fn ring(self: &Arc<Self>, mut state: MutexGuard<'_, ListenerState>) {
        let ring = !mem::replace(&mut state.rung, true);
        drop(state);
        if ring && self.inbox.send(Call::Listener(Arc::clone(self))).is_err() {
            let mut wakers = Vec::new();
            self.end(&mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// The driver comes: `accept` gives the next connection of the listener, if there is one. `false` if the listener was
    /// dropped and is to be closed.
    pub(crate) fn drive(
        &self,
        mut accept: impl FnMut() -> Option<TcpStream>,
        wakers: &mut Vec<Waker>,
    ) -> bool {
        let mut state = lock(&self.state);
        state.rung = false;
        if state.dropped {
            return false;
        }
        while !state.waiting.is_empty() && state.accepted.len() < ACCEPTED_AT_ONCE {
            let Some(stream) = accept() else { break };
            state.accepted.push_back(stream);
        }
        if !state.accepted.is_empty() {
            wakers.append(&mut state.waiting);
        }
        true
    }

    /// The shard has ended.
    pub(crate) fn end(&self, wakers: &mut Vec<Waker>) {
        let mut state = lock(&self.state);
        state.shard_gone = true;
        wakers.append(&mut state.waiting);
    }
}
