//! The message that is passing and its answer: what has been seen of them, and the marks that follow from it.

use super::messages::{Kind, Outline};
use super::violation::Violation;
use crate::counters::ServeCounters;
use crate::marks::Marks;
use crate::turnstile::Disagreement;
use periplus_journey::{Label, Mark, RequestEnd};
use std::sync::Arc;

/// How much of a message was seen. One passes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Awaited,
    /// Its first byte was read.
    Arriving,
    /// Its last byte was given to the library.
    Arrived(Outline),
    /// The library has made it out, and the conversation may have it.
    Handling,
    /// The conversation has answered it, and the answer is being written.
    Answering,
    /// It broke a rule, and is answered by a Close frame.
    Refused,
    /// No message is passed on any more, or has a journey.
    Over,
}

/// A message on its way out.
#[derive(Clone, Copy, Debug)]
struct Due {
    outline: Outline,
    is_answer: bool,
}

/// One connection's exchange of messages, from the end of its HTTP.
#[derive(Debug)]
pub(super) struct Exchange<M: Marks> {
    pub(super) marks: M,
    counters: Arc<ServeCounters>,
    /// Bytes received, and bytes sent, on this connection.
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) message: Message,
    /// How many messages have begun.
    pub(super) messages: u64,
    /// It was told that the rest of the message is waited for.
    waits: bool,
    /// The length that the message is labelled with.
    labelled: Option<u64>,
    /// The message that the library was given to write, until its last byte is written.
    due: Option<Due>,
    /// The Close frame about to be written answers the message, by this code.
    closing_answer: Option<u16>,
    disagreement: Option<Disagreement>,
}

impl<M: Marks> Exchange<M> {
    /// Of a connection on which so many bytes were received and sent already.
    pub(super) fn new(
        marks: M,
        counters: Arc<ServeCounters>,
        (received, sent): (u64, u64),
    ) -> Self {
        Self {
            marks,
            counters,
            received,
            sent,
            message: Message::Awaited,
            messages: 0,
            waits: false,
            labelled: None,
            due: None,
            closing_answer: None,
            disagreement: None,
        }
    }

    /// The next byte received begins a message.
    pub(super) fn message_begins(&mut self) {
        self.message = Message::Arriving;
        self.messages += 1;
        (self.waits, self.labelled) = (false, None);
        self.marks.mark(Mark::Request {
            start: self.received,
        });
        self.marks.mark(Mark::Label(Label::Protocol("websocket")));
    }

    /// The message's kind is known, and its length if it is one frame.
    pub(super) fn label(&mut self, kind: Kind, length: Option<u64>) {
        self.labelled = length;
        let kind = match kind {
            Kind::Text => "text",
            Kind::Binary => "binary",
        };
        let label = match length {
            Some(1) => format!("{kind} 1 byte"),
            Some(length) => format!("{kind} {length} bytes"),
            None => kind.to_owned(),
        };
        self.marks.mark(Mark::Label(Label::Request(label.into())));
    }

    /// What has arrived ends within the message: the connection may end before the rest comes.
    pub(super) fn message_waits(&mut self) {
        if self.message == Message::Arriving && !std::mem::replace(&mut self.waits, true) {
            let reason = "waiting for message".into();
            self.marks.mark(Mark::Label(Label::Reason(reason)));
        }
    }

    /// The message's last byte was received.
    pub(super) fn message_arrived(&mut self, outline: Outline) {
        if self.labelled.is_none() {
            self.label(outline.kind, Some(outline.length));
        }
        self.message = Message::Arrived(outline);
    }

    /// The library has made out a message, and it is the conversation's now.
    pub(super) fn message_taken(&mut self, taken: Outline) -> Result<(), Disagreement> {
        if self.message != Message::Arrived(taken) {
            return Err(self.disagree(Disagreement::MessageNotTheSame));
        }
        self.message = Message::Handling;
        self.end_request(RequestEnd::Complete);
        self.marks.mark(Mark::HandlerCalled);
        self.counters.messages.increment();
        Ok(())
    }

