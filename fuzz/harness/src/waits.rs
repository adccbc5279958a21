//! What the backend was told to wait for: it must be told when the waiting is over, or it would wait for ever.

use crate::backend::Backend;
use periplus_stack::{Ready, Shard};

/// What the backend of a connection waits for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waits {
    pub(crate) reading: bool,
    pub(crate) writing: bool,
}

impl Backend {
    /// The shard says that a waiting is over.
    pub(crate) fn is_told(&mut self, ready: Ready) {
        match ready {
            Ready::Stream {
                id,
                readable,
                writable,
            } => {
                for held in self.held.iter_mut().filter(|held| held.id == id) {
                    held.waits.reading &= !readable;
                    held.waits.writing &= !writable;
                }
            }
            Ready::Listener(id) => self.waiting_listeners.retain(|&waiting| waiting != id),
            Ready::Datagram { id, readable, .. } => {
                self.waiting_sockets
                    .retain(|&waiting| waiting != id || !readable);
            }
        }
    }

    /// # Panics
    /// If somebody waits who need not.
    ///
    /// A writer is told in its connection's turn at the ring: that comes only if the ring has room and the next hop is known,
    /// `may_send`.
    pub(crate) fn assert_told(&self, shard: &Shard, may_send: bool) {
        for held in &self.held {
            let poll = shard.poll(held.id);
            assert!(
                !(held.waits.reading && poll.readable),
                "a reader was not told: {held:?}, {poll:?}"
            );
            let queues = shard.connection(held.id).map(|it| it.queue_lengths());
            let is_empty = queues.is_none_or(|it| it.send_queue + it.retransmit_queue == 0);
            assert!(
                !(held.waits.writing && poll.writable && is_empty && may_send),
                "a writer was not told: {held:?}, {poll:?}"
            );
        }
        for &listener in &self.waiting_listeners {
            let poll = shard.poll_listener(listener);
            assert!(!poll.readable, "a listener was not told: {listener:?}");
        }
        for &socket in &self.waiting_sockets {
            let queue = shard.udp_socket(socket).map(|it| it.receive_queue());
            assert!(
                queue.is_none_or(|it| it.is_empty()),
                "{socket:?} was not told"
            );
        }
    }
}
