//! The end of a connection.

use crate::marks::Marks;
use crate::pages::page;
use crate::stream::PeekStream;
use crate::turnstile::Turnstile;
use http::StatusCode;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::SystemTime;
use tokio::io::{AsyncWrite, ReadBuf};

/// Answers 408 (RFC 9110 section 15.5.9) to a request that did not arrive in time. hyper only hangs up.
pub(super) async fn answer_request_timeout<S: PeekStream, M: Marks>(
    turnstile: &mut Turnstile<S, M>,
) -> io::Result<()> {
    let page = page(
        StatusCode::REQUEST_TIMEOUT,
        "The request did not arrive in time.",
    );
    let mut answer = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n".to_vec();
    let length = page.body().len().to_string();
    let date = httpdate::fmt_http_date(SystemTime::now());
    let more = [
        ("content-length", length.as_bytes()),
        ("date", date.as_bytes()),
    ];
    let fields = page
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    for (name, value) in fields.chain(more) {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            answer.extend_from_slice(part);
        }
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(page.body());
    let mut rest = &answer[..];
    while !rest.is_empty() {
        let written =
            poll_fn(|context| Pin::new(&mut *turnstile).poll_write(context, rest)).await?;
        rest = &rest[written..];
    }
    Ok(())
}

/// Ends our direction, then reads and throws away what the peer still sends, until it ends its own.
///
/// To close with bytes unread is to reset the connection, and a reset may destroy the last answer before the client has
/// read it (RFC 9112 section 9.6). Where nothing is unread and nothing more is expected, there is nothing to wait for.
pub(super) async fn close<S: PeekStream, M: Marks>(
    turnstile: &mut Turnstile<S, M>,
    more_expected: bool,
) -> io::Result<()> {
    poll_fn(|context| Pin::new(&mut *turnstile).poll_shutdown(context)).await?;
    let stream = turnstile.stream_mut();
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
