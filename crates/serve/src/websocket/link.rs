//! The library behind the turnstile: frames on one side, whole messages on the desk on the other.

use super::desk::{Desk, Outgoing};
use super::exchange::Message as Passing;
use super::library::{Polled, library, would_block};
use super::message::{Close, Message};
use super::messages::{Kind, Outline};
use super::turnstile::Turnstile;
use super::violation::Violation;
use super::watchdog::Waiting;
use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::turnstile::Disagreement;
use std::task::{Context, Poll};
use tungstenite::protocol::{CloseFrame, WebSocketContext};
use tungstenite::{Bytes, Error, error::ProtocolError};

/// A message longer than this leaves the library with buffers that an idle connection should not keep.
const LARGE: usize = 64 * 1024;

/// A connection's library and turnstile.
pub(super) struct Link<S, M: Marks> {
    library: WebSocketContext,
    pub(super) turnstile: Turnstile<S, M>,
    desk: Desk,
    /// Something was written that the stream has not taken yet.
    is_writing: bool,
    /// A large message has passed since the library was made.
    is_large: bool,
    /// What is in flight is finished, and nothing new begun.
    is_draining: bool,
}

/// Why a conversation cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The client has closed, and its Close frame is answered.
    ByPeer,
    /// The client is not there any more.
    Gone,
    /// The client broke the protocol or a limit.
    Refused(Violation),
    /// The library and the turnstile disagree.
    Disagreed,
    /// Nothing is in flight, and nothing new is to begin.
    Drained,
}

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The client, to say something.
    Quiet,
    /// The conversation, to ask for what the client has said.
    Held,
    /// The client, to send the rest of a message.
    Arriving,
    /// The conversation, to be done with the message of this number.
    Handling(u64),
    /// The client, to take what is written.
    Writing,
}

impl<S: PeekStream, M: Marks> Link<S, M> {
    pub(super) fn new(turnstile: Turnstile<S, M>, desk: Desk) -> Self {
        Self {
            library: library(),
            turnstile,
            desk,
            is_writing: false,
            is_large: false,
            is_draining: false,
        }
    }

    /// Carries messages between the stream and the desk until it cannot go on.
    pub(super) fn poll_carry(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        self.desk.wait(context);
        loop {
            // What is written has to be taken before anything else is written or read: who does not read is not read from.
            match self.poll_flush(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(self.ended(error)),
                Poll::Ready(Ok(())) => self.desk.written(),
            }
            match self.send(context) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => return Poll::Ready(self.ended(error)),
            }
            if self.is_draining && !self.is_busy() {
                return Poll::Ready(Ended::Drained);
            }
            if self.desk.is_asked() {
                self.turnstile.exchange.no_answer();
                self.turnstile.open();
            }
            match self.read(context) {
                Poll::Pending => {
                    self.shrink();
                    return Poll::Pending;
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(self.ended(error)),
            }
        }
    }

