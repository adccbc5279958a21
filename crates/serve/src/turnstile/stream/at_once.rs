//! Requests that are answered before hyper hears of them, because their answers are ready.

use super::Turnstile;
use crate::asked;
use crate::marks::Marks;
use crate::ready::answers::Ready;
use crate::ready::plain::PlainGet;
use crate::stream::PeekStream;
use crate::turnstile::label;
use bytes::Bytes;
use periplus_net::Piece;
use std::io;
use std::task::{Context, Poll, ready};

/// How many are answered in a row before others have their turn.
pub(super) const IN_A_ROW: usize = 16;

/// What is left to write of a ready answer.
#[derive(Debug, Default)]
pub(super) struct Rest {
    head: Bytes,
    body: Bytes,
}

impl Rest {
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.body.is_empty()
    }
}

impl<S: PeekStream, M: Marks> Turnstile<S, M> {
    /// Answers the request at the front of `peeked`, if an answer is ready. `false`: it is hyper's, and nothing was done.
    pub(super) fn is_answered_at_once(
        &mut self,
        context: &mut Context<'_>,
        peeked: &[u8],
    ) -> io::Result<bool> {
        let Some(answers) = self.ready.as_ref().filter(|_| !self.exchange.is_draining()) else {
            return Ok(false);
        };
        let Some(get) = PlainGet::of(peeked) else {
            return Ok(false);
        };
        let Some(ready) = answers.find(&get, M::now()) else {
            return Ok(false);
        };
        self.stream.consume(get.length);
        let line = label::printable(get.line);
        let status = Ready::STATUS.as_u16();
        let asked = answers.notes_asked().then(|| asked::of_plain(&get));
        self.exchange
            .at_once(line, asked, get.length, ready.len(), status);
        self.write_ready(context, ready)?;
        Ok(true)
    }

    /// Writes a ready answer in one write, and keeps what there is no room for.
    fn write_ready(&mut self, context: &mut Context<'_>, ready: Ready) -> io::Result<()> {
        let Ready { answer, body, date } = ready;
        let (head, body) = (&answer.head, &body);
        let pieces = [
            Piece::Copied(head),
            Piece::Copied(&date),
            // What costs less to copy than to count references to is copied.
            match body.len() {
                ..2048 => Piece::Copied(body),
                _ => Piece::Shared(body),
            },
        ];
        let written = match self.stream.poll_write_pieces(context, &pieces) {
            Poll::Ready(written) => written?,
            Poll::Pending => 0,
        };
        self.exchange.sent(written);
        let before_body = head.len() + date.len();
        if written == before_body + body.len() {
            self.exchange.at_once_ended();
            return Ok(());
        }
        self.rest.body = body.slice(written.saturating_sub(before_body)..);
        if written < before_body {
            let whole = [&head[..], &date].concat();
            self.rest.head = Bytes::from(whole).slice(written..);
        }
        Ok(())
    }

    /// Writes what is left of a ready answer.
    pub(super) fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let part = match self.rest.head.is_empty() {
                false => &mut self.rest.head,
                true => &mut self.rest.body,
            };
            let written = ready!(self.stream.poll_write_bytes(context, part))?;
            self.exchange.sent(written);
        }
        self.exchange.at_once_ended();
        Poll::Ready(Ok(()))
    }
}
