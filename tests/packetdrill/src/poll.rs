//! `poll`: what can be done with a descriptor now, in the kernel's bits.

use crate::descriptors::{Descriptors, Object};
use crate::socket::{Socket, SocketState};
use libc::{c_int, c_short};
use periplus_stack::{Poll, Shard};

/// `POLLIN` and the like are the same bits as `EPOLLIN` and the like.
const fn bits(poll: c_short) -> u32 {
    poll as u32
}

/// A read would not wait.
pub(crate) const READABLE: u32 = bits(libc::POLLIN | libc::POLLRDNORM);
/// A write would not wait.
pub(crate) const WRITABLE: u32 = bits(libc::POLLOUT | libc::POLLWRNORM);
/// The peer will send no more.
pub(crate) const READ_CLOSED: u32 = bits(libc::POLLRDHUP);
/// Neither end will send any more.
pub(crate) const HUNG_UP: u32 = bits(libc::POLLHUP);
/// An error waits to be taken.
pub(crate) const ERROR: u32 = bits(libc::POLLERR);

impl Descriptors {
    /// What a look at the descriptor gives, as the kernel's `poll` of its kind of file; `POLLNVAL` if there is none. A socket
    /// that has no room will wake who waits for it.
    pub(crate) fn poll(&mut self, descriptor: c_int, shard: Option<&mut Shard>) -> u32 {
        match self.get(descriptor) {
            Err(_) => bits(libc::POLLNVAL),
            Ok(Object::Socket(socket)) => socket.poll(shard),
            Ok(Object::Pipe(end)) => end.poll(),
            Ok(Object::Epoll(_)) => 0,
        }
    }
}

impl Socket {
    /// What a look at the socket gives, as Linux's `tcp_poll`.
    pub(crate) fn poll(&mut self, shard: Option<&mut Shard>) -> u32 {
        let poll = match (self.state, shard) {
            (SocketState::Listening(id), Some(shard)) => shard.poll_listener(id),
            (SocketState::Connection(id), Some(shard)) => {
                let mut poll = shard.poll(id);
                let queued = shard
                    .connection(id)
                    .map(|connection| connection.queue_lengths());
                let queued = queued.map_or(0, |queues| queues.receive_queue);
                poll.readable = poll.read_closed
                    || poll.readable && queued >= self.setting.receive_low_water as usize;
                poll.error &= !self.error_told;
                poll.error |= !self.error_queue.is_empty();
                poll
            }
            _ => Poll {
                readable: self.read_shut,
                read_closed: self.read_shut,
                writable: true,
                hung_up: true,
                error: self.last_error.is_some(),
            },
        };
        self.no_space |= !poll.writable;
        let mut events = 0;
        for (is, bits) in [
            (poll.readable, READABLE),
            (poll.writable, WRITABLE),
            (poll.read_closed, READ_CLOSED),
            (poll.hung_up, HUNG_UP),
            (poll.error, ERROR),
        ] {
            events |= if is { bits } else { 0 };
        }
        events
    }
}
