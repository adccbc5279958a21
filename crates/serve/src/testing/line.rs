//! A stream between a test and the backend, in memory.

use crate::stream::PeekStream;
use bytes::{Buf, Bytes, BytesMut};
use periplus_net::Piece;
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The backend's end of a line.
#[derive(Debug)]
pub(crate) struct Line(Rc<RefCell<Shared>>);

/// The test's end of a line.
#[derive(Clone, Debug)]
pub(crate) struct Far(Rc<RefCell<Shared>>);

#[derive(Debug)]
struct Shared {
    arrived: BytesMut,
    consumed: u64,
    ended: bool,
    reset: bool,
    sent: Vec<u8>,
    /// Bytes that were queued without a copy.
    shared: u64,
    writes: u64,
    /// Bytes that may still be written.
    room: usize,
    shut: bool,
    abort_on_drop: bool,
    dropped: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    far: Option<Waker>,
}

/// A line with endless room, on which nothing was said yet.
pub(crate) fn line() -> (Line, Far) {
    let shared = Rc::new(RefCell::new(Shared {
        arrived: BytesMut::new(),
        consumed: 0,
        ended: false,
        reset: false,
        sent: Vec::new(),
        shared: 0,
        writes: 0,
        room: usize::MAX,
        shut: false,
        abort_on_drop: false,
        dropped: false,
        reader: None,
        writer: None,
        far: None,
    }));
    (Line(shared.clone()), Far(shared))
}

impl Far {
    /// Lets bytes arrive.
    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) {
        let mut shared = self.0.borrow_mut();
        shared.arrived.extend_from_slice(bytes.as_ref());
        wake(&mut shared.reader);
    }

    /// Ends the direction to the backend.
    pub(crate) fn end(&self) {
        let mut shared = self.0.borrow_mut();
        shared.ended = true;
        wake(&mut shared.reader);
    }

    /// Resets the connection.
    pub(crate) fn reset(&self) {
        let mut shared = self.0.borrow_mut();
        shared.reset = true;
        wake(&mut shared.reader);
        wake(&mut shared.writer);
    }

    /// Sets how many more bytes may be written.
    pub(crate) fn set_room(&self, room: usize) {
        let mut shared = self.0.borrow_mut();
        shared.room = room;
        wake(&mut shared.writer);
    }

    /// Whether a writer waits for room.
    pub(crate) fn is_full(&self) -> bool {
        self.0.borrow().writer.is_some()
    }

    /// How many bytes the backend has taken.
    pub(crate) fn consumed(&self) -> u64 {
        self.0.borrow().consumed
    }

    /// How many bytes were queued without a copy.
    pub(crate) fn shared(&self) -> u64 {
        self.0.borrow().shared
    }

    /// In how many writes of pieces.
    pub(crate) fn writes(&self) -> u64 {
        self.0.borrow().writes
    }

    /// What the backend has written.
    pub(crate) fn sent(&self) -> Vec<u8> {
        self.0.borrow().sent.clone()
    }

    /// What the backend has written, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow().sent).into_owned()
    }

    /// Whether the backend has ended its direction.
    pub(crate) fn is_shut(&self) -> bool {
        self.0.borrow().shut
    }

    /// Whether the backend has reset the connection.
    pub(crate) fn is_aborted(&self) -> bool {
        let shared = self.0.borrow();
        shared.dropped && shared.abort_on_drop
    }

    /// Whether the backend has let go of the line.
    pub(crate) fn is_dropped(&self) -> bool {
        self.0.borrow().dropped
    }

    /// Waits until the backend has let go of the line.
    pub(crate) async fn dropped(&self) {
        std::future::poll_fn(|context| {
            let mut shared = self.0.borrow_mut();
            if shared.dropped {
                return Poll::Ready(());
            }
            shared.far = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Waits until what was written satisfies `condition`.
    pub(crate) async fn until_sent(&self, condition: impl Fn(&[u8]) -> bool) {
        std::future::poll_fn(|context| {
            let mut shared = self.0.borrow_mut();
            if condition(&shared.sent) || shared.dropped {
                return Poll::Ready(());
            }
            shared.far = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl PeekStream for Line {
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut shared = self.0.borrow_mut();
        if shared.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let length = shared.arrived.len().min(buffer.remaining());
        if length == 0 && !shared.ended {
            shared.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        buffer.put_slice(&shared.arrived[..length]);
        Poll::Ready(Ok(()))
    }

    fn consume(&mut self, length: usize) {
        let mut shared = self.0.borrow_mut();
        shared.arrived.advance(length);
        shared.consumed += length as u64;
    }

    fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self).poll_write(context, data);
        if let Poll::Ready(Ok(length)) = written {
            data.advance(length);
            self.0.borrow_mut().shared += length as u64;
        }
        written
    }

    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            let written = match *piece {
                Piece::Copied(bytes) => Pin::new(&mut *self).poll_write(context, bytes),
                Piece::Shared(bytes) => self.poll_write_bytes(context, &mut bytes.clone()),
            };
            match written {
                Poll::Ready(Ok(length)) => {
                    taken += length;
                    if length < piece.len() {
                        break;
                    }
                }
                _ if taken > 0 => break,
                trouble => return trouble,
            }
        }
        self.0.borrow_mut().writes += u64::from(taken > 0);
        Poll::Ready(Ok(taken))
    }

    fn poll_delivered(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn set_abort_on_drop(&mut self, abort: bool) {
        self.0.borrow_mut().abort_on_drop = abort;
    }
}

/// For what reads the line without a turnstile.
impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let before = buffer.filled().len();
        let peeked = line.poll_peek(context, buffer);
        line.consume(buffer.filled().len() - before);
        peeked
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut shared = self.0.borrow_mut();
        if shared.reset {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let length = bytes.len().min(shared.room);
        if length == 0 {
            shared.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        shared.sent.extend_from_slice(&bytes[..length]);
        shared.room -= length;
        wake(&mut shared.far);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().shut = true;
        Poll::Ready(Ok(()))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut shared = self.0.borrow_mut();
        shared.dropped = true;
        wake(&mut shared.far);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
