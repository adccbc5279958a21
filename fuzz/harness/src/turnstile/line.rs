//! A stream in memory, before the turnstile.

use bytes::{Buf, Bytes, BytesMut};
use periplus_serve::PeekStream;
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncWrite, ReadBuf};

/// The backend's end, and a clone of it the harness's.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Rc<RefCell<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    arrived: BytesMut,
    consumed: u64,
    ended: bool,
    sent: Vec<u8>,
    reader: Option<Waker>,
}

impl Line {
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
        data.clear();
        written
    }

    fn poll_delivered(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn abort(self) {}
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().sent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
