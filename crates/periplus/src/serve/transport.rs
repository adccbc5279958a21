//! Connections of our own stack and of the host's, as one kind: what serves them is large, and is built once for both.

use bytes::Bytes;
use periplus_journey::{Instant, Mark};
use periplus_net::host::{HostJournal, HostListener, HostStream};
use periplus_net::{Journal, Piece, TcpListener, TcpStream};
use periplus_serve::{Acceptor, Marks, PeekStream};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncWrite, ReadBuf};

/// Where connections come from.
pub(super) enum Transport {
    Own(TcpListener),
    Host(HostListener),
}

/// A connection.
pub(super) enum Stream {
    Own(TcpStream),
    Host(HostStream),
}

/// What is told of it.
#[derive(Clone)]
pub(super) enum Told {
    Own(Journal),
    Host(HostJournal),
}

/// The same of either.
macro_rules! either {
    ($kind:ident, $value:expr, $one:ident => $same:expr) => {
        match $value {
            $kind::Own($one) => $same,
            $kind::Host($one) => $same,
        }
    };
}

impl Transport {
    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        either!(Transport, self, listener => listener.local_addr())
    }
}

impl Acceptor for Transport {
    type Stream = Stream;
    type Marks = Told;

    async fn accept(&mut self) -> io::Result<(Stream, Told)> {
        match self {
            Self::Own(listener) => {
                let (stream, journal) = Acceptor::accept(listener).await?;
                Ok((Stream::Own(stream), Told::Own(journal)))
            }
            Self::Host(listener) => {
                let (stream, journal) = Acceptor::accept(listener).await?;
                Ok((Stream::Host(stream), Told::Host(journal)))
            }
        }
    }
}

impl PeekStream for Stream {
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(Stream, self, stream => stream.poll_peek(context, buffer))
    }

    fn poll_failed(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        either!(Stream, self, stream => stream.poll_failed(context))
    }

    fn consume(&mut self, length: usize) {
        either!(Stream, self, stream => stream.consume(length));
    }

    fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        either!(Stream, self, stream => stream.poll_write_bytes(context, data))
    }

    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(Stream, self, stream => stream.poll_write_pieces(context, pieces))
    }

    fn poll_delivered(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Stream, self, stream => PeekStream::poll_delivered(stream, context))
    }

    fn agreed(&self) -> Option<&[u8]> {
        either!(Stream, self, stream => stream.agreed())
    }

    fn set_abort_on_drop(&mut self, abort: bool) {
        either!(Stream, self, stream => stream.set_abort_on_drop(abort));
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(Stream, self.get_mut(), stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(Stream, self.get_mut(), stream => Pin::new(stream).poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        either!(Stream, self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Stream, self.get_mut(), stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Stream, self.get_mut(), stream => Pin::new(stream).poll_shutdown(context))
    }
}

impl Marks for Told {
    fn of_stream(&self, stream: u32) -> Self {
        match self {
            Self::Own(journal) => Self::Own(journal.of_stream(stream)),
            Self::Host(journal) => Self::Host(journal.of_stream(stream)),
        }
    }

    fn mark(&self, mark: Mark) {
        either!(Told, self, journal => Marks::mark(journal, mark));
    }

    fn mark_all<const N: usize>(&self, marks: [Mark; N]) {
        either!(Told, self, journal => Marks::mark_all(journal, marks));
    }

    fn acknowledged(&self) -> Option<u64> {
        either!(Told, self, journal => Marks::acknowledged(journal))
    }

    /// Both are told by one clock.
    fn now() -> Instant {
        Journal::now()
    }
}
