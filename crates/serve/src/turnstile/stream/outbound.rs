//! From hyper: the bytes of an answer.

use super::Turnstile;
use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::turnstile::Disagreement;
use crate::turnstile::answer::{AnswerStep, AnswerWalker};
use arrayvec::ArrayVec;
use bytes::Bytes;
use periplus_net::Piece;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

/// Slices that are written at once: a head, and a chunk's size, content and end, several times.
const PIECES: usize = 16;

impl<S: PeekStream, M: Marks> Turnstile<S, M> {
    /// Writes hyper's slices as one write, those without a copy that lie in bytes that are known.
    pub(super) fn poll_write_slices(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.exchange.check_answer_due()?;
        let filled = slices.iter().filter(|slice| !slice.is_empty());
        let slices: ArrayVec<&[u8], PIECES> = filled.map(|slice| &**slice).take(PIECES).collect();
        if slices.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let known = slices.iter().map(|slice| self.handed.find(slice));
        let known: ArrayVec<Option<Bytes>, PIECES> = known.collect();
        let pieces = slices.iter().zip(&known);
        let pieces: ArrayVec<Piece<'_>, PIECES> = pieces
            .map(|(slice, known)| known.as_ref().map_or(Piece::Copied(slice), Piece::Shared))
            .collect();
        let length = ready!(self.stream.poll_write_pieces(context, &pieces))?;
        let mut left = length;
        for slice in slices {
            let written = &slice[..left.min(slice.len())];
            left -= written.len();
            self.handed.written(written);
            self.walk_answer(written)?;
        }
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
                    self.stream.set_abort_on_drop(true);
                    self.exchange.answer_begins(self.status_line_start, status);
                }
                AnswerStep::Ended => self.end_answer(),
                AnswerStep::Upgraded => {
                    self.stream.set_abort_on_drop(false);
                    self.exchange.answer_upgraded();
                }
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
        self.stream.set_abort_on_drop(false);
        self.handed.clear();
        self.exchange.answer_ended();
    }
}
