//! The handshake of a connection, within its bounds.

use super::reason;
use super::stream::TlsStream;
use crate::marks::Marks;
use crate::stream::PeekStream;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

/// What a peer may send for a handshake, in bytes: several times what the longest chain of a client takes.
const LONGEST: u64 = 64 * 1024;

/// Why a connection has no session.
#[derive(Debug)]
pub(super) enum Failure {
    /// The two do not come together: this is what the record calls it.
    Refused(&'static str),
    /// The connection is over.
    Broken,
}

/// Shakes hands on `stream`. What the peer is told of a failure is on its way when this returns.
pub(super) async fn shake<S: PeekStream, M: Marks>(
    stream: &mut TlsStream<S, M>,
) -> Result<(), Failure> {
    poll_fn(|context| stream.poll_handshake(context)).await
}

impl<S: PeekStream, M: Marks> TlsStream<S, M> {
    fn poll_handshake(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        while self.is_handshaking() {
            if let Poll::Ready(Err(error)) = self.poll_send(context) {
                return Poll::Ready(Err(failure(&error)));
            }
            if self.has_ended() {
                return Poll::Ready(Err(Failure::Broken));
            }
            if self.taken() > LONGEST {
                return Poll::Ready(Err(Failure::Refused("tls_handshake_too_large")));
            }
            if let Err(error) = ready!(self.poll_receive(context)) {
                return Poll::Ready(Err(failure(&error)));
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn failure(error: &io::Error) -> Failure {
    let inner = error.get_ref().and_then(|error| error.downcast_ref());
    inner.map_or(Failure::Broken, |error| Failure::Refused(reason::of(error)))
}
