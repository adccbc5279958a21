//! The chunked transfer coding (RFC 9112 section 7.1): chunks, the last chunk, and the trailer section.

use super::fields::{FieldSection, Walk};

/// Walks a chunked content from its first chunk size to the end of its trailer section.
#[derive(Debug)]
pub struct Chunked {
    state: State,
    /// What is left of the chunk, or the part of its size that was read.
    size: u64,
}

#[derive(Debug)]
enum State {
    /// Before the first digit of a size.
    SizeStart,
    Size,
    /// White space after the size: an extension must follow.
    BeforeExtension,
    Extension,
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
        }
    }

    /// Walks `bytes`, leaving what comes after the content.
    pub fn walk(&mut self, bytes: &mut &[u8]) -> Walk {
        while let Some((&byte, rest)) = bytes.split_first() {
            match (&mut self.state, byte) {
                (State::SizeStart | State::Size, _) if byte.is_ascii_hexdigit() => {
                    let Some(size) = append_digit(self.size, byte) else {
                        return Walk::Malformed;
                    };
                    self.size = size;
                    self.state = State::Size;
                }
                (State::Size, b'\r') => self.state = State::SizeLineFeed,
                (State::Size | State::BeforeExtension, b';') => self.state = State::Extension,
                (State::Size | State::BeforeExtension, b' ' | b'\t') => {
                    self.state = State::BeforeExtension;
                }
                (State::Extension, b'\r') => self.state = State::SizeLineFeed,
                (State::Extension, b'\t' | b' '..=b'~' | 0x80..) => {}
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
                (State::DataLineFeed, b'\n') => self.state = State::SizeStart,
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

/// `size` with one more hexadecimal digit; `None` if that is more than a length can be. A size that wraps around is the
/// oldest way to hide a request in a chunk (RFC 9112 section 7.1).
fn append_digit(size: u64, digit: u8) -> Option<u64> {
    let value = (digit as char).to_digit(16)?;
    size.checked_mul(16)?.checked_add(u64::from(value))
}
