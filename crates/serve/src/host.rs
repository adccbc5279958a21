//! The host's own streams, journals and listeners.

use crate::marks::Marks;
use crate::server::Acceptor;
use crate::stream::PeekStream;
use bytes::Bytes;
use periplus_journey::{Instant, Mark};
use periplus_net::Piece;
use periplus_net::host::{HostJournal, HostListener, HostStream};
use std::io;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

impl PeekStream for HostStream {
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        HostStream::poll_peek(self, context, buffer)
    }

    fn consume(&mut self, length: usize) {
        HostStream::consume(self, length);
    }

    fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        HostStream::poll_write_bytes(self, context, data)
    }

    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        HostStream::poll_write_pieces(self, context, pieces)
    }

    /// The host delivers what it has taken, within limits of its own.
    fn poll_delivered(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn set_abort_on_drop(&mut self, abort: bool) {
        HostStream::set_abort_on_drop(self, abort);
    }
}

impl Marks for HostJournal {
    fn of_stream(&self, stream: u32) -> Self {
        HostJournal::of_stream(self, stream)
    }

    fn mark(&self, mark: Mark) {
        HostJournal::mark(self, mark);
    }

    fn mark_all<const N: usize>(&self, marks: [Mark; N]) {
        HostJournal::mark_all(self, marks);
    }

    fn now() -> Instant {
        HostJournal::now()
    }

    /// What the peer has acknowledged is the host's to know.
    fn acknowledged(&self) -> Option<u64> {
        None
    }
}

impl Acceptor for HostListener {
    type Stream = HostStream;
    type Marks = HostJournal;

    async fn accept(&mut self) -> io::Result<(HostStream, HostJournal)> {
        let stream = HostListener::accept(self).await?;
        let journal = stream.journal();
        Ok((stream, journal))
    }
}
