//! A handler's body on its way to hyper, or to h2.

use crate::counters::ServeCounters;
use crate::handler::BoxError;
use crate::turnstile::Handed;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A body that notes each `Bytes` it hands on, so that the turnstile can queue it without a copy, and whose failure or
/// panic breaks the answer off.
pub(crate) struct AnswerBody<B> {
    source: Source<B>,
    handed: Handed,
    counters: Arc<ServeCounters>,
}

enum Source<B> {
    Handler(B),
    Page(Full<Bytes>),
}

impl<B> AnswerBody<B> {
    /// A body that the handler brought.
    pub(crate) fn handler(body: B, handed: Handed, counters: Arc<ServeCounters>) -> Self {
        Self {
            source: Source::Handler(body),
            handed,
            counters,
        }
    }

    /// A page of the backend's own.
    pub(crate) fn page(page: Bytes, handed: Handed, counters: Arc<ServeCounters>) -> Self {
        Self {
            source: Source::Page(Full::new(page)),
            handed,
            counters,
        }
    }
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        // The body is not polled again after a panic, so nobody sees what state it left behind.
        let polled = catch_unwind(AssertUnwindSafe(|| match &mut this.source {
            Source::Handler(body) => Pin::new(body)
                .poll_frame(context)
                .map(|frame| frame.map(|f| f.map_err(Into::into))),
            Source::Page(page) => Pin::new(page)
                .poll_frame(context)
                .map(|frame| frame.map(|f| f.map_err(Into::into))),
        }));
        let frame = match polled {
            Ok(frame) => ready!(frame),
            Err(_) => {
                this.counters.handler_panics.increment();
                Some(Err("the answer's body panicked".into()))
            }
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.handed.note(data);
                }
            }
            Some(Err(_)) => this.counters.broken_answers.increment(),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Handler(body) => body.is_end_stream(),
            Source::Page(page) => page.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Handler(body) => body.size_hint(),
            Source::Page(page) => page.size_hint(),
        }
    }
}
