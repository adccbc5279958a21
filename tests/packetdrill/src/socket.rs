//! A socket: what the kernel keeps around a connection or a listener.

use crate::errno::Errno;
use crate::error_queue::ErrorQueue;
use crate::poll::{ERROR, HUNG_UP, READ_CLOSED, READABLE, WRITABLE};
use crate::setting::Setting;
use periplus_journey::Instant;
use periplus_stack::{ConnectionId, ListenerId, Shard, SocketOptions, State};
use std::net::SocketAddrV4;

/// What a socket is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketState {
    /// Neither.
    Closed,
    /// `listen` was called.
    Listening(ListenerId),
    /// It was accepted, or `connect` was called.
    Connection(ConnectionId),
}

/// A socket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) state: SocketState,
    /// Where it is bound.
    pub(crate) local: Option<SocketAddrV4>,
    /// `O_NONBLOCK`.
    pub(crate) nonblocking: bool,
    /// The stack's options, while there is neither a connection nor a listener that has them.
    pub(crate) options: SocketOptions,
    /// The socket layer's own.
    pub(crate) setting: Setting,
    /// `connect` made its connection, and not `accept`.
    pub(crate) active: bool,
    /// How `connect` ended is still to be told.
    pub(crate) connecting: bool,
    /// The connection's error was told; it is told once (`sk_err`).
    pub(crate) error_told: bool,
    /// What the end of the connection it had is to be told with.
    pub(crate) last_error: Option<Errno>,
    /// `shutdown` was called though there was no connection.
    pub(crate) read_shut: bool,
    /// Somebody was told that there is no room (`SOCK_NOSPACE`), and is to be woken when there is.
    pub(crate) no_space: bool,
    /// What is told by `MSG_ERRQUEUE`.
    pub(crate) error_queue: ErrorQueue,
    seen: Seen,
}

/// What was seen of a socket when events were last looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Bytes of the stream received, or connections to accept.
    received: u64,
    read_closed: bool,
    hung_up: bool,
    error: bool,
    connected: bool,
}

impl Socket {
    pub(crate) fn new(state: SocketState, nonblocking: bool) -> Self {
        Self {
            state,
            local: None,
            nonblocking,
            options: SocketOptions::default(),
            setting: Setting::default(),
            active: false,
            connecting: false,
            error_told: false,
            last_error: None,
            read_shut: false,
            no_space: false,
            error_queue: ErrorQueue::default(),
            seen: Seen::default(),
        }
    }

    /// The socket has no connection any more, or a new one.
    pub(crate) fn becomes(&mut self, state: SocketState) {
        self.state = state;
        self.active = false;
        self.connecting = false;
        self.error_told = false;
        self.last_error = None;
        self.read_shut = false;
        self.no_space = false;
        self.error_queue = ErrorQueue::default();
        self.seen = Seen::default();
    }

    /// The error of its connection, if it was not told yet: it is now.
    pub(crate) fn take_error(&mut self, shard: Option<&Shard>) -> Option<Errno> {
        let SocketState::Connection(id) = self.state else {
            return self.last_error.take();
        };
        let error = shard?.connection(id)?.error()?;
        (!std::mem::replace(&mut self.error_told, true)).then(|| error.into())
    }

    /// The events that have happened since the last time, as the kernel tells those who wait on the socket.
    pub(crate) fn take_events(&mut self, at: Instant, shard: &Shard) -> u32 {
        let mut notices = false;
        let (now, queued, writable) = match self.state {
            SocketState::Closed => return 0,
            SocketState::Listening(id) => {
                let Some(listener) = shard.listener(id) else {
                    return 0;
                };
                let received = listener.accept_queue.len() as u64;
                (
                    Seen {
                        received,
                        ..Seen::default()
                    },
                    u64::MAX,
                    true,
                )
            }
            SocketState::Connection(id) => {
                let Some(connection) = shard.connection(id) else {
                    return 0;
                };
                let poll = shard.poll(id);
                let queued = connection.queue_lengths().receive_queue as u64;
                let now = Seen {
                    received: connection.offsets().0 + queued,
                    read_closed: poll.read_closed,
                    hung_up: poll.hung_up,
                    error: poll.error,
                    connected: !matches!(connection.state(), State::SynSent | State::SynReceived),
                };
                let acknowledged = shard.tcp_info(at, id).map_or(0, |info| info.bytes_acked);
                notices = self.error_queue.acknowledged(acknowledged);
                (now, queued, poll.writable)
            }
        };
        let before = std::mem::replace(&mut self.seen, now);
        let mut events = 0;
        if now.received > before.received && queued >= u64::from(self.setting.receive_low_water) {
            events |= READABLE;
        }
        if now.connected && !before.connected {
            events |= WRITABLE;
        }
        if now.read_closed && !before.read_closed {
            events |= READABLE | READ_CLOSED;
        }
        if now.hung_up && !before.hung_up {
            events |= READABLE | WRITABLE | HUNG_UP;
        }
        if now.error && !before.error || notices {
            events |= ERROR;
        }
        if self.no_space && writable {
            self.no_space = false;
            events |= WRITABLE;
        }
        events
    }
}
