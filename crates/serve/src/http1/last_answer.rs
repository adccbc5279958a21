//! The answer to a request that hyper never takes: it did not arrive in time, or the turnstile refused it.

use crate::marks::Marks;
use crate::pages::page;
use crate::stream::PeekStream;
use crate::turnstile::Turnstile;
use crate::turnstile::request::AnswerTo;
use http::StatusCode;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::SystemTime;
use tokio::io::AsyncWrite;

/// Answers with a page, and says that the connection closes. hyper only hangs up.
pub(super) async fn answer<S: PeekStream, M: Marks>(
    turnstile: &mut Turnstile<S, M>,
    status: StatusCode,
    explanation: &'static str,
    answer_to: AnswerTo,
) -> io::Result<()> {
    let page = page(status, explanation);
    let mut answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\n").into_bytes();
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
    if answer_to != AnswerTo::Head {
        answer.extend_from_slice(page.body());
    }
    let mut rest = &answer[..];
    while !rest.is_empty() {
        let written =
            poll_fn(|context| Pin::new(&mut *turnstile).poll_write(context, rest)).await?;
        rest = &rest[written..];
    }
    Ok(())
}
