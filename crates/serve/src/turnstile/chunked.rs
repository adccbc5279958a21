//! The chunked transfer coding (RFC 9112 section 7.1): chunks, the last chunk, and the trailer section.

use super::chunk_extension::Extension;
use super::fields::{FieldSection, Walk};

/// Walks a chunked content from its first chunk size to the end of its trailer section.
#[derive(Debug)]
pub struct Chunked {
    state: State,
    /// What is left of the chunk, or the part of its size that was read.
    size: u64,
    /// Digits of its size that may follow.
    digits: u8,
}

/// The digits that a size of 64 bits has. More may be zeros, but nobody honest sends those, and somebody counts them.
const DIGITS: u8 = 16;

#[derive(Debug)]
enum State {
    /// Before the first digit of a size.
    SizeStart,
    Size,
    /// White space after the size or an extension: an extension must follow.
    BeforeExtension,
    Extension(Extension),
    SizeLineFeed,
    Data,
    DataCarriageReturn,
    DataLineFeed,
    Trailers(FieldSection),
}

impl Chunked {
    /// At the start of the first chunk.
    pub fn new() -> Self {
        Self {
            state: State::SizeStart,
            size: 0,
            digits: DIGITS,
        }
    }

    /// Walks `bytes`, leaving what comes after the content.
    pub fn walk(&mut self, bytes: &mut &[u8]) -> Walk {
        while let Some((&byte, rest)) = bytes.split_first() {
            match (&mut self.state, byte) {
                (State::SizeStart | State::Size, _) if byte.is_ascii_hexdigit() => {
                    let Some(digits) = self.digits.checked_sub(1) else {
                        return Walk::Malformed;
                    };
                    self.digits = digits;
                    self.size = self.size << 4 | u64::from(digit(byte));
                    self.state = State::Size;
                }
                (State::Size, b'\r') => self.state = State::SizeLineFeed,
                (State::Size | State::BeforeExtension, b';') => {
                    self.state = State::Extension(Extension::BeforeName);
                }
                (State::Size | State::BeforeExtension, b' ' | b'\t') => {
                    self.state = State::BeforeExtension;
                }
                (State::Extension(extension), b'\r') if extension.may_end() => {
                    self.state = State::SizeLineFeed;
                }
                (State::Extension(extension), _) => {
                    let Some(next) = extension.take(byte) else {
                        return Walk::Malformed;
                    };
                    *extension = next;
                }
                (State::SizeLineFeed, b'\n') if self.size == 0 => {
                    self.state = State::Trailers(FieldSection::new());
                }
                (State::SizeLineFeed, b'\n') => self.state = State::Data,
                (State::Data, _) => {
                    let length = bytes
                        .len()
                        .min(usize::try_from(self.size).unwrap_or(usize::MAX));
                    *bytes = &bytes[length..];
                    self.size -= length as u64;
                    if self.size == 0 {
                        self.state = State::DataCarriageReturn;
                    }
                    continue;
                }
                (State::DataCarriageReturn, b'\r') => self.state = State::DataLineFeed,
                (State::DataLineFeed, b'\n') => {
                    self.digits = DIGITS;
                    self.state = State::SizeStart;
                }
                (State::Trailers(trailers), _) => return trailers.walk(bytes),
                _ => return Walk::Malformed,
            }
            *bytes = rest;
        }
        Walk::More
    }
}

impl Default for Chunked {
    fn default() -> Self {
        Self::new()
    }
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20) - b'a' + 10,
    }
}
