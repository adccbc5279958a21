//! The stream that hyper sees.

use super::answer::{AnswerStep, AnswerWalker};
use super::disagreement::Disagreement;
use super::exchange::{Exchange, Passage};
use super::handed::Handed;
use super::label;
use super::request::{RequestStep, RequestWalker};
use crate::marks::Marks;
use crate::stream::PeekStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What hyper is given in place of a byte that breaks the grammar of a head. NUL may stand nowhere in a head (RFC 9110
/// section 5.5), so hyper answers 400 and closes; the empty line makes it look, as it parses a head that came in pieces
/// only when it seems whole.
const REFUSAL: &[u8] = b"\0\r\n\r\n";

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
        }
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

    /// Hands `buffer` the bytes of the request that is passing. Ready without any is the end of the stream.
    fn poll_pass(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            ready!(self.stream.poll_peek(context, buffer))?;
            let peeked = &buffer.filled()[before..];
            if peeked.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if !self.exchange.is_request_begun() {
                let mut rest = peeked;
                self.request.skip_empty_lines(&mut rest);
                let skipped = peeked.len() - rest.len();
                if skipped > 0 {
                    // hyper never hears of them: take them, and look again.
                    self.stream.consume(skipped);
                    self.exchange.received(skipped);
                    buffer.set_filled(before);
                    continue;
                }
                self.exchange.request_begins();
            }
            let handed = self.walk_request(peeked);
            buffer.set_filled(before + handed);
            if handed == 0 {
                // Refused at its first byte, and to hand on nothing would be to end the stream.
                self.hand_refusal(buffer);
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// Walks `bytes` as far as the passing request goes and takes them from the stream. Returns how many are hyper's.
    fn walk_request(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        loop {
            let before = rest.len();
            let step = self.request.walk(&mut rest);
            self.exchange.received(before - rest.len());
            match step {
                RequestStep::More => break,
                RequestStep::LineEnded => self.label_request(),
                RequestStep::HeadEnded => self.exchange.head_ended(),
                RequestStep::Ended => {
                    self.exchange.request_ended();
                    break;
                }
                RequestStep::Refused => {
                    self.refuse();
                    let handed = bytes.len() - rest.len();
                    // The byte that is refused is the last of the request, and stays here.
                    self.stream.consume(handed + 1);
                    return handed;
                }
            }
        }
        let handed = bytes.len() - rest.len();
        self.stream.consume(handed);
        handed
    }

    fn label_request(&self) {
        let line = label::printable(self.request.line());
        self.exchange
            .request_line(line, self.request.protocol(), self.request.answer_to());
    }

    fn refuse(&mut self) {
        if self.request.is_in_line() {
            self.label_request();
        }
        if !self.request.is_in_content() {
            self.refusal = REFUSAL;
        }
        self.exchange.received(1);
        self.exchange.request_refused();
    }

    /// Hands on what is left of a refusal; nothing is the end of the stream.
    fn hand_refusal(&mut self, buffer: &mut ReadBuf<'_>) {
        let (now, later) = self
            .refusal
            .split_at(self.refusal.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.refusal = later;
    }

    /// Waits for the answer to be written. Whether the peer has closed its direction meanwhile is nobody's business yet:
    /// it may, and still be owed the answer (RFC 9112 section 9.6). That it has reset the connection is.
    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut byte = [0];
        if let Poll::Ready(Err(error)) =
            self.stream.poll_peek(context, &mut ReadBuf::new(&mut byte))
        {
            return Poll::Ready(Err(error));
        }
        self.exchange.wait(context.waker());
        Poll::Pending
    }

    /// Hands `buffer` whatever is there.
    fn poll_tunnel(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.stream.poll_peek(context, buffer))?;
        let length = buffer.filled().len() - before;
        self.stream.consume(length);
        self.exchange.received(length);
        Poll::Ready(Ok(()))
    }

    /// Writes one of hyper's slices, without a copy if the bytes it lies in are known.
    fn poll_write_slice(
        &mut self,
        context: &mut Context<'_>,
        slice: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.exchange.check_answer_due()?;
        let length = match self.handed.find(slice) {
            Some(mut bytes) => ready!(self.stream.poll_write_bytes(context, &mut bytes))?,
            None => ready!(Pin::new(&mut self.stream).poll_write(context, slice))?,
        };
        self.handed.written(&slice[..length]);
        self.walk_answer(&slice[..length])?;
        Poll::Ready(Ok(length))
    }

    /// Walks bytes that were just written.
    fn walk_answer(&mut self, mut bytes: &[u8]) -> Result<(), Disagreement> {
        while !bytes.is_empty() {
            if self.exchange.is_tunnel() {
                self.exchange.sent(bytes.len());
                break;
            }
            self.exchange.check_answer_due()?;
            if self.answer.is_at_start() {
                self.status_line_start = self.exchange.sent_so_far();
            }
            let before = bytes.len();
            let step = self.answer.walk(&mut bytes, self.exchange.answer_to());
            self.exchange.sent(before - bytes.len());
            match step {
                AnswerStep::More | AnswerStep::InterimEnded => {}
                AnswerStep::Began { status } => {
                    self.exchange.answer_begins(self.status_line_start, status);
                }
                AnswerStep::Ended => self.end_answer(),
                AnswerStep::Tunnel => self.exchange.becomes_tunnel(),
                AnswerStep::Malformed => {
                    return Err(self.exchange.disagree(Disagreement::AnswerMalformed));
                }
            }
        }
        Ok(())
    }

    fn end_answer(&mut self) {
        self.handed.clear();
        self.exchange.answer_ended();
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
        match turnstile.exchange.passage()? {
            Passage::Open => turnstile.poll_pass(context, buffer),
            Passage::Closed => turnstile.poll_closed(context),
            Passage::Tunnel => turnstile.poll_tunnel(context, buffer),
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
        self.get_mut().poll_write_slice(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let turnstile = self.get_mut();
        let mut written = 0;
        for slice in slices.iter().filter(|slice| !slice.is_empty()) {
            match turnstile.poll_write_slice(context, slice) {
                Poll::Ready(Ok(length)) => {
                    written += length;
                    if length < slice.len() {
                        break;
                    }
                }
                // What was written is written; the trouble will be met again.
                _ if written > 0 => break,
                trouble => return trouble,
            }
        }
        Poll::Ready(Ok(written))
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
        if turnstile.answer.is_until_close() {
            turnstile.answer = AnswerWalker::default();
            turnstile.end_answer();
        }
        turnstile.exchange.finish();
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
