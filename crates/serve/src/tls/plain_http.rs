//! A client that speaks HTTP where HTTPS is spoken is told so.

use crate::farewell;
use crate::stream::PeekStream;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;

const EXPLANATION: &str = "This port speaks HTTPS, and the request came as plain HTTP. Ask again with https:// in front.\n";

/// Answers 400, ends the direction, and throws away what the client goes on to send.
pub(super) async fn answer<S: PeekStream>(stream: &mut S) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{EXPLANATION}",
        EXPLANATION.len()
    );
    let mut rest = answer.as_bytes();
    while !rest.is_empty() {
        let written = poll_fn(|context| Pin::new(&mut *stream).poll_write(context, rest)).await?;
        rest = &rest[written..];
    }
    poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context)).await?;
    farewell::discard(stream, true).await
}
