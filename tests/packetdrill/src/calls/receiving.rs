//! `read` and its kin.

use crate::adapter::Adapter;
use crate::control::Control;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::memory::Pieces;
use crate::socket::{Socket, SocketState};
use crate::waiting::Limit;
use libc::c_int;
use periplus_journey::Instant;
use periplus_stack::{Read, Shard};

/// What a `recvmsg` gives besides its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The bytes, and how many they count for: with `MSG_TRUNC` none are given.
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: usize,
    /// Control data and flags of a `recvmsg`.
    pub(crate) controls: Vec<Control>,
    pub(crate) flags: c_int,
}

impl From<Vec<u8>> for Received {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            count: bytes.len(),
            bytes,
            controls: Vec::new(),
            flags: 0,
        }
    }
}

impl Adapter {
    /// Receives into `pieces`.
    pub(crate) fn receive(
        &self,
        descriptor: c_int,
        pieces: &Pieces,
        flags: c_int,
    ) -> Result<Received, Errno> {
        let (room, usable) = (pieces.len(), pieces.usable());
        let mut got = Vec::new();
        self.wait(
            |world| {
                let now = world.now;
                match world.descriptors.get(descriptor)? {
                    Object::Socket(socket) => {
                        Ok(socket.receive_limit(now, flags & libc::MSG_DONTWAIT != 0))
                    }
                    Object::Pipe(end) if end.nonblocking => Ok(Limit::None(Errno(libc::EAGAIN))),
                    Object::Pipe(_) => Ok(Limit::Forever),
                    Object::Epoll(_) => Err(Errno(libc::EINVAL)),
                }
            },
            |world| {
                let now = world.now;
                if let Object::Pipe(end) = world.descriptors.get(descriptor)? {
                    let bytes = end.read(usable)?;
                    return Ok(bytes.map(Received::from));
                }
                let (descriptors, shard) = world.parts(None);
                let socket = descriptors.socket(descriptor)?;
                if flags & libc::MSG_ERRQUEUE != 0 {
                    return socket.receive_notice().map(Some);
                }
                let Some(count) = socket.receive(now, shard, (room, usable), flags, &mut got)?
                else {
                    return Ok(None);
                };
                let controls = socket.tell_left(shard);
                let bytes = std::mem::take(&mut got);
                Ok(Some(Received {
                    count,
                    controls,
                    ..bytes.into()
                }))
            },
        )
        .or_else(|errno| match got.len() {
            0 => Err(errno),
            _ => Ok(got.into()),
        })
    }
}

impl Socket {
    /// How long a read waits.
    pub(crate) fn receive_limit(&self, now: Instant, dont_wait: bool) -> Limit {
        let again = Errno(libc::EAGAIN);
        match self.setting.receive_timeout {
            _ if self.nonblocking || dont_wait => Limit::None(again),
            Some(timeout) => Limit::Until(now + timeout, again),
            None => Limit::Forever,
        }
    }

    /// Takes what there is, as `tcp_recvmsg` does: `got` grows to at most `room` bytes, and the count is given when the call is
    /// over by it.
    fn receive(
        &mut self,
        now: Instant,
        shard: &mut Shard,
        (room, usable): (usize, usize),
        flags: c_int,
        got: &mut Vec<u8>,
    ) -> Result<Option<usize>, Errno> {
        let SocketState::Connection(id) = self.state else {
            return Err(Errno(libc::ENOTCONN));
        };
        if flags & libc::MSG_OOB != 0 {
            return Err(Errno(libc::EINVAL)); // there is no urgent data
        }
        let least = if flags & libc::MSG_WAITALL != 0 {
            room
        } else {
            room.min(self.setting.receive_low_water as usize)
        };
        let (peeks, throws_away) = (flags & libc::MSG_PEEK != 0, flags & libc::MSG_TRUNC != 0);
        if peeks {
            got.clear();
        }
        while got.len() < room {
            let mut buffer = vec![0; room - got.len()];
            match shard.peek(id, &mut buffer) {
                Ok(Read::Data(_)) if !throws_away && usable <= got.len() => {
                    return if got.is_empty() {
                        Err(Errno(libc::EFAULT))
                    } else {
                        Ok(Some(got.len()))
                    };
                }
                Ok(Read::Data(count)) => {
                    let count = if throws_away {
                        count
                    } else {
                        count.min(usable - got.len())
                    };
                    got.extend_from_slice(&buffer[..count]);
                    if peeks {
                        break;
                    }
                    shard.consume(now, id, count);
                }
                Ok(Read::End) => return Ok(Some(self.given(got, throws_away))),
                Ok(Read::Wait) if got.len() >= least && !got.is_empty() => break,
                Ok(Read::Wait) => return Ok(None),
                Err(_) if !got.is_empty() => break,
                Err(_) => return self.take_error(Some(shard)).map_or(Ok(Some(0)), Err),
            }
        }
        if peeks && got.len() < least {
            return Ok(None);
        }
        Ok(Some(self.given(got, throws_away)))
    }

    /// Takes a notice off the error queue. For one, no call waits.
    fn receive_notice(&mut self) -> Result<Received, Errno> {
        let notice = self.error_queue.pop().ok_or(Errno(libc::EAGAIN))?;
        Ok(Received {
            controls: vec![notice],
            flags: libc::MSG_ERRQUEUE,
            ..Vec::new().into()
        })
    }

    /// What `TCP_INQ` asks a `recvmsg` to tell.
    fn tell_left(&self, shard: &Shard) -> Vec<Control> {
        let left = self.setting.tells_left.then(|| Control {
            level: libc::IPPROTO_TCP,
            kind: libc::TCP_INQ, // `TCP_CM_INQ` is the same
            data: (self.left(shard) as c_int).to_ne_bytes().to_vec(),
        });
        left.into_iter().collect()
    }

    /// How much the call gives: with `MSG_TRUNC`, only the count.
    fn given(&self, got: &mut Vec<u8>, throws_away: bool) -> usize {
        let count = got.len();
        if throws_away {
            got.clear();
        }
        count
    }

    /// Bytes that could be read without waiting (`SIOCINQ`).
    pub(crate) fn left(&self, shard: &Shard) -> usize {
        let SocketState::Connection(id) = self.state else {
            return 0;
        };
        let connection = shard.connection(id);
        connection.map_or(0, |connection| connection.queue_lengths().receive_queue)
    }
}
