//! The stream that hyper sees.

mod at_once;
mod inbound;
mod outbound;

use super::answer::AnswerWalker;
use super::exchange::{Exchange, Passage};
use super::handed::Handed;
use super::request::RequestWalker;
use crate::marks::Marks;
use crate::ready::answers::ReadyAnswers;
use crate::stream::PeekStream;
use at_once::Rest;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that lets one request pass at a time, and notes where requests and answers begin and end.
#[derive(Debug)]
pub struct Turnstile<S, M: Marks> {
    stream: S,
    exchange: Exchange<M>,
    handed: Handed,
    request: RequestWalker,
    answer: AnswerWalker,
    /// Where the status-line that is being written begins.
    status_line_start: u64,
    /// What is left of a refusal to hand to hyper.
    refusal: &'static [u8],
    /// Answers that need no hyper.
    ready: Option<ReadyAnswers>,
    /// What is left to write of one of them.
    rest: Rest,
    _finish: FinishOnDrop<M>,
}

impl<S: PeekStream, M: Marks> Turnstile<S, M> {
    /// Before `stream`, of which nothing was read or written yet.
    pub fn new(stream: S, exchange: Exchange<M>, handed: Handed) -> Self {
        Self {
            stream,
            _finish: FinishOnDrop(exchange.clone()),
            exchange,
            handed,
            request: RequestWalker::default(),
            answer: AnswerWalker::default(),
            status_line_start: 0,
            refusal: &[],
            ready: None,
            rest: Rest::default(),
        }
    }

    /// The same, refusing targets of more than `max_target` bytes.
    pub fn with_max_target(mut self, max_target: usize) -> Self {
        self.request = RequestWalker::new(max_target);
        self
    }

    /// Where one of these is ready, hyper need not hear of the request.
    pub fn with_ready(mut self, answers: ReadyAnswers) -> Self {
        self.ready = Some(answers);
        self
    }

    /// The stream behind the turnstile, for the bytes after the last request.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream behind the turnstile, for good.
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Whether the next byte written would begin an answer.
    pub fn is_between_answers(&self) -> bool {
        self.answer.is_at_start()
    }
}

impl<S: PeekStream, M: Marks> AsyncRead for Turnstile<S, M> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let turnstile = self.get_mut();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if !turnstile.rest.is_empty() {
            ready!(turnstile.poll_rest(context))?;
            if turnstile.exchange.is_draining() {
                return Poll::Ready(Ok(()));
            }
        }
        match turnstile.exchange.passage()? {
            Passage::Open => turnstile.poll_pass(context, buffer),
            Passage::Closed => turnstile.poll_closed(context),
            Passage::Cut => {
                turnstile.hand_refusal(buffer);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<S: PeekStream, M: Marks> AsyncWrite for Turnstile<S, M> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_write_slices(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_slices(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        // So hyper leaves a body's bytes where they are, and they can be found again.
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let turnstile = self.get_mut();
        turnstile.end_writing();
        Pin::new(&mut turnstile.stream).poll_shutdown(context)
    }
}

/// Ends the exchange with the turnstile, however that ends.
#[derive(Debug)]
struct FinishOnDrop<M: Marks>(Exchange<M>);

impl<M: Marks> Drop for FinishOnDrop<M> {
    fn drop(&mut self) {
        self.0.finish();
    }
}
