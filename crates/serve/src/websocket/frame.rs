//! A frame's header (RFC 6455 section 5.2), walked a byte at a time.

use super::violation::Violation;
use arrayvec::ArrayVec;

/// The longest header: two bytes, a length of eight, a masking key.
const MAX_HEADER: usize = 14;

/// Who sends the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Masks every frame.
    Client,
    /// Masks none.
    Server,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    /// Whether the frame with this first byte claims to be a part of a message, and not a control frame. What is reserved
    /// there is as well.
    pub(super) fn is_data(first_byte: u8) -> bool {
        first_byte & 0x08 == 0
    }

    fn of(first_byte: u8) -> Result<Self, Violation> {
        Ok(match first_byte & 0x0f {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xa => Opcode::Pong,
            _ => return Err(Violation::ReservedOpcode),
        })
    }

    fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    /// Whether it is the last frame of its message.
    pub(super) fin: bool,
    /// Bytes of payload.
    pub(super) length: u64,
}

/// Walks one header after the other. A violation is seen with the byte that makes it one.
#[derive(Debug)]
pub(super) struct HeaderWalker {
    sender: Sender,
    bytes: ArrayVec<u8, MAX_HEADER>,
}

impl HeaderWalker {
    pub(super) fn new(sender: Sender) -> Self {
        Self {
            sender,
            bytes: ArrayVec::new(),
        }
    }

    /// Whether the next byte is a header's first.
    pub(super) fn is_at_start(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Walks a byte. Gives the header with its last.
    pub(super) fn walk(&mut self, byte: u8) -> Result<Option<Header>, Violation> {
        self.bytes.push(byte);
        let first = self.bytes[0];
        let (opcode, fin) = (Opcode::of(first)?, first & 0x80 != 0);
        let Some(&second) = self.bytes.get(1) else {
            return match () {
                () if first & 0x70 != 0 => Err(Violation::ReservedBits),
                () if opcode.is_control() && !fin => Err(Violation::ControlFragmented),
                () => Ok(None),
            };
        };
        let (masked, short_length) = (second & 0x80 != 0, second & 0x7f);
        if self.bytes.len() == 2 {
            match self.sender {
                Sender::Client if !masked => return Err(Violation::Unmasked),
                Sender::Server if masked => return Err(Violation::Masked),
                _ if opcode.is_control() && short_length > 125 => {
                    return Err(Violation::ControlTooLong);
                }
                _ => {}
            }
        }
        let extended = &self.bytes[2..];
        let (length_bytes, smallest) = match short_length {
            126 => (2, 126),
            127 => (8, 1 << 16),
            _ => (0, 0),
        };
        if short_length == 127 && extended.len() == 1 && byte & 0x80 != 0 {
            return Err(Violation::LengthTooLarge);
        }
        if extended.len() < length_bytes {
            return Ok(None);
        }
        let length = match length_bytes {
            0 => u64::from(short_length),
            _ => extended[..length_bytes]
                .iter()
                .fold(0, |length, &byte| length << 8 | u64::from(byte)),
        };
        if length < smallest {
            return Err(Violation::LengthNotMinimal);
        }
        let masking_key = if masked { 4 } else { 0 };
        if extended.len() < length_bytes + masking_key {
            return Ok(None);
        }
        self.bytes.clear();
        Ok(Some(Header {
            opcode,
            fin,
            length,
        }))
    }
}
