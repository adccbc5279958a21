//! From hyper: the bytes of an answer.

use super::Turnstile;
use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::turnstile::Disagreement;
use crate::turnstile::answer::{AnswerStep, AnswerWalker};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

impl<S: PeekStream, M: Marks> Turnstile<S, M> {
    /// Writes one of hyper's slices, without a copy if the bytes it lies in are known.
    pub(super) fn poll_write_slice(
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
                AnswerStep::Upgraded => self.exchange.answer_upgraded(),
                AnswerStep::Malformed => {
                    return Err(self.exchange.disagree(Disagreement::AnswerMalformed));
                }
            }
        }
        Ok(())
    }

    /// No more will be written. An answer that ends with the connection ends here.
    pub(super) fn end_writing(&mut self) {
        if self.answer.is_until_close() {
            self.answer = AnswerWalker::default();
            self.end_answer();
        }
        self.exchange.finish();
    }

    fn end_answer(&mut self) {
        self.handed.clear();
        self.exchange.answer_ended();
    }
}
