//! The turnstile, once WebSocket is spoken: one message in, its answer out, and the offsets of both.
//!
//! Between messages control frames pass, so that a ping is answered while a message is being handled; but a Close frame
//! waits until that is answered. The bytes of the next message stay in the stack's `receive_queue` until the conversation
//! asks for it.

use super::exchange::{Exchange, Message};
use super::frame::{Opcode, Sender};
use super::memory::Claim;
use super::messages::{MessageWalker, Step};
use super::violation::Violation;
use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::turnstile::Disagreement;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// The stream that the library sees.
#[derive(Debug)]
pub(super) struct Turnstile<S, M: Marks> {
    stream: S,
    pub(super) exchange: Exchange<M>,
    received: MessageWalker,
    sent: MessageWalker,
    /// Where the frame that is being written begins.
    frame_start: u64,
    /// Whether the conversation has asked for a message.
    open: bool,
    /// Whether the next bytes are a message's, and wait until the conversation asks.
    holds_message: bool,
    violation: Option<Violation>,
}

impl<S: PeekStream, M: Marks> Turnstile<S, M> {
    /// Before `stream`, whose next byte is the first of a frame. `limit`: the longest message from the client, which must have
    /// room in `claim`.
    pub(super) fn new(stream: S, exchange: Exchange<M>, limit: u64, claim: Claim) -> Self {
        Self {
            stream,
            exchange,
            received: MessageWalker::new(Sender::Client, limit).kept_in(claim),
            sent: MessageWalker::new(Sender::Server, u64::MAX),
            frame_start: 0,
            open: false,
            holds_message: false,
            violation: None,
        }
    }

    /// Lets the next message pass: the last one is done with.
    pub(super) fn open(&mut self) {
        self.received.let_go();
        self.open = true;
    }

    /// What the client did that ends the connection.
    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation
    }

    /// Whether a message has begun to arrive that nobody has asked for.
    pub(super) fn holds_message(&self) -> bool {
        self.holds_message
    }

    /// Whether the library was given whole messages and control frames.
    pub(super) fn is_between_messages(&self) -> bool {
        self.received.is_between_messages()
    }

    pub(super) fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Hands on what may pass. Nothing is the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        if let Message::Arrived(_) = self.exchange.message {
            // The library was given a whole message, and asks for more of it.
            return Poll::Ready(Err(self
                .exchange
                .disagree(Disagreement::MessageNotTaken)
                .into()));
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(self.stream.poll_peek(context, &mut buffer))?;
        let peeked = buffer.filled();
        if peeked.is_empty() {
            return match self.is_answer_owed() {
                true => Poll::Pending,
                false => Poll::Ready(Ok(0)),
            };
        }
        let walked = self.walk_received(peeked);
        self.stream.consume(walked);
        if self.violation.is_none() {
            self.exchange.message_waits();
        }
        match self.violation {
            // The byte that is one is kept from the library.
            Some(_) if walked == 1 => Poll::Ready(self.check().map(|()| 0)),
            Some(_) => Poll::Ready(Ok(walked - 1)),
            None if walked == 0 => Poll::Pending,
            None => Poll::Ready(Ok(walked)),
        }
    }

    /// Walks as much of `bytes` as may pass, and says how much that was.
    fn walk_received(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while let Some(&next) = rest.first() {
            let journey = self.exchange.message != Message::Over;
            if journey && self.received.would_begin_message(next) {
                self.holds_message = !self.open || self.exchange.message != Message::Awaited;
                if self.holds_message {
                    break;
                }
                self.open = false;
                self.exchange.message_begins();
            } else if self.received.is_between_frames() && is_close(next) && self.is_answer_owed() {
                break;
            }
            let ended = self.walk_to_step(&mut rest, journey);
            if ended {
                break;
            }
        }
        bytes.len() - rest.len()
    }

    /// Walks to the end of a message or a control frame, or of `bytes`. `true` if what follows must wait.
    fn walk_to_step(&mut self, rest: &mut &[u8], journey: bool) -> bool {
        loop {
            let before = rest.len();
            let step = self.received.walk(rest);
            self.exchange.received += (before - rest.len()) as u64;
            match step {
                Ok(Step::More) => return false,
                Ok(Step::Began(kind, length)) if journey => self.exchange.label(kind, length),
                Ok(Step::Message(outline)) if journey => {
                    self.exchange.message_arrived(outline);
                    return true;
                }
                // What a peer sends after its Close frame is nothing (RFC 6455 section 5.5.1).
                Ok(Step::Control(Opcode::Close)) => return true,
                Ok(Step::Control(_)) => return false,
                Ok(Step::Began(..) | Step::Message(_)) => {}
                Err(violation) => {
                    self.violation = Some(violation);
                    return true;
                }
            }
        }
    }

    /// Writes what the library has to say.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(disagreement) = self.exchange.disagreement() {
            return Poll::Ready(Err(disagreement.into()));
        }
        let length = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.walk_sent(&bytes[..length])?;
        Poll::Ready(Ok(length))
    }

    /// Walks bytes that were just written.
    fn walk_sent(&mut self, mut bytes: &[u8]) -> Result<(), Disagreement> {
        while let Some(&first) = bytes.first() {
            if self.sent.is_between_frames() {
                self.frame_start = self.exchange.sent;
                if self.sent.would_begin_message(first) {
                    self.exchange.writing_begins(self.frame_start)?;
                } else if is_close(first) {
                    self.exchange.close_begins(self.frame_start);
                }
            }
            self.walk_sent_frame(&mut bytes)?;
        }
        Ok(())
    }

    fn walk_sent_frame(&mut self, bytes: &mut &[u8]) -> Result<(), Disagreement> {
        loop {
            let before = bytes.len();
            let step = self.sent.walk(bytes);
            self.exchange.sent += (before - bytes.len()) as u64;
            match step {
                Ok(Step::Began(..)) => {}
                Ok(Step::More) => return Ok(()),
                Ok(Step::Message(outline)) => return self.exchange.written(outline),
                Ok(Step::Control(Opcode::Close)) => {
                    self.exchange.close_written();
                    return Ok(());
                }
                Ok(Step::Control(_)) => return Ok(()),
                Err(_) => return Err(self.exchange.disagree(Disagreement::FrameMalformed)),
            }
        }
    }

    /// Whether the client is still to be answered: until it is, that it has closed is no news, for a Close frame is
    /// answered at once, and nothing can be said after it.
    fn is_answer_owed(&self) -> bool {
        matches!(
            self.exchange.message,
            Message::Handling | Message::Answering
        )
    }

    fn check(&self) -> io::Result<()> {
        if let Some(disagreement) = self.exchange.disagreement() {
            return Err(disagreement.into());
        }
        match self.violation {
            Some(violation) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                violation.reason(),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

/// Whether a frame with this first byte is a Close frame.
fn is_close(first_byte: u8) -> bool {
    first_byte & 0x0f == 0x08
}
