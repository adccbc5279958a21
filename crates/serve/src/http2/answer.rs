//! An answer on its way out: as fast as its client takes it.

use super::exchange::Service;
use super::fields::{complete, is_without_content, leave_out_connection};
use super::pace::{Pace, is_too_little};
use crate::answer_body::AnswerBody;
use crate::delivery::SLOW_READER;
use crate::handler::Handler;
use crate::marks::Marks;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::Response;
use http_body::Body;
use http_body_util::BodyExt;
use periplus_journey::Mark;
use std::cell::RefCell;
use std::future::poll_fn;
use tokio::time::{Instant, timeout};

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
                    pace.wait(waited, since.elapsed());
                    if pace.is_too_slow(&self.options) {
                        return Err(Broken::Slow);
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => return Err(Broken::Unwanted),
                Err(_) if is_too_little(waited, &self.options) => return Err(Broken::Slow),
                Err(_) => {}
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
            let waited = self.streams.goes_on(stream, wait, true);
            if is_too_little(waited, &self.options) {
                return Err(Broken::Slow);
            }
        }
    }
}

fn wanted<T>(done: Result<T, h2::Error>) -> Result<T, Broken> {
    done.map_err(|_| Broken::Unwanted)
}
