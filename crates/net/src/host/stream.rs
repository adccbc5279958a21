//! A connection of the host's.

use super::HostJournal;
use super::buffer::Buffer;
use bytes::{Buf, Bytes};
use periplus_journey::Outcome;
use periplus_stack::Piece;
use rustix::net::sockopt::set_socket_linger;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Pieces that are written at once.
const PIECES: usize = 16;

/// A stream over the host's own TCP, whose journeys are recorded as far as they can be seen from here.
#[derive(Debug)]
pub struct HostStream {
    stream: TcpStream,
    journal: HostJournal,
    buffer: Buffer,
    /// The peer has ended its direction.
    ended: bool,
    /// To be dropped is to be reset.
    abort_on_drop: bool,
    /// How the connection came to its end, if it was not in order.
    broken: Option<(Outcome, &'static str)>,
}

impl HostStream {
    pub(super) fn new(stream: TcpStream, journal: HostJournal) -> Self {
        Self {
            stream,
            journal,
            buffer: Buffer::default(),
            ended: false,
            abort_on_drop: false,
            broken: None,
        }
    }

    /// Sets its marks.
    pub fn journal(&self) -> HostJournal {
        self.journal.clone()
    }

    /// The client.
    pub fn peer_addr(&self) -> SocketAddr {
        self.journal.peer()
    }

    /// Copies received bytes into `buffer` without taking them. Ready with nothing copied is the end of the stream.
    ///
    /// # Errors
    ///
    /// When the connection is broken.
    pub fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.buffer.unread().is_empty() && !self.ended {
            ready!(self.poll_receive(context))?;
        }
        let unread = self.buffer.unread();
        buffer.put_slice(&unread[..unread.len().min(buffer.remaining())]);
        Poll::Ready(Ok(()))
    }

    /// Takes `length` bytes that a peek has shown.
    pub fn consume(&mut self, length: usize) {
        let length = length.min(self.buffer.unread().len());
        if length > 0 {
            self.journal.read(length);
            self.buffer.consume(length);
        }
    }

    /// Writes bytes off the front of `data`, as many as the host takes, and says how many.
    ///
    /// # Errors
    ///
    /// When the connection is broken.
    pub fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.poll_write_slices(context, &[IoSlice::new(data)]))?;
        data.advance(written);
        Poll::Ready(Ok(written))
    }

    /// Writes bytes off the front of `pieces`, one after the other, as many as the host takes, and says how many.
    ///
    /// # Errors
    ///
    /// When the connection is broken.
    pub fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(match piece {
                Piece::Copied(bytes) => bytes,
                Piece::Shared(bytes) => bytes,
            });
        }
        self.poll_write_slices(context, &slices[..pieces.len().min(PIECES)])
    }

    /// Resets the connection, so that the peer does not take what was sent for the whole.
    pub fn abort(mut self) {
        self.set_abort_on_drop(true);
    }

    /// Whether dropping the stream is to [abort](Self::abort) it: as long as an answer is on its way whose end an orderly close
    /// would seem to be.
    pub fn set_abort_on_drop(&mut self, abort: bool) {
        self.abort_on_drop = abort;
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.stream);
        let read = ready!(self.buffer.fill(|buffer| stream.poll_read(context, buffer)));
        self.note(read)?;
        match self.buffer.unread().len() {
            0 => self.ended = true,
            length => self.journal.received(length),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_slices(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write_vectored(context, slices)
        else {
            self.journal.blocked();
            return Poll::Pending;
        };
        let written = self.note(written)?;
        if written > 0 {
            self.journal.written(written);
        }
        Poll::Ready(Ok(written))
    }

    /// Remembers how the connection was broken.
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.broken = Some(match error.kind() {
                ErrorKind::TimedOut => (Outcome::Timeout, "host_timeout"),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                    (Outcome::Reset, "reset_by_peer")
                }
                _ => (Outcome::Reset, "host_error"),
            });
        }
        result
    }
}

impl AsyncRead for HostStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        let before = buffer.filled().len();
        ready!(stream.poll_peek(context, buffer))?;
        stream.consume(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HostStream {
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

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl Drop for HostStream {
    fn drop(&mut self) {
        if self.abort_on_drop && self.broken.is_none() {
            self.broken = Some((Outcome::Reset, "aborted"));
            // Where it cannot be set the connection is broken already.
            let _ = set_socket_linger(&self.stream, Some(Duration::ZERO));
        }
        let (outcome, reason) = match self.broken {
            Some((outcome, reason)) => (outcome, Some(reason)),
            None => (Outcome::Closed, None),
        };
        self.journal.end(outcome, reason);
    }
}
