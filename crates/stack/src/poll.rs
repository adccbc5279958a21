//! The verb of `poll`: what can be done with a socket now.

use crate::Shard;
use crate::shard::{ConnectionId, ListenerId};
use periplus_tcp::{MemoryBudget, Poll};

impl Shard {
    /// What can be done with a connection now. One that is gone has hung up.
    pub fn poll(&self, id: ConnectionId) -> Poll {
        let gone = Poll {
            readable: true,
            writable: true,
            read_closed: true,
            hung_up: true,
            error: false,
        };
        self.flows.get(id.0).map_or(gone, |flow| {
            let sysctls = &self.environment.sysctls;
            let memory = MemoryBudget::left_by(self.tcp_memory(), sysctls);
            flow.connection.poll(sysctls, memory)
        })
    }

    /// Whether a listener has a connection to accept: then it is readable.
    pub fn poll_listener(&self, id: ListenerId) -> Poll {
        let waiting = |bound: &crate::shard::BoundListener| !bound.listener.accept_queue.is_empty();
        Poll {
            readable: self.listeners.get(id.0).is_some_and(waiting),
            ..Poll::default()
        }
    }
}