    /// Reads what there is, and leaves it on the desk if it is a message.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let stream = &mut Polled {
            turnstile: &mut self.turnstile,
            context,
        };
        let message = match self.library.read(stream) {
            Ok(tungstenite::Message::Text(text)) => Message::Text(text),
            Ok(tungstenite::Message::Binary(bytes)) => Message::Binary(bytes),
            Ok(_) => {
                // It may be a ping, or a Close frame, whose answer the library has ready.
                self.is_writing = true;
                return Poll::Ready(Ok(()));
            }
            Err(error) if would_block(&error) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let exchange = &mut self.turnstile.exchange;
        if exchange.message == Passing::Over {
            return Poll::Ready(Ok(()));
        }
        let outline = outline(&message);
        self.is_large |= outline.length > LARGE as u64;
        if let Err(disagreement) = exchange.message_taken(outline) {
            return Poll::Ready(Err(Error::Io(disagreement.into())));
        }
        self.desk.put(message);
        Poll::Ready(Ok(()))
    }

    /// Writes the message that waits on the desk, if there is one.
    fn send(&mut self, context: &mut Context<'_>) -> Result<bool, Error> {
        let Some(Outgoing { message, answers }) = self.desk.take() else {
            return Ok(false);
        };
        let outline = outline(&message);
        self.turnstile.exchange.message_due(outline, answers);
        self.is_large |= outline.length > LARGE as u64;
        self.write(context, message.into()).map(|()| true)
    }

    fn write(
        &mut self,
        context: &mut Context<'_>,
        message: tungstenite::Message,
    ) -> Result<(), Error> {
        self.is_writing = true;
        let stream = &mut Polled {
            turnstile: &mut self.turnstile,
            context,
        };
        match self.library.write(stream, message) {
            // The library keeps it, and writes it when it is flushed.
            Err(error) if would_block(&error) => Ok(()),
            written => written,
        }
    }

    /// Waits until the stream has taken all that was written.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.is_writing {
            return Poll::Ready(Ok(()));
        }
        let stream = &mut Polled {
            turnstile: &mut self.turnstile,
            context,
        };
        match self.library.flush(stream) {
            Err(error) if would_block(&error) => Poll::Pending,
            flushed => {
                self.is_writing = false;
                Poll::Ready(flushed)
            }
        }
    }

    /// Gives back the buffers that a large message has left in the library, which has written everything, and made of what
    /// it has read all that it could: between messages it holds nothing else.
    fn shrink(&mut self) {
        if self.is_large && self.turnstile.is_between_messages() {
            self.library = library();
            self.is_large = false;
        }
    }

    /// Asks the client for a sign of life.
    pub(super) fn ping(&mut self, context: &mut Context<'_>) {
        // If that fails, the next reading or writing does as well.
        let _ = self.write(context, tungstenite::Message::Ping(Bytes::new()));
    }

    /// The rest of a message did not come in time.
    pub(super) fn refuse_overdue(&mut self) -> Ended {
        self.turnstile.exchange.refuse(Violation::MessageOverdue);
        Ended::Refused(Violation::MessageOverdue)
    }

    /// From now on nothing new begins.
    pub(super) fn drain(&mut self) {
        self.is_draining = true;
    }

    /// Says Close, after what waits on the desk. `answers`: to the message that is being handled, or was refused.
    pub(super) fn close(&mut self, context: &mut Context<'_>, close: &Close, answers: bool) {
        if !answers {
            // If it fails, so does what follows.
            let _ = self.send(context);
            self.turnstile.exchange.no_answer();
        }
        let exchange = &mut self.turnstile.exchange;
        exchange.close_answers(close.code());
        let frame = CloseFrame {
            code: close.code().into(),
            reason: close.reason().into(),
        };
        // If that fails, waiting for the client's answer does as well.
        let _ = self.write(context, tungstenite::Message::Close(Some(frame)));
    }

    /// After Close was said: waits until it is written, and, `until_answered`, until the client has said it as well.
    /// What else it still says is thrown away.
    pub(super) fn poll_close(
        &mut self,
        context: &mut Context<'_>,
        until_answered: bool,
    ) -> Poll<()> {
        loop {
            match self.poll_flush(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if !until_answered => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {}
            }
            match self.read(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
            }
        }
    }

    /// What the connection is waiting for.
    pub(super) fn stage(&self) -> Stage {
        let exchange = &self.turnstile.exchange;
        match exchange.message {
            _ if self.is_writing => Stage::Writing,
            Passing::Arriving | Passing::Arrived(_) => Stage::Arriving,
            Passing::Handling => Stage::Handling(exchange.messages),
            _ if self.turnstile.holds_message() => Stage::Held,
            _ => Stage::Quiet,
        }
    }

    /// What the connection is waiting for, and what has moved so far.
    pub(super) fn waiting(&self) -> Waiting {
        let (stage, exchange) = (self.stage(), &self.turnstile.exchange);
        let (sent, acknowledged) = (exchange.sent, exchange.marks.acknowledged());
        let moved = match stage {
            // The send queue has room only now and then, however steadily the client takes what is in it.
            Stage::Writing => sent + acknowledged.unwrap_or(0),
            _ => exchange.received,
        };
        Waiting {
            stage,
            moved,
            sent,
            acknowledged,
        }
    }

    /// Whether a message is being handled, or one is on its way out.
    fn is_busy(&self) -> bool {
        self.turnstile.exchange.message == Passing::Handling && !self.desk.is_asked()
            || self.desk.has_outgoing()
    }

    /// What the library's error means here.
    fn ended(&mut self, error: Error) -> Ended {
        let refused = self.turnstile.violation();
        let exchange = &mut self.turnstile.exchange;
        if exchange.disagreement().is_some() {
            return Ended::Disagreed;
        }
        let violation = match (refused, error) {
            (Some(violation), _) => violation,
            (None, Error::Utf8(_)) => Violation::NotUtf8,
            (None, Error::Protocol(ProtocolError::InvalidCloseSequence)) => {
                Violation::CloseMalformed
            }
            (None, Error::ConnectionClosed | Error::AlreadyClosed) => return Ended::ByPeer,
            (None, Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return Ended::Gone;
            }
            // The turnstile let pass what the library refuses.
            (None, _) => {
                exchange.disagree(Disagreement::MessageNotTaken);
                return Ended::Disagreed;
            }
        };
        exchange.refuse(violation);
        Ended::Refused(violation)
    }
}

fn outline(message: &Message) -> Outline {
    let (kind, length) = match message {
        Message::Text(text) => (Kind::Text, text.len()),
        Message::Binary(bytes) => (Kind::Binary, bytes.len()),
    };
    Outline {
        kind,
        length: length as u64,
    }
}
