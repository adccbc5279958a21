//! The stack's own stream, journal and listener.

use crate::marks::Marks;
use crate::server::Acceptor;
use crate::stream::PeekStream;
use bytes::Bytes;
use periplus_journey::{Instant, Mark};
use periplus_net::{Journal, Piece, TcpListener, TcpStream};
use std::io;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

impl PeekStream for TcpStream {
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        TcpStream::poll_peek(self, context, buffer)
    }

    fn consume(&mut self, length: usize) {
        TcpStream::consume(self, length);
    }

    fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        TcpStream::poll_write_bytes(self, context, data)
    }

    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        TcpStream::poll_write_pieces(self, context, pieces)
    }

    fn poll_delivered(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_delivered(self, context)
    }

    fn set_abort_on_drop(&mut self, abort: bool) {
        TcpStream::set_abort_on_drop(self, abort);
    }
}

impl Marks for Journal {
    fn of_stream(&self, stream: u32) -> Self {
        Journal::of_stream(self, stream)
    }

    fn mark(&self, mark: Mark) {
        match mark {
            Mark::Request { start } => self.request(start),
            Mark::RequestEnd { end, how } => self.request_end(end, how),
            Mark::HandlerCalled => self.handler_called(),
            Mark::WholeRequest { start, end } => self.whole_request(start..end),
            Mark::WholeResponse { start, end } => self.whole_response(start..end),
            Mark::Response { start } => self.response(start),
            Mark::ResponseEnd { end } => self.response_end(end),
            Mark::NoResponse => self.no_response(),
            Mark::Carried { received, sent } => self.carried(received, sent),
            Mark::Reset { reason } => self.reset(reason),
            Mark::TimedOut { reason } => self.timed_out(reason),
            Mark::Refused { reason } => self.refused(reason),
            Mark::PartRead { start } => self.part_read(start),
            Mark::TlsBegan { start } => self.tls_began(start),
            Mark::TlsEnded { end } => self.tls_ended(end),
            Mark::Label(label) => self.label(label),
            Mark::Overlay {
                station,
                start,
                end,
            } => self.overlay(station, start, end),
        }
    }

    fn now() -> Instant {
        Journal::now()
    }

    fn acknowledged(&self) -> Option<u64> {
        Journal::acknowledged(self)
    }
}

impl Acceptor for TcpListener {
    type Stream = TcpStream;
    type Marks = Journal;

    async fn accept(&mut self) -> io::Result<(TcpStream, Journal)> {
        let (stream, _) = TcpListener::accept(self).await?;
        // An answer's last segment is as big as it is, and no reason to wait for an acknowledgement.
        stream.set_nodelay(true)?;
        let journal = stream.journal();
        Ok((stream, journal))
    }
}
