//! The end of a connection.

use crate::stream::PeekStream;
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use tokio::io::ReadBuf;

/// When our direction has ended: reads and throws away what the peer still sends, until it ends its own.
///
/// To close with bytes unread is to reset the connection, and a reset may destroy the last answer before the client has
/// read it (RFC 9112 section 9.6). Where nothing is unread and nothing more is expected, there is nothing to wait for.
pub(crate) async fn discard<S: PeekStream>(stream: &mut S, more_expected: bool) -> io::Result<()> {
    let mut discarded = [0; 4096];
    poll_fn(|context| {
        let mut unread = more_expected;
        loop {
            let mut buffer = ReadBuf::new(&mut discarded);
            match stream.poll_peek(context, &mut buffer) {
                Poll::Pending if unread => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    stream.consume(buffer.filled().len());
                    unread = true;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                _ => return Poll::Ready(Ok(())),
            }
        }
    })
    .await
}
