//! What the backend needs of a stream.

use bytes::Bytes;
use periplus_net::Piece;
use std::io;
use std::task::{Context, Poll};
use tokio::io::{AsyncWrite, ReadBuf};

/// A stream whose received bytes can be looked at before they are taken.
///
/// Bytes that were only looked at stay in the receive queue and are still waiting, which is what lets a pipelined request
/// wait where its wait is bounded and seen.
pub trait PeekStream: AsyncWrite + Unpin {
    /// Copies received bytes into `buffer` without taking them. Ready with nothing copied is the end of the stream.
    fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;

    /// Ready when the connection has failed. What has come is not looked at, and waits where it is.
    fn poll_failed(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let mut byte = [0];
        match self.poll_peek(context, &mut ReadBuf::new(&mut byte)) {
            Poll::Ready(Err(error)) => Poll::Ready(error),
            _ => Poll::Pending,
        }
    }

    /// Takes `length` bytes that a peek has shown.
    fn consume(&mut self, length: usize);

    /// Queues bytes off the front of `data` without copying them, as many as there is room for, and says how many.
    fn poll_write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>>;

    /// Queues bytes off the front of `pieces`, one after the other, as many as there is room for, and says how many: one write,
    /// so that an answer's head and its content leave in the same segment. (From a foreign thread they pass one by one.)
    fn poll_write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Waits until the peer has acknowledged all that was written, and that it was all.
    fn poll_delivered(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// What the two have agreed on beneath to speak, by ALPN (RFC 7301). `None` where that was left open.
    fn agreed(&self) -> Option<&[u8]> {
        None
    }

    /// Whether nobody between the two can read or change what passes: TLS ends here.
    fn is_secure(&self) -> bool {
        false
    }

    /// Whether dropping the stream is to [reset](Self::abort) it: as long as an answer is on its way whose end an orderly close
    /// would seem to be.
    fn set_abort_on_drop(&mut self, abort: bool);

    /// Resets the connection, so that the peer does not take what was sent for the whole.
    fn abort(mut self)
    where
        Self: Sized,
    {
        self.set_abort_on_drop(true);
    }
}
