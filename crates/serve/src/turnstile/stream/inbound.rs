//! Towards hyper: the bytes of one request.

use super::Turnstile;
use super::at_once::IN_A_ROW;
use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::turnstile::Refusal;
use crate::turnstile::label;
use crate::turnstile::request::RequestStep;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// What hyper is given in place of a byte that breaks the grammar of a head. NUL may stand nowhere in a head (RFC 9110
/// section 5.5), so hyper answers 400 and closes; the empty line makes it look, as it parses a head that came in pieces
/// only when it seems whole.
const REFUSAL: &[u8] = b"\0\r\n\r\n";

impl<S: PeekStream, M: Marks> Turnstile<S, M> {
    /// Hands `buffer` the bytes of the request that is passing. Ready without any is the end of the stream.
    pub(super) fn poll_pass(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let mut at_once = 0;
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
                if self.request.is_between() && self.is_answered_at_once(context, peeked)? {
                    buffer.set_filled(before);
                    at_once += 1;
                    if at_once == IN_A_ROW {
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    if !self.rest.is_empty() {
                        ready!(self.poll_rest(context))?;
                    }
                    continue;
                }
                self.exchange.request_begins();
            }
            let (handed, higher_minor) = self.walk_request(peeked);
            if let Some(position) = higher_minor {
                buffer.filled_mut()[before + position] = b'1';
            }
            buffer.set_filled(before + handed);
            if handed == 0 {
                // Refused at its first byte, and to hand on nothing would be to end the stream.
                self.hand_refusal(buffer);
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// Walks `bytes` as far as the passing request goes and takes them from the stream. Returns how many are hyper's, and
    /// where among them the digit of a minor version stands that hyper does not know.
    fn walk_request(&mut self, bytes: &[u8]) -> (usize, Option<usize>) {
        let mut rest = bytes;
        let mut higher_minor = None;
        loop {
            let before = rest.len();
            let step = self.request.walk(&mut rest);
            self.exchange.received(before - rest.len());
            if let Some(behind) = self.request.take_higher_minor() {
                higher_minor = Some(bytes.len() - behind - 1);
            }
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
                    return (handed, higher_minor);
                }
            }
        }
        let handed = bytes.len() - rest.len();
        self.stream.consume(handed);
        (handed, higher_minor)
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
        let refusal = self.request.refusal();
        if !self.request.is_in_content() && refusal == Refusal::Malformed {
            self.refusal = REFUSAL;
        }
        self.exchange.received(1);
        self.exchange.request_refused(refusal);
    }

    /// Hands on what is left of a refusal; nothing is the end of the stream.
    pub(super) fn hand_refusal(&mut self, buffer: &mut ReadBuf<'_>) {
        let (now, later) = self
            .refusal
            .split_at(self.refusal.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.refusal = later;
    }

    /// Waits for the answer to be written. Whether the peer has closed its direction meanwhile is nobody's business yet:
    /// it may, and still be owed the answer (RFC 9112 section 9.6). That it has reset the connection is.
    pub(super) fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(error) = self.stream.poll_failed(context) {
            return Poll::Ready(Err(error));
        }
        self.exchange.wait(context.waker());
        Poll::Pending
    }
}
