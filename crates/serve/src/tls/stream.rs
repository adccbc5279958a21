//! The stream inside TLS.

mod framing;
mod inbound;
mod outbound;

use super::marks::TlsMarks;
use crate::asked;
use crate::counters::ServeCounters;
use crate::marks::Marks;
use crate::stream::PeekStream;
use arrayvec::ArrayVec;
use bytes::{Buf, Bytes};
use framing::Framing;
use outbound::Outbound;
use periplus_journey::{Instant, Secured};
use periplus_net::Piece;
use rustls::{ProtocolVersion, ServerConnection};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncWrite, ReadBuf};

/// Pieces that are written at once.
const PIECES: usize = 16;

/// The plaintext of a connection on which TLS is spoken.
///
/// At most one record is decrypted ahead of who reads, and at most one is encrypted that the stream beneath has no room for:
/// whatever else waits, waits in the stack's queues, where its wait is bounded and seen.
#[derive(Debug)]
pub struct TlsStream<S, M: Marks> {
    stream: S,
    session: Box<ServerConnection>,
    marks: TlsMarks<M>,
    counters: Arc<ServeCounters>,
    framing: Framing,
    /// Since when the rest of a record is waited for.
    starved_since: Option<Instant>,
    /// When the record that is being received was waited for: from the first time to the last.
    peer: Option<(Instant, Instant)>,
    /// Decrypted bytes that nobody has taken yet.
    waiting: usize,
    /// The peer's direction has ended.
    ended: bool,
    /// What the session broke off for.
    broken: Option<rustls::Error>,
    outbound: Outbound,
}

impl<S: PeekStream, M: Marks> TlsStream<S, M> {
    /// Over `stream`, of which nothing was read or written yet.
    pub(super) fn new(
        stream: S,
        session: ServerConnection,
        marks: TlsMarks<M>,
        counters: Arc<ServeCounters>,
    ) -> Self {
        Self {
            stream,
            session: Box::new(session),
            marks,
            counters,
            framing: Framing::default(),
            starved_since: None,
            peer: None,
            waiting: 0,
            ended: false,
            broken: None,
            outbound: Outbound::default(),
        }
    }

    /// The name by which the client asked for the server, by SNI (RFC 6066 section 3).
    pub fn server_name(&self) -> Option<&str> {
        self.session.server_name()
    }

    /// What an access log shows of the session, which is agreed on.
    pub(super) fn secured(&self) -> Option<Secured> {
        let version = match self.session.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "1.2",
            ProtocolVersion::TLSv1_3 => "1.3",
            _ => return None, // there is no other that rustls speaks
        };
        let server_name = self.server_name().map(asked::server_name);
        Some(Secured {
            version,
            server_name,
        })
    }

    /// The stream beneath.
    pub(super) fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether the peer has ended its direction.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The session broke off: every call says so from now on.
    fn check(&self) -> io::Result<()> {
        match &self.broken {
            Some(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error.clone())),
            None => Ok(()),
        }
    }
}

impl<S: PeekStream, M: Marks> PeekStream for TlsStream<S, M> {
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.waiting > 0
            && let Poll::Ready(error) = self.stream.poll_failed(context)
        {
            return Poll::Ready(Err(error));
        }
        while self.waiting == 0 {
            self.check()?;
            // An answer that the stack had no room for goes on when there is, and a peer that takes none is read no further.
            if self.poll_send(context)?.is_pending() && self.outbound.is_full() {
                return Poll::Pending;
            }
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_receive(context))?;
        }
        self.copy_waiting(buffer)?;
        Poll::Ready(Ok(()))
    }

    fn consume(&mut self, length: usize) {
        self.take(length);
    }

    fn poll_failed(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if let Err(error) = self.check() {
            return Poll::Ready(error);
        }
        if let Poll::Ready(Err(error)) = self.poll_send(context) {
            return Poll::Ready(error);
        }
        self.stream.poll_failed(context)
    }

    fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.poll_encrypt(context, &[&data[..]]))?;
        data.advance(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let slices: ArrayVec<&[u8], PIECES> = pieces
            .iter()
            .take(PIECES)
            .map(|piece| match *piece {
                Piece::Copied(bytes) => bytes,
                Piece::Shared(bytes) => &bytes[..],
            })
            .collect();
        self.poll_encrypt(context, &slices)
    }

    fn poll_delivered(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        self.stream.poll_delivered(context)
    }

    /// `None` where the client named nothing.
    fn agreed(&self) -> Option<&[u8]> {
        self.session.alpn_protocol()
    }

    fn is_secure(&self) -> bool {
        true
    }

    fn set_abort_on_drop(&mut self, abort: bool) {
        self.stream.set_abort_on_drop(abort);
    }
}

impl<S: PeekStream, M: Marks> AsyncWrite for TlsStream<S, M> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_encrypt(context, &[bytes])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_encrypt(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        ready!(stream.poll_send(context))?;
        Pin::new(&mut stream.stream).poll_flush(context)
    }

    /// Says `close_notify` (RFC 8446 section 6.1), so that the peer knows that it has all, and ends the direction.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        stream.say_goodbye();
        ready!(stream.poll_send(context))?;
        Pin::new(&mut stream.stream).poll_shutdown(context)
    }
}
