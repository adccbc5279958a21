//! `write` and its kin.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::socket::{Socket, SocketState};
use crate::waiting::Limit;
use libc::c_int;
use periplus_journey::Instant;
use periplus_stack::{SendFlags, Shard, State, Write};

impl Adapter {
    /// Sends `data`, the part of `length` bytes that could be read.
    pub(crate) fn send(
        &self,
        descriptor: c_int,
        data: &[u8],
        length: usize,
        flags: c_int,
    ) -> Result<usize, Errno> {
        let mut sent = 0;
        let result = self.wait(
            |world| {
                let now = world.now;
                let again = Errno(libc::EAGAIN);
                match world.descriptors.get(descriptor)? {
                    Object::Socket(socket) => {
                        Ok(socket.send_limit(now, flags & libc::MSG_DONTWAIT != 0, again))
                    }
                    Object::Pipe(end) if end.nonblocking => Ok(Limit::None(again)),
                    Object::Pipe(_) => Ok(Limit::Forever),
                    Object::Epoll(_) => Err(Errno(libc::EINVAL)),
                }
            },
            |world| {
                let now = world.now;
                if let Object::Pipe(end) = world.descriptors.get(descriptor)? {
                    return end.write(data);
                }
                let (descriptors, shard) = world.parts(None);
                let socket = descriptors.socket(descriptor)?;
                if flags & (libc::MSG_OOB | libc::MSG_FASTOPEN) != 0 {
                    return Err(Errno(libc::EOPNOTSUPP));
                }
                let flags = SendFlags {
                    more: flags & libc::MSG_MORE != 0,
                    end_of_record: flags & libc::MSG_EOR != 0,
                };
                sent += socket.send(now, shard, &data[sent..], length > 0, flags)?;
                Ok((sent == data.len()).then_some(sent))
            },
        );
        if sent == 0 {
            return result;
        }
        if flags & libc::MSG_ZEROCOPY != 0 {
            self.call(|world| {
                let (descriptors, shard) = world.parts(None);
                descriptors.socket(descriptor)?.zero_copy_ends(shard);
                Ok(())
            })?;
        }
        Ok(sent)
    }
}

impl Socket {
    /// A send with `MSG_ZEROCOPY` has ended; without `SO_ZEROCOPY` it was like any other.
    fn zero_copy_ends(&mut self, shard: &Shard) {
        if let SocketState::Connection(id) = self.state
            && self.setting.zero_copy
            && let Some((_, written)) = shard.offsets(id)
        {
            self.error_queue.sent(written);
        }
    }

    /// How long a write waits; what it is told at the end.
    pub(crate) fn send_limit(&self, now: Instant, dont_wait: bool, over: Errno) -> Limit {
        match self.setting.send_timeout {
            _ if self.nonblocking || dont_wait => Limit::None(over),
            Some(timeout) => Limit::Until(now + timeout, over),
            None => Limit::Forever,
        }
    }

    /// Queues as much of `data` as fits. `is_something`: the caller has bytes to send, though perhaps none that can be read.
    fn send(
        &mut self,
        now: Instant,
        shard: &mut Shard,
        data: &[u8],
        is_something: bool,
        flags: SendFlags,
    ) -> Result<usize, Errno> {
        let SocketState::Connection(id) = self.state else {
            return Err(Errno(libc::EPIPE));
        };
        let state = shard.connection(id).map(|connection| connection.state());
        if matches!(state, Some(State::SynSent | State::SynReceived)) {
            return Ok(0); // it waits for the handshake
        }
        match shard.send(now, id, data, flags) {
            Ok(Write::Accepted(_)) if data.is_empty() && is_something => Err(Errno(libc::EFAULT)),
            Ok(Write::Accepted(count)) => {
                self.no_space |= count < data.len();
                Ok(count)
            }
            Ok(Write::Wait) => {
                self.no_space = true;
                Ok(0)
            }
            Err(_) => Err(self.take_error(Some(shard)).unwrap_or(Errno(libc::EPIPE))),
        }
    }
}
