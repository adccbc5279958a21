//! The tasks that wait for something of a shard.

use crate::mailbox::{ListenerMailbox, Mailbox, UdpMailbox};
use periplus_stack::{ConnectionId, ListenerId, UdpId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::task::{Context, Waker};

/// Who waits on which stream, listener and UDP socket of a shard. There is an entry for each handle the backend holds: the shard
/// numbers them, no peer does, so that a hash without a key is good enough.
#[derive(Default)]
pub(crate) struct Waiters {
    pub(crate) streams: FxHashMap<ConnectionId, StreamWaiters>,
    pub(crate) listeners: FxHashMap<ListenerId, ListenerWaiters>,
    pub(crate) udp: FxHashMap<UdpId, UdpWaiters>,
    /// Made where there is something: mostly nothing is.
    pub(crate) discarded: Option<Box<Discarded>>,
}

/// Wakers nobody needs any more, by themselves or in what held them. Dropping one may drop a task, and with it a handle of
/// this very shard: so they are kept until the shard is no longer borrowed.
#[derive(Default)]
pub(crate) struct Discarded {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) streams: Vec<StreamWaiters>,
    pub(crate) listeners: Vec<ListenerWaiters>,
    pub(crate) udp: Vec<UdpWaiters>,
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

/// Who waits on a UDP socket. It may be used by several tasks at once.
#[derive(Default)]
pub(crate) struct UdpWaiters {
    pub(crate) receive: Vec<Waker>,
    pub(crate) send: Vec<Waker>,
    /// The handle is used on a foreign thread: the driver carries for it.
    pub(crate) mailbox: Option<Arc<UdpMailbox>>,
}

impl Waiters {
    /// The task of `context` waits until the stream can be read.
    pub(crate) fn wait_readable(&mut self, id: ConnectionId, context: &Context<'_>) {
        if let Some(stream) = self.streams.get_mut(&id) {
            discard(&mut self.discarded, park(&mut stream.read, context));
        }
    }

    /// The task of `context` waits until the stream can be written, or has become a connection.
    pub(crate) fn wait_writable(&mut self, id: ConnectionId, context: &Context<'_>) {
        if let Some(stream) = self.streams.get_mut(&id) {
            discard(&mut self.discarded, park(&mut stream.write, context));
        }
    }

    /// The task of `context` waits until the listener has a connection.
    pub(crate) fn wait_acceptable(&mut self, id: ListenerId, context: &Context<'_>) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            enlist(&mut listener.accept, context);
        }
    }

    /// The task of `context` waits until the UDP socket has a datagram.
    pub(crate) fn wait_receivable(&mut self, id: UdpId, context: &Context<'_>) {
        if let Some(socket) = self.udp.get_mut(&id) {
            enlist(&mut socket.receive, context);
        }
    }

    /// The task of `context` waits until the UDP socket has room.
    pub(crate) fn wait_sendable(&mut self, id: UdpId, context: &Context<'_>) {
        if let Some(socket) = self.udp.get_mut(&id) {
            enlist(&mut socket.send, context);
        }
    }

    /// Tells who waits on a stream that the shard ends: on a foreign thread by its mailbox, on this one by `wakers`.
    pub(crate) fn end_stream(&mut self, id: ConnectionId, wakers: &mut Vec<Waker>) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.end(wakers);
        }
    }

    /// As [`end_stream`](Self::end_stream).
    pub(crate) fn end_listener(&mut self, id: ListenerId, wakers: &mut Vec<Waker>) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener.end(wakers);
        }
    }

    /// As [`end_stream`](Self::end_stream).
    pub(crate) fn end_udp(&mut self, id: UdpId, wakers: &mut Vec<Waker>) {
        if let Some(socket) = self.udp.get_mut(&id) {
            socket.end(wakers);
        }
    }

    /// Tells everyone.
    pub(crate) fn end_all(&mut self, wakers: &mut Vec<Waker>) {
        self.streams
            .values_mut()
            .for_each(|stream| stream.end(wakers));
        self.listeners
            .values_mut()
            .for_each(|listener| listener.end(wakers));
        self.udp.values_mut().for_each(|socket| socket.end(wakers));
    }
}

fn discard(discarded: &mut Option<Box<Discarded>>, waker: Option<Waker>) {
    if let Some(waker) = waker {
        discarded.get_or_insert_default().wakers.push(waker);
    }
}

impl StreamWaiters {
    /// The handle is gone, and the driver carries the rest of what it wrote.
    pub(crate) fn is_leaving(&self) -> bool {
        let leaving = |mailbox: &Arc<Mailbox>| mailbox.drive(|queues| queues.farewell.is_some());
        self.mailbox.as_ref().and_then(leaving).unwrap_or(false)
    }

    fn end(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend([self.read.take(), self.write.take()].into_iter().flatten());
        if let Some(mailbox) = &self.mailbox {
            mailbox.end(wakers);
        }
    }
}

impl ListenerWaiters {
    fn end(&mut self, wakers: &mut Vec<Waker>) {
        wakers.append(&mut self.accept);
        if let Some(mailbox) = &self.mailbox {
            mailbox.end(wakers);
        }
    }
}

impl UdpWaiters {
    fn end(&mut self, wakers: &mut Vec<Waker>) {
        wakers.append(&mut self.receive);
        wakers.append(&mut self.send);
        if let Some(mailbox) = &self.mailbox {
            mailbox.end(wakers);
        }
    }
}

/// Puts the task's waker among others, once.
pub(crate) fn enlist(wakers: &mut Vec<Waker>, context: &Context<'_>) {
    if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
        wakers.push(context.waker().clone());
    }
}

/// Puts the task's waker into `slot`, and gives back the one it displaces.
pub(crate) fn park(slot: &mut Option<Waker>, context: &Context<'_>) -> Option<Waker> {
    match slot {
        Some(waker) if waker.will_wake(context.waker()) => None,
        _ => slot.replace(context.waker().clone()),
    }
}
