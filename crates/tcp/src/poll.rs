//! What can be done with a connection now, asked level-triggered.

use crate::{Connection, MemoryBudget, State, Sysctls};

/// What `poll` says of a socket, with the meaning of Linux's `tcp_poll`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Poll {
    /// A read, or an accept, would not wait (`POLLIN`).
    pub readable: bool,
    /// A write would not wait (`POLLOUT`). True as well where it would fail.
    pub writable: bool,
    /// The peer will send no more (`POLLRDHUP`).
    pub read_closed: bool,
    /// Neither end will send any more (`POLLHUP`).
    pub hung_up: bool,
    /// The connection has failed (`POLLERR`).
    pub error: bool,
}

impl Connection {
    /// What can be done with it now, with so much of the shard's memory free.
    ///
    /// It is writable while at least a third of its send buffer is free (Linux's `sk_stream_is_writeable`): a writer that is
    /// woken shall find room that is worth it.
    pub fn poll(&self, sysctls: &Sysctls, memory: MemoryBudget) -> Poll {
        let error = self.error.is_some();
        match self.state {
            State::SynSent | State::SynReceived => Poll {
                error,
                ..Poll::default()
            },
            State::Closed | State::TimeWait => Poll {
                readable: true,
                writable: true,
                read_closed: true,
                hung_up: true,
                error,
            },
            state => {
                let read_closed = !state.may_receive() || self.read_shut;
                let write_closed = state.is_fin_queued();
                Poll {
                    readable: read_closed || !self.receive_queue.is_empty(),
                    writable: write_closed || self.is_writable(sysctls, memory),
                    read_closed,
                    hung_up: read_closed && write_closed,
                    error,
                }
            }
        }
    }
}
