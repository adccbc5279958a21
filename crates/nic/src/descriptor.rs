//! A descriptor that is joined to the runtime when somebody first waits for it: a device may be opened before there is one.

use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A non-blocking descriptor.
#[derive(Debug)]
pub(crate) struct Descriptor {
    fd: Arc<OwnedFd>,
    joined: Option<AsyncFd<Arc<OwnedFd>>>,
}

impl Descriptor {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        Self {
            fd: Arc::new(fd),
            joined: None,
        }
    }

    /// Reads, unless it is known that there is nothing. `WOULDBLOCK` is then known until the runtime sees something new: a
    /// wait costs one read in vain, and a look without anything new none.
    pub(crate) fn read<R>(
        &self,
        read: impl FnOnce(BorrowedFd<'_>) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let Some(joined) = &self.joined else {
            return read(self.fd.as_fd());
        };
        let result = joined.try_io(Interest::READABLE, |fd| Ok(read(fd.as_fd())?));
        // it has not read if it says `WouldBlock` by itself, which has no number
        result.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::WOULDBLOCK))
    }

    /// Ready when [`read`](Self::read) may give something.
    pub(crate) fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // the guard goes, the readiness stays: only a read in vain ends it
        self.joined().poll_read_ready(context).map(drop)
    }

    /// Writes at once, whatever the runtime knows.
    pub(crate) fn write<R>(&self, write: impl FnOnce(BorrowedFd<'_>) -> R) -> R {
        write(self.fd.as_fd())
    }

    /// Ready when `write` does not answer `WOULDBLOCK`, with what it answers instead.
    pub(crate) fn poll_write<R>(
        &mut self,
        context: &mut Context<'_>,
        mut write: impl FnMut(BorrowedFd<'_>) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        let joined = self.joined();
        while let Poll::Ready(readiness) = joined.poll_write_ready(context) {
            let Ok(mut readiness) = readiness else { break };
            match write(joined.get_ref().as_fd()) {
                Err(Errno::WOULDBLOCK) => readiness.clear_ready(),
                result => return Poll::Ready(result),
            }
        }
        Poll::Pending
    }

    /// # Panics
    /// Outside a tokio runtime with I/O, or if that cannot take one descriptor more.
    fn joined(&mut self) -> &AsyncFd<Arc<OwnedFd>> {
        self.joined.get_or_insert_with(|| {
            #[allow(
                deprecated,
                reason = "unsound for types that change their descriptor; this does not, and `register` is unsafe"
            )]
            AsyncFd::new(Arc::clone(&self.fd)).expect("the runtime takes one descriptor a device")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::{read, write};
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use std::future::poll_fn;

    fn pair() -> (Descriptor, OwnedFd) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        (Descriptor::new(ours), theirs)
    }

    fn take(descriptor: &Descriptor) -> Result<usize, Errno> {
        descriptor.read(|fd| read(fd, &mut [0u8; 8]))
    }

    #[tokio::test]
    async fn what_comes_after_a_read_in_vain_wakes() {
        let (mut descriptor, peer) = pair();
        assert_eq!(take(&descriptor), Err(Errno::WOULDBLOCK));
        for _ in 0..3 {
            write(&peer, b"frame").unwrap();
            poll_fn(|context| descriptor.poll_readable(context)).await;
            assert_eq!(take(&descriptor), Ok(5));
            assert_eq!(take(&descriptor), Err(Errno::WOULDBLOCK));
        }
    }

    #[tokio::test]
    async fn what_is_left_unread_is_ready_at_once() {
        let (mut descriptor, peer) = pair();
        write(&peer, b"first").unwrap();
        write(&peer, b"second").unwrap();
        poll_fn(|context| descriptor.poll_readable(context)).await;
        assert_eq!(take(&descriptor), Ok(5));
        poll_fn(|context| descriptor.poll_readable(context)).await;
        assert_eq!(take(&descriptor), Ok(6));
    }

    #[tokio::test]
    async fn a_write_waits_until_the_other_end_makes_room() {
        let (mut descriptor, peer) = pair();
        let mut written = 0;
        while descriptor.write(|fd| write(fd, b"frame")).is_ok() {
            written += 1;
        }
        let reader = async {
            for _ in 0..written {
                read(&peer, &mut [0u8; 8]).unwrap();
            }
        };
        let writer = poll_fn(|context| descriptor.poll_write(context, |fd| write(fd, b"frame")));
        let (result, ()) = tokio::join!(writer, reader);
        assert_eq!(result, Ok(5));
    }
}
