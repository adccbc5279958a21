//! The tasks that wait for something of a shard.

use crate::mailbox::{ListenerMailbox, Mailbox};
use periplus_stack::{ConnectionId, ListenerId};
use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Waker};

/// Who waits on which stream and listener of a shard. There is an entry for each handle the backend holds.
#[derive(Default)]
pub(crate) struct Waiters {
    pub(crate) streams: HashMap<ConnectionId, StreamWaiters>,
    pub(crate) listeners: HashMap<ListenerId, ListenerWaiters>,
    pub(crate) discarded: Discarded,
}

/// Wakers nobody needs any more, by themselves or in what held them. Dropping one may drop a task, and with it a handle of
/// this very shard: so they are kept until the shard is no longer borrowed.
#[derive(Default)]
pub(crate) struct Discarded {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) streams: Vec<StreamWaiters>,
    pub(crate) listeners: Vec<ListenerWaiters>,
}

/// Who waits on a stream.
#[derive(Default)]
pub(crate) struct StreamWaiters {
    pub(crate) read: Option<Waker>,
    pub(crate) write: Option<Waker>,
    /// The handle is used on a foreign thread: the driver carries for it.
    pub(crate) mailbox: Option<Arc<Mailbox>>,
}

/// Who waits on a listener. `accept` may be called by several tasks at once.
#[derive(Default)]
pub(crate) struct ListenerWaiters {
    pub(crate) accept: Vec<Waker>,
    /// The handle is used on a foreign thread: the driver accepts for it.
    pub(crate) mailbox: Option<Arc<ListenerMailbox>>,
}

impl Waiters {
    /// The task of `context` waits until the stream can be read.
    pub(crate) fn wait_readable(&mut self, id: ConnectionId, context: &Context<'_>) {
        if let Some(stream) = self.streams.get_mut(&id) {
            self.discarded
                .wakers
                .extend(park(&mut stream.read, context));
        }
    }

    /// The task of `context` waits until the stream can be written, or has become a connection.
    pub(crate) fn wait_writable(&mut self, id: ConnectionId, context: &Context<'_>) {
        if let Some(stream) = self.streams.get_mut(&id) {
            self.discarded
                .wakers
                .extend(park(&mut stream.write, context));
        }
    }

    /// The task of `context` waits until the listener has a connection.
    pub(crate) fn wait_acceptable(&mut self, id: ListenerId, context: &Context<'_>) {
        let Some(ListenerWaiters { accept, .. }) = self.listeners.get_mut(&id) else {
            return;
        };
        if !accept.iter().any(|waker| waker.will_wake(context.waker())) {
            accept.push(context.waker().clone());
        }
    }

    /// Tells everyone that the shard ends: those on foreign threads by their mailboxes, the rest by `wakers`.
    pub(crate) fn end(&mut self, wakers: &mut Vec<Waker>) {
        for stream in self.streams.values_mut() {
            wakers.extend(
                [stream.read.take(), stream.write.take()]
                    .into_iter()
                    .flatten(),
            );
            if let Some(mailbox) = &stream.mailbox {
                mailbox.end(wakers);
            }
        }
        for listener in self.listeners.values_mut() {
            wakers.append(&mut listener.accept);
            if let Some(mailbox) = &listener.mailbox {
                mailbox.end(wakers);
            }
        }
    }
}

/// Puts the task's waker into `slot`, and gives back the one it displaces.
pub(crate) fn park(slot: &mut Option<Waker>, context: &Context<'_>) -> Option<Waker> {
    match slot {
        Some(waker) if waker.will_wake(context.waker()) => None,
        _ => slot.replace(context.waker().clone()),
    }
}
