//! `pipe` and `splice`.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::memory::Pieces;
use crate::pipe::PipeEnd;
use libc::{c_int, c_uint};

impl Adapter {
    /// The ends to read and to write.
    pub(crate) fn pipe(&self) -> Result<[c_int; 2], Errno> {
        self.call(|world| {
            let (reader, writer) = PipeEnd::pair();
            let reader = world.descriptors.open(Object::Pipe(reader))?;
            Ok([reader, world.descriptors.open(Object::Pipe(writer))?])
        })
    }

    /// Moves at most `length` bytes from a pipe, or into one.
    pub(crate) fn splice(
        &self,
        from: c_int,
        to: c_int,
        length: usize,
        flags: c_uint,
    ) -> Result<usize, Errno> {
        let (readable, writable) = self.call(|world| {
            let mut pipe = |descriptor| match world.descriptors.get(descriptor)? {
                Object::Pipe(end) => Ok(Some((end.len(), end.room()))),
                Object::Socket(_) => Ok(None),
                Object::Epoll(_) => Err(Errno(libc::EINVAL)),
            };
            Ok((pipe(from)?, pipe(to)?))
        })?;
        let dont_wait = if flags & libc::SPLICE_F_NONBLOCK != 0 {
            libc::MSG_DONTWAIT
        } else {
            0
        };
        let more = if flags & libc::SPLICE_F_MORE != 0 {
            libc::MSG_MORE
        } else {
            0
        };
        let most = match (readable, writable) {
            (None, None) => return Err(Errno(libc::EINVAL)),
            (_, Some((_, 0))) => return Err(Errno(libc::EAGAIN)),
            (_, Some((_, room))) => length.min(room),
            (Some((there, _)), None) => length.min(there.max(1)),
        };
        let mut buffer = vec![0u8; most];
        let room = Pieces::one(buffer.as_mut_ptr().cast(), most);
        let received = self.receive(from, &room, dont_wait)?;
        self.send(to, &received.bytes, received.bytes.len(), dont_wait | more)
    }
}
