//! The station `mailbox`: calls and bytes on their way between a foreign thread and the shard.
//!
//! ```text
//!   the shard's thread                                            a foreign thread
//!   ------------------                                            ----------------
//!   receive_queue ── driver ──▶ inbound  (64 KiB) ── Mutex ──▶ poll_read
//!   send_queue   ◀── driver ── outbound (64 KiB) ◀── Mutex ── poll_write, marks, FIN
//!                 ◀─────────── inbox (rings the driver) ◀───────┘
//! ```
//!
//! A stream that is only used on its shard's thread has a `Mailbox` without queues: it names the connection and counts its
//! bytes. The first call on another thread makes the queues, and from then on every call goes through them.

mod inbound;
mod inbox;
mod listener;
mod outbound;
mod queues;
mod udp;

pub(crate) use inbox::{Call, Inbox};
pub(crate) use listener::ListenerMailbox;
pub(crate) use outbound::{Item, Outbound};
pub(crate) use queues::{Delivery, End, Farewell, Queues};
pub(crate) use udp::UdpMailbox;

use periplus_stack::{ConnectionId, SocketOptions};
use std::mem;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

/// What a stream and its journals share.
pub(crate) struct Mailbox {
    pub(crate) id: ConnectionId,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) read: Offset,
    pub(crate) written: Offset,
    /// As the handle last set them.
    options: Mutex<Arc<SocketOptions>>,
    queues: OnceLock<Box<Mutex<Queues>>>,
}

impl Mailbox {
    pub(crate) fn new(
        inbox: Arc<Inbox>,
        id: ConnectionId,
        local: SocketAddr,
        peer: SocketAddr,
        options: Arc<SocketOptions>,
    ) -> Arc<Self> {
        let (read, written) = (Offset::default(), Offset::default());
        Arc::new(Self {
            id,
            local,
            peer,
            inbox,
            read,
            written,
            options: Mutex::new(options),
            queues: OnceLock::new(),
        })
    }

    /// The options.
    pub(crate) fn options(&self) -> SocketOptions {
        **lock(&self.options)
    }

    /// Changes the options, and gives what they are then.
    pub(crate) fn change_options(&self, change: impl FnOnce(&mut SocketOptions)) -> SocketOptions {
        let mut shared = lock(&self.options);
        let mut options = **shared;
        change(&mut options);
        if options != **shared {
            *shared = Arc::new(options);
        }
        options
    }

    /// Whether the stream's calls go by the queues: since its first call on a foreign thread, and for good, or bytes could
    /// overtake each other.
    pub(crate) fn is_remote(&self) -> bool {
        self.queues.get().is_some()
    }

    /// A call through the queues, which are made if this is the first. Rings the driver if the call has work for it.
    pub(crate) fn call<R>(self: &Arc<Self>, call: impl FnOnce(&mut Queues) -> R) -> R {
        let mut queues = lock(self.queues.get_or_init(Box::default));
        let result = call(&mut queues);
        let ring = mem::take(&mut queues.errand) && !mem::replace(&mut queues.rung, true);
        let discarded = mem::take(&mut queues.discarded);
        drop(queues);
        drop(discarded);
        if ring && self.inbox.send(Call::Stream(Arc::clone(self))).is_err() {
            let mut wakers = Vec::new();
            self.end(&mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }
        result
    }

    /// The driver's look at the queues, if there are any.
    pub(crate) fn drive<R>(&self, round: impl FnOnce(&mut Queues) -> R) -> Option<R> {
        self.queues.get().map(|queues| round(&mut lock(queues)))
    }

    /// The shard ends: nothing more will come of this connection.
    pub(crate) fn end(&self, wakers: &mut Vec<Waker>) {
        self.drive(|queues| {
            queues.end = Some(End::ShardGone);
            queues.released = true;
            wakers.extend(
                [queues.reader.take(), queues.writer.take()]
                    .into_iter()
                    .flatten(),
            );
        });
    }
}

/// How many bytes went one way. One handle writes it, so adding needs no read-modify-write; atomic only because journals on
/// other threads may look.
#[derive(Default)]
pub(crate) struct Offset(AtomicU64);

impl Offset {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self, bytes: usize) {
        self.0.store(self.get() + bytes as u64, Ordering::Relaxed);
    }
}

/// A panic under one of our locks leaves plain queues behind, as good as they were.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
