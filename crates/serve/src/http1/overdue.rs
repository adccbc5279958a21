//! The answer to a request that did not arrive in time.

use crate::marks::Marks;
use crate::pages::page;
use crate::stream::PeekStream;
use crate::turnstile::Turnstile;
use http::StatusCode;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::SystemTime;
use tokio::io::AsyncWrite;

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
