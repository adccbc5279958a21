//! `fcntl` and `ioctl`.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::socket::SocketState;
use libc::{c_int, c_ulong};
use periplus_stack::State;

/// Bytes that can be read.
const SIOCINQ: c_ulong = libc::FIONREAD as c_ulong;
/// Bytes that are not acknowledged, sent or not.
const SIOCOUTQ: c_ulong = libc::TIOCOUTQ as c_ulong;
/// Bytes that were not sent.
const SIOCOUTQNSD: c_ulong = 0x894b;

impl Adapter {
    pub(crate) fn fcntl(
        &self,
        descriptor: c_int,
        command: c_int,
        argument: c_int,
    ) -> Result<c_int, Errno> {
        self.call(|world| {
            let nonblocking = match world.descriptors.get(descriptor)? {
                Object::Socket(socket) => Some(&mut socket.nonblocking),
                Object::Pipe(end) => Some(&mut end.nonblocking),
                Object::Epoll(_) => None,
            };
            match command {
                libc::F_GETFL => {
                    let nonblocking = nonblocking.is_some_and(|nonblocking| *nonblocking);
                    Ok(libc::O_RDWR | if nonblocking { libc::O_NONBLOCK } else { 0 })
                }
                libc::F_SETFL => {
                    if let Some(nonblocking) = nonblocking {
                        *nonblocking = argument & libc::O_NONBLOCK != 0;
                    }
                    Ok(0)
                }
                libc::F_GETFD | libc::F_SETFD => {
                    // SAFETY: the descriptor is ours, and no memory is involved.
                    let result = unsafe { libc::fcntl(descriptor, command, argument) };
                    if result < 0 {
                        Err(Errno::last())
                    } else {
                        Ok(result)
                    }
                }
                _ => Err(Errno(libc::EINVAL)),
            }
        })
    }

    /// What an `ioctl` gives; `argument` is what one that sets something is given.
    pub(crate) fn ioctl(
        &self,
        descriptor: c_int,
        request: c_ulong,
        argument: impl FnOnce() -> Result<c_int, Errno>,
    ) -> Result<Option<c_int>, Errno> {
        self.call(|world| {
            let (descriptors, shard) = world.parts(None);
            let socket = match descriptors.get(descriptor)? {
                Object::Socket(socket) => socket,
                Object::Pipe(end) if request == SIOCINQ => return Ok(Some(end.len() as c_int)),
                _ => return Err(Errno(libc::ENOTTY)),
            };
            if request == libc::FIONBIO as c_ulong {
                socket.nonblocking = argument()? != 0;
                return Ok(None);
            }
            if ![SIOCINQ, SIOCOUTQ, SIOCOUTQNSD].contains(&request) {
                return Err(Errno(libc::ENOTTY));
            }
            let id = match socket.state {
                SocketState::Listening(_) => return Err(Errno(libc::EINVAL)),
                SocketState::Closed => return Ok(Some(0)),
                SocketState::Connection(id) => id,
            };
            let Some(connection) = shard.connection(id) else {
                return Ok(Some(0));
            };
            let queues = connection.queue_lengths();
            let fin = matches!(
                connection.state(),
                State::FinWait1 | State::Closing | State::LastAck
            );
            let bytes = match request {
                SIOCINQ => queues.receive_queue,
                SIOCOUTQ => queues.send_queue + queues.retransmit_queue + usize::from(fin),
                _ => queues.send_queue,
            };
            Ok(Some(bytes as c_int))
        })
    }
}
