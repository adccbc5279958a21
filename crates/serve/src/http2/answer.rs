//! An answer on its way out: as fast as its client takes it.

use super::exchange::Service;
use super::streams::Waited;
use crate::answer_body::AnswerBody;
use crate::delivery::SLOW_READER;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::options::ServeOptions;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use periplus_journey::Mark;
use std::cell::RefCell;
use std::future::poll_fn;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// Fields about a connection, of which there are none in HTTP/2 (RFC 9113 section 8.2.2).
const OF_THE_CONNECTION: [HeaderName; 6] = [
    CONNECTION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Why an answer does not go on.
enum Broken {
    /// Its client does not want it, or is gone.
    Unwanted,
    /// Its client takes too little of it.
    Slow,
    /// There is no more of it, and there should be.
    Failed,
}

impl<M: Marks, H: Handler<M>> Service<H, M> {
    /// Writes an answer, and resets the stream if it breaks off: a client must not take a part for the whole.
    pub(super) async fn respond(
        &self,
        stream: u32,
        answer: Response<AnswerBody<H::Body>>,
        is_head: bool,
        respond: &RefCell<SendResponse<Bytes>>,
    ) {
        let (mut head, body) = answer.into_parts();
        complete(&mut head.headers, head.status, &body, is_head);
        let is_empty = is_head || body.is_end_stream() || is_without_content(head.status);
        self.streams.answers(stream, head.status.as_u16());
        let head = Response::from_parts(head, ());
        let sending = respond.borrow_mut().send_response(head, is_empty);
        let Ok(mut sending) = sending else { return };
        if is_empty {
            return;
        }
        let mut sent = self.send(stream, body, &mut sending).await;
        if sent.is_ok() {
            sent = self.finish(stream).await;
        }
        let verdict = match sent {
            Ok(()) | Err(Broken::Unwanted) => return,
            Err(Broken::Failed) => Mark::Reset {
                reason: "broken_answer",
            },
            Err(Broken::Slow) => {
                self.counters.stalled_answers.increment();
                Mark::TimedOut {
                    reason: SLOW_READER,
                }
            }
        };
        self.streams.judge(stream, verdict);
        sending.send_reset(Reason::INTERNAL_ERROR);
    }

    /// Writes the content.
    async fn send(
        &self,
        stream: u32,
        mut body: AnswerBody<H::Body>,
        sending: &mut SendStream<Bytes>,
    ) -> Result<(), Broken> {
        let mut pace = Pace::default();
        loop {
            let frame = tokio::select! {
                biased;
                _ = poll_fn(|context| sending.poll_reset(context)) => return Err(Broken::Unwanted),
                frame = body.frame() => frame,
            };
            let Some(frame) = frame else {
                return wanted(sending.send_data(Bytes::new(), true));
            };
            let frame = frame.map_err(|_| Broken::Failed)?;
            match frame.into_data() {
                Ok(data) => {
                    let is_last = body.is_end_stream();
                    self.send_data(stream, data, is_last, sending, &mut pace)
                        .await?;
                    if is_last {
                        return Ok(());
                    }
                }
                Err(frame) => {
                    if let Ok(mut trailers) = frame.into_trailers() {
                        leave_out_connection(&mut trailers);
                        return wanted(sending.send_trailers(trailers));
                    }
                }
            }
        }
    }

    /// Writes a part of the content, as the client's windows open.
    async fn send_data(
        &self,
        stream: u32,
        mut data: Bytes,
        is_last: bool,
        sending: &mut SendStream<Bytes>,
        pace: &mut Pace,
    ) -> Result<(), Broken> {
        if is_last && data.is_empty() {
            return wanted(sending.send_data(data, true));
        }
        while !data.is_empty() {
            sending.reserve_capacity(data.len());
            self.wait_for_room(stream, sending, pace).await?;
            let part = data.split_to(sending.capacity().min(data.len()));
            pace.sent += part.len() as u64;
            self.streams.queues(stream, part.len() as u64);
            wanted(sending.send_data(part, is_last && data.is_empty()))?;
        }
        Ok(())
    }

    /// Waits until the client's windows open.
    async fn wait_for_room(
        &self,
        stream: u32,
        sending: &mut SendStream<Bytes>,
        pace: &mut Pace,
    ) -> Result<(), Broken> {
        while sending.capacity() == 0 {
            let (wait, since) = (self.streams.waits(stream), Instant::now());
            let room = poll_fn(|context| sending.poll_capacity(context));
            let room = timeout(self.options.stall_timeout, room).await;
            let waited = self.streams.goes_on(stream, wait, room.is_err());
            match room {
                Ok(Some(Ok(_))) if waited.was_for_peer => {
                    pace.waited += since.elapsed();
                    if pace.is_too_slow(&self.options) {
                        return Err(Broken::Slow);
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => return Err(Broken::Unwanted),
                Err(_) => self.look_at(waited)?,
            }
        }
        Ok(())
    }

    /// Waits until all of it is written. What h2 was given, the client's windows let go on then: it may have made them smaller
    /// since (RFC 9113 section 6.9.2).
    async fn finish(&self, stream: u32) -> Result<(), Broken> {
        loop {
            let wait = self.streams.waits(stream);
            let gone = timeout(self.options.stall_timeout, self.streams.gone(stream)).await;
            if gone.is_ok() {
                return Ok(());
            }
            self.look_at(self.streams.goes_on(stream, wait, true))?;
        }
    }

    /// Looks at what was taken in a `stall_timeout` in which there was no room for more.
    fn look_at(&self, waited: Waited) -> Result<(), Broken> {
        let mut pace = Pace {
            sent: waited.taken,
            waited: self.options.stall_timeout,
        };
        let is_slow = waited.taken == 0 || pace.is_too_slow(&self.options);
        match waited.was_for_peer && is_slow {
            true => Err(Broken::Slow),
            false => Ok(()),
        }
    }
}

/// How much of an answer its client takes.
#[derive(Debug, Default)]
struct Pace {
    sent: u64,
    /// For how long it was waited for.
    waited: Duration,
}

impl Pace {
    /// Whether it has taken less than the least rate; looks only once in a `stall_timeout` of waiting.
    fn is_too_slow(&mut self, options: &ServeOptions) -> bool {
        if self.waited < options.stall_timeout {
            return false;
        }
        let Self { sent, waited } = std::mem::take(self);
        u128::from(sent) * 1000 < u128::from(options.least_rate) * waited.as_millis()
    }
}

/// Says in the head what the frames do not, and leaves out what they say.
fn complete(headers: &mut HeaderMap, status: StatusCode, body: &impl Body, is_head: bool) {
    leave_out_connection(headers);
    // RFC 9110 section 8.6.
    if status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
    }
    // RFC 9110 section 6.6.1.
    if !headers.contains_key(DATE)
        && let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now()))
    {
        headers.insert(DATE, date);
    }
    // Of the content that GET would have there is none at hand to measure.
    let is_unknown = is_head && body.is_end_stream();
    if let Some(length) = body.size_hint().exact()
        && !is_unknown
        && !is_without_content(status)
        && !headers.contains_key(CONTENT_LENGTH)
    {
        headers.insert(CONTENT_LENGTH, length.into());
    }
}

