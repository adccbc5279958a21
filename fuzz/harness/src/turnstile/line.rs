//! A stream in memory, before the turnstile.

use bytes::{Buf, Bytes, BytesMut};
use periplus_serve::PeekStream;
use periplus_stack::Piece;
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncWrite, ReadBuf};

/// The backend's end, and a clone of it the harness's.
#[derive(Clone, Debug)]
pub(super) struct Line(Rc<RefCell<Shared>>);

/// The most that a write takes.
const ROOM: usize = 2048;

#[derive(Debug)]
struct Shared {
    arrived: BytesMut,
    consumed: u64,
    ended: bool,
    sent: Vec<u8>,
    /// The most that the next write takes.
    room: usize,
    reader: Option<Waker>,
}

impl Line {
    /// A line on which nothing was said.
    pub(super) fn new() -> Self {
        Self(Rc::new(RefCell::new(Shared {
            arrived: BytesMut::new(),
            consumed: 0,
            ended: false,
            sent: Vec::new(),
            room: ROOM,
            reader: None,
        })))
    }

    /// Lets bytes arrive.
    pub(super) fn bring(&self, bytes: &[u8]) {
        self.0.borrow_mut().arrived.extend_from_slice(bytes);
        self.wake();
    }

    /// Nothing more arrives.
    pub(super) fn end(&self) {
        self.0.borrow_mut().ended = true;
        self.wake();
    }

    fn wake(&self) {
        let reader = self.0.borrow_mut().reader.take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Bytes that the backend has taken.
    pub(super) fn consumed(&self) -> u64 {
        self.0.borrow().consumed
    }

    /// What the backend has written.
    pub(super) fn take_sent(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().sent)
    }
}

impl PeekStream for Line {
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut shared = self.0.borrow_mut();
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
        let written = Pin::new(self).poll_write(context, data);
        if let Poll::Ready(Ok(length)) = written {
            data.advance(length);
        }
        written
    }

    /// One piece after the other, until one finds no room for all of it.
    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            let bytes = match piece {
                Piece::Copied(bytes) => bytes,
                Piece::Shared(bytes) => &bytes[..],
            };
            match Pin::new(&mut *self).poll_write(context, bytes) {
                Poll::Ready(Ok(length)) => {
                    taken += length;
                    if length < bytes.len() {
                        break;
                    }
                }
                _ if taken > 0 => break,
                trouble => return trouble,
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_delivered(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn set_abort_on_drop(&mut self, _: bool) {}
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // A little less each time, so that what is written is cut as well.
        let mut shared = self.0.borrow_mut();
        let length = bytes.len().min(shared.room);
        shared.room = if shared.room > 1 {
            shared.room / 2
        } else {
            ROOM
        };
        shared.sent.extend_from_slice(&bytes[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