    /// The conversation wants no answer to be written to its message, or has none.
    pub(super) fn no_answer(&mut self) {
        if self.message == Message::Handling {
            self.message = Message::Awaited;
            self.marks.mark(Mark::NoResponse);
        }
    }

    /// The library is given a message to write. It is the answer to the one that is being handled, if there is one and it
    /// `answers`; otherwise it is pushed.
    pub(super) fn message_due(&mut self, outline: Outline, answers: bool) {
        let is_answer = answers && self.message == Message::Handling;
        self.due = Some(Due { outline, is_answer });
        if is_answer {
            self.message = Message::Answering;
        } else {
            self.counters.pushed_messages.increment();
        }
    }

    /// A message begins to be written; its first byte was sent at `start`.
    pub(super) fn writing_begins(&mut self, start: u64) -> Result<(), Disagreement> {
        match self.due {
            None => Err(self.disagree(Disagreement::MessageNotDue)),
            Some(due) => {
                if due.is_answer {
                    self.marks.mark(Mark::Response { start });
                }
                Ok(())
            }
        }
    }

    /// The last byte of a message was written.
    pub(super) fn written(&mut self, outline: Outline) -> Result<(), Disagreement> {
        let Some(due) = self.due.take().filter(|due| due.outline == outline) else {
            return Err(self.disagree(Disagreement::MessageNotTheSame));
        };
        if due.is_answer {
            self.marks.mark(Mark::ResponseEnd { end: self.sent });
        }
        if self.message == Message::Answering {
            self.message = Message::Awaited;
        }
        Ok(())
    }

    /// What has arrived of a message is none, or not one that is taken.
    pub(super) fn refuse(&mut self, violation: Violation) {
        if !matches!(self.message, Message::Arriving | Message::Arrived(_)) {
            return;
        }
        self.message = Message::Refused;
        let reason = violation.name().into();
        self.marks.mark(Mark::Label(Label::Reason(reason)));
        self.end_request(match violation {
            Violation::MessageOverdue => RequestEnd::TimedOut,
            _ => RequestEnd::Rejected,
        });
    }

    /// A Close frame with this code is written next. It answers the message that was refused or is being handled;
    /// what is only arriving is given up.
    pub(super) fn close_answers(&mut self, code: u16) {
        match self.message {
            Message::Refused | Message::Handling => self.closing_answer = Some(code),
            _ => self.finish(),
        }
        self.message = Message::Over;
    }

    /// A Close frame begins to be written; its first byte was sent at `start`.
    pub(super) fn close_begins(&self, start: u64) {
        if let Some(code) = self.closing_answer {
            self.marks.mark(Mark::Response { start });
            self.marks.mark(Mark::Label(Label::Status(code)));
        }
    }

    /// The last byte of a Close frame was written.
    pub(super) fn close_written(&mut self) {
        if self.closing_answer.take().is_some() {
            self.marks.mark(Mark::ResponseEnd { end: self.sent });
        }
    }

    /// No message is passed on any more. What has not arrived by now never will.
    pub(super) fn finish(&mut self) {
        if matches!(self.message, Message::Arriving | Message::Arrived(_)) {
            self.end_request(RequestEnd::Abandoned);
        }
        self.message = Message::Over;
    }

    pub(super) fn disagree(&mut self, disagreement: Disagreement) -> Disagreement {
        if self.disagreement.is_none() {
            self.counters.disagreements.increment();
        }
        *self.disagreement.get_or_insert(disagreement)
    }

    pub(super) fn disagreement(&self) -> Option<Disagreement> {
        self.disagreement
    }

    fn end_request(&self, how: RequestEnd) {
        self.marks.mark(Mark::RequestEnd {
            end: self.received,
            how,
        });
    }
}

impl<M: Marks> Drop for Exchange<M> {
    fn drop(&mut self) {
        self.finish();
    }
}
