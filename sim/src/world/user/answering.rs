//! A user that reads requests and answers them, and marks what it does, as a codec would.

use super::{Held, User};
use crate::world::Host;
use periplus_journey::{Instant, Label, Mark, RequestEnd, StampedMark};

/// Whose turn it is between a client and the user that answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The client's: its request is read, and no further.
    Reads,
    /// The request is here; the answer begins then.
    Thinks(Instant),
    /// The answer is written.
    Answers,
}

impl User {
    /// Bytes that it may read now: all, or the rest of a request.
    pub(super) fn room_to_read(&self, held: &Held) -> u64 {
        match (&self.plan.answers, held.turn) {
            (None, _) => u64::MAX,
            (Some(answers), Turn::Reads) => answers.request - self.read % answers.request,
            _ => 0,
        }
    }

    /// Bytes that it may write now: all that are left, or the rest of an answer.
    pub(super) fn room_to_write(&self, held: &Held) -> u64 {
        let left = self.plan.sends - self.written;
        match (&self.plan.answers, held.turn) {
            (None, _) => left,
            (Some(answers), Turn::Answers) => answers.answer - self.written % answers.answer,
            _ => 0,
        }
    }

    /// It has read so many bytes more.
    pub(super) fn has_read(&mut self, host: &mut Host, now: Instant, held: &mut Held, length: u64) {
        let start = self.read;
        self.read += length;
        let Some(answers) = &self.plan.answers else {
            return;
        };
        if start.is_multiple_of(answers.request) {
            mark(host, held, now, Mark::Request { start });
        }
        if !self.read.is_multiple_of(answers.request) {
            return;
        }
        let (end, how) = (self.read, RequestEnd::Complete);
        mark(host, held, now, Mark::RequestEnd { end, how });
        mark(host, held, now, Mark::HandlerCalled);
        let label = Label::Request(format!("request up to {end}").into());
        mark(host, held, now, Mark::Label(label));
        held.turn = Turn::Thinks(now + answers.thinks);
    }

    /// The answer begins, if it is time.
    pub(super) fn stop_thinking(&self, host: &mut Host, now: Instant, held: &mut Held) {
        if let Turn::Thinks(until) = held.turn
            && until <= now
        {
            let start = self.written;
            mark(host, held, now, Mark::Response { start });
            held.turn = Turn::Answers;
        }
    }

    /// It has written so many bytes more.
    pub(super) fn has_written(
        &mut self,
        host: &mut Host,
        now: Instant,
        held: &mut Held,
        length: u64,
    ) {
        self.written += length;
        let Some(answers) = &self.plan.answers else {
            return;
        };
        if self.written.is_multiple_of(answers.answer) {
            let end = self.written;
            mark(host, held, now, Mark::ResponseEnd { end });
            held.turn = Turn::Reads;
        }
    }
}

fn mark(host: &mut Host, held: &Held, at: Instant, mark: Mark) {
    host.shard.mark(
        held.id,
        StampedMark {
            at,
            stream: 0,
            mark,
        },
    );
}
