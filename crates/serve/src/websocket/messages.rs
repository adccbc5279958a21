//! The frames of messages and the control frames between them (RFC 6455 sections 5.4 and 5.5), walked.

use super::frame::{Header, HeaderWalker, Opcode, Sender};
use super::memory::Claim;
use super::violation::Violation;

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) kind: Kind,
    /// Bytes of payload, all fragments together.
    pub(super) length: u64,
}

/// How far a walk got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All bytes were walked, and end nothing.
    More,
    /// The header of a message's first frame ended. The length is known if it is the only frame.
    Began(Kind, Option<u64>),
    /// A message ended.
    Message(Outline),
    /// A control frame ended.
    Control(Opcode),
}

/// Walks one direction. It can be stopped and resumed at any byte.
#[derive(Debug)]
pub(super) struct MessageWalker {
    header: HeaderWalker,
    /// The frame whose payload is being walked, and what is left of it.
    frame: Option<(Header, u64)>,
    /// The message whose first frame has begun and whose last has not ended.
    message: Option<Outline>,
    /// The most bytes a message may have.
    limit: u64,
    /// Where a message must have room, if it is to be kept.
    claim: Option<Claim>,
}

impl MessageWalker {
    pub(super) fn new(sender: Sender, limit: u64) -> Self {
        Self {
            header: HeaderWalker::new(sender),
            frame: None,
            message: None,
            limit,
            claim: None,
        }
    }

    /// The messages are kept, and must have room there.
    pub(super) fn kept_in(self, claim: Claim) -> Self {
        Self {
            claim: Some(claim),
            ..self
        }
    }

    /// The message that ended last is kept no longer.
    pub(super) fn let_go(&mut self) {
        if self.message.is_none()
            && let Some(claim) = &mut self.claim
        {
            claim.give_back();
        }
    }

    /// Whether the next byte is a frame's first.
    pub(super) fn is_between_frames(&self) -> bool {
        self.frame.is_none() && self.header.is_at_start()
    }

    /// Whether the next byte is a control frame's first, or a message's.
    pub(super) fn is_between_messages(&self) -> bool {
        self.is_between_frames() && self.message.is_none()
    }

    /// Whether `byte`, which is the next, begins a message, or something that is none and no control frame either.
    pub(super) fn would_begin_message(&self, byte: u8) -> bool {
        self.is_between_messages() && Opcode::is_data(byte)
    }

    /// Walks `bytes` to the next step, leaving what comes after it. The byte that makes a violation is walked.
    pub(super) fn walk(&mut self, bytes: &mut &[u8]) -> Result<Step, Violation> {
        loop {
            if let Some((header, left)) = &mut self.frame {
                let length = bytes
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                *bytes = &bytes[length..];
                *left -= length as u64;
                if *left > 0 {
                    return Ok(Step::More);
                }
                let header = *header;
                self.frame = None;
                if let Some(step) = self.end_frame(header) {
                    return Ok(step);
                }
            }
            let Some((&byte, rest)) = bytes.split_first() else {
                return Ok(Step::More);
            };
            *bytes = rest;
            let Some(header) = self.header.walk(byte)? else {
                continue;
            };
            self.frame = Some((header, header.length));
            if let Some(step) = self.begin_frame(header)? {
                return Ok(step);
            }
        }
    }

    fn begin_frame(&mut self, header: Header) -> Result<Option<Step>, Violation> {
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            Opcode::Continuation => {
                let message = self.message.as_mut().ok_or(Violation::NothingToContinue)?;
                // Both are below 2^63.
                message.length += header.length;
                let length = message.length;
                return self.make_room(length).map(|()| None);
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => return Ok(None),
        };
        if self.message.is_some() {
            return Err(Violation::MessageInterrupted);
        }
        self.make_room(header.length)?;
        self.message = Some(Outline {
            kind,
            length: header.length,
        });
        Ok(Some(Step::Began(kind, header.fin.then_some(header.length))))
    }

    /// For a message of `length` bytes in all.
    fn make_room(&mut self, length: u64) -> Result<(), Violation> {
        if length > self.limit {
            return Err(Violation::MessageTooLong);
        }
        let has_room = self
            .claim
            .as_mut()
            .is_none_or(|claim| claim.grow_to(length));
        has_room.then_some(()).ok_or(Violation::MemoryShort)
    }

    fn end_frame(&mut self, header: Header) -> Option<Step> {
        match header.opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => Some(Step::Control(header.opcode)),
            _ if header.fin => self.message.take().map(Step::Message),
            _ => None,
        }
    }
}