/// h2 sends none that has such fields.
fn leave_out_connection(fields: &mut HeaderMap) {
    for name in &OF_THE_CONNECTION {
        fields.remove(name);
    }
}

/// RFC 9110 sections 15.3.5 and 15.4.5.
fn is_without_content(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

fn wanted<T>(done: Result<T, h2::Error>) -> Result<T, Broken> {
    done.map_err(|_| Broken::Unwanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{Empty, Full};

    fn completed(
        fields: &[(HeaderName, &str)],
        status: u16,
        content: &str,
        is_head: bool,
    ) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(name, value.parse().expect("a value"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let body = Full::new(Bytes::from(content.to_owned()));
        complete(&mut headers, status, &body, is_head);
        headers
    }

    #[test]
    fn fields_about_the_connection_are_left_out() {
        let fields = OF_THE_CONNECTION.map(|name| (name, "gzip"));
        let headers = completed(&fields, 200, "abc", false);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["date", "content-length"]
        );
    }

    #[test]
    fn a_length_is_said_where_it_is_known_and_there_is_a_content() {
        let length = |headers: HeaderMap| {
            headers
                .get(CONTENT_LENGTH)
                .map(|l| l.to_str().expect("text").to_owned())
        };
        assert_eq!(
            length(completed(&[], 200, "abc", false)).as_deref(),
            Some("3")
        );
        assert_eq!(length(completed(&[], 200, "", false)).as_deref(), Some("0"));
        assert_eq!(
            length(completed(&[], 200, "abc", true)).as_deref(),
            Some("3")
        );
        assert_eq!(
            length(completed(&[(CONTENT_LENGTH, "7")], 200, "", true)).as_deref(),
            Some("7")
        );
        for status in [204, 304] {
            assert_eq!(length(completed(&[], status, "", false)), None);
        }
        let fields = [(CONTENT_LENGTH, "7")];
        assert_eq!(length(completed(&fields, 204, "", false)), None);
        assert_eq!(
            length(completed(&fields, 304, "", false)).as_deref(),
            Some("7")
        );
        let mut headers = HeaderMap::new();
        complete(&mut headers, StatusCode::OK, &Empty::<Bytes>::new(), true);
        assert_eq!(length(headers), None);
    }

    #[test]
    fn who_takes_less_than_the_least_rate_while_waited_for_is_too_slow() {
        let options = ServeOptions {
            stall_timeout: Duration::from_secs(10),
            least_rate: 100,
            ..ServeOptions::default()
        };
        let is_too_slow = |sent, waited| {
            let waited = Duration::from_secs(waited);
            Pace { sent, waited }.is_too_slow(&options)
        };
        assert!(!is_too_slow(0, 9));
        assert!(is_too_slow(999, 10));
        assert!(!is_too_slow(1000, 10));
    }
}
