//! The stream that h2 reads and writes.

use crate::stream::PeekStream;
use crate::turnstile::Handed;
use arrayvec::ArrayVec;
use bytes::Bytes;
use periplus_net::Piece;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Slices that are written at once: frames' headers, and what they hold.
const PIECES: usize = 16;

/// Who is told what passes.
pub(super) trait Watch {
    /// Whether nothing more is to be read.
    fn is_flooded(&self) -> bool;

    /// These bytes were taken off the stream.
    fn received(&self, bytes: &[u8]);

    /// Bytes were offered to the stream beneath, and found no room there, or some.
    fn writing(&self, is_full: bool);

    /// These bytes were written to the stream.
    fn sent(&self, bytes: &[u8]);
}

/// A stream whose every byte is seen as it passes. It holds nothing back: the flow control of HTTP/2 bounds what waits in h2.
///
/// What is beneath it is not in its type: h2 is large, and built once instead of anew for every kind of stream.
pub(super) struct Watched {
    /// h2 does not give it back, so that it is shared with who waits for that.
    stream: Rc<RefCell<dyn PeekStream>>,
    watch: Rc<dyn Watch>,
    handed: Handed,
}

impl Watched {
    pub(super) fn new(
        stream: Rc<RefCell<dyn PeekStream>>,
        watch: Rc<dyn Watch>,
        handed: Handed,
    ) -> Self {
        Self {
            stream,
            watch,
            handed,
        }
    }

    /// Writes h2's slices as one write, those without a copy that lie in bytes that are known.
    fn poll_write_slices(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let filled = slices.iter().filter(|slice| !slice.is_empty());
        let slices: ArrayVec<&[u8], PIECES> = filled.map(|slice| &**slice).take(PIECES).collect();
        if slices.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let known = slices.iter().map(|slice| self.handed.find(slice));
        let known: ArrayVec<Option<Bytes>, PIECES> = known.collect();
        let pieces = slices.iter().zip(&known);
        let pieces: ArrayVec<Piece<'_>, PIECES> = pieces
            .map(|(slice, known)| known.as_ref().map_or(Piece::Copied(slice), Piece::Shared))
            .collect();
        let written = self.stream.borrow_mut().poll_write_pieces(context, &pieces);
        self.watch.writing(written.is_pending());
        let length = ready!(written)?;
        let mut left = length;
        for slice in slices {
            let written = &slice[..left.min(slice.len())];
            left -= written.len();
            self.handed.written(written);
            self.watch.sent(written);
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A flood is read no further: the connection is about to end.
        if self.watch.is_flooded() {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let mut stream = self.stream.borrow_mut();
        ready!(stream.poll_peek(context, buffer))?;
        let seen = &buffer.filled()[before..];
        stream.consume(seen.len());
        drop(stream);
        self.watch.received(seen);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_write_slices(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_slices(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(context)
    }
}
