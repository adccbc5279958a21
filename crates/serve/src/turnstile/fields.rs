//! Field sections: header or trailer lines up to the empty line (RFC 9112 section 5), read for what frames a content.

use super::line::is_tchar;
use arrayvec::ArrayVec;

/// What a walker says of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// All of them are part of the section, and more must follow.
    More,
    /// The section ended; what is left of the bytes comes after it.
    Ended,
    /// The first byte that is left breaks the grammar.
    Malformed,
}

/// What the field lines seen so far say of the content's length (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    /// The value of Content-Length.
    pub content_length: Option<u64>,
    /// How many transfer codings the Transfer-Encoding lines name.
    pub transfer_codings: u32,
    /// The last of them is `chunked`.
    pub chunked: bool,
    /// One of them is no name of a coding, or `chunked` stands before the last.
    pub is_doubtful: bool,
}

/// Walks a field section, line by line, to its empty line.
#[derive(Debug)]
pub struct FieldSection {
    state: State,
    field: Field,
    word: Word,
    framing: Framing,
}

#[derive(Clone, Copy, Debug)]
enum State {
    LineStart,
    Name,
    Value,
    LineFeed,
    LastLineFeed,
}

/// Which field line is being read.
#[derive(Clone, Copy, Debug)]
enum Field {
    ContentLength,
    TransferEncoding,
    Other,
}

impl FieldSection {
    /// At the start of the first line.
    pub fn new() -> Self {
        Self {
            state: State::LineStart,
            field: Field::Other,
            word: Word::default(),
            framing: Framing::default(),
        }
    }

    /// What the lines walked so far say of the framing.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Walks `bytes`, leaving what comes after the section.
    pub fn walk(&mut self, bytes: &mut &[u8]) -> Walk {
        while let Some((&byte, rest)) = bytes.split_first() {
            match (self.state, byte) {
                (State::LineStart, b'\r') => self.state = State::LastLineFeed,
                // A line that begins with a space folds the one before it (5.2): refused, as it may be.
                (State::LineStart, b' ' | b'\t' | b':' | b'\n') => return Walk::Malformed,
                (State::LineStart, _) => {
                    self.word.clear();
                    self.word.push(byte);
                    self.state = State::Name;
                }
                (State::Name, b':') => {
                    // Somewhere `_` becomes `-`, as in the variables of CGI, and there this is a length or a coding.
                    if self.word.resembles_framing() {
                        return Walk::Malformed;
                    }
                    self.field = Field::named(&self.word);
                    self.word.clear();
                    self.state = State::Value;
                }
                // No space is allowed between name and colon: it has hidden a length before (5.1).
                (State::Name, b' ' | b'\t' | b'\r' | b'\n') => return Walk::Malformed,
                (State::Name, _) => self.word.push(byte),
                (State::Value, b'\r') => self.state = State::LineFeed,
                (State::Value, b'\n') => return Walk::Malformed,
                (State::Value, _) => {
                    if let Field::Other = self.field {
                        // Nothing here concerns the framing: on to the line's end at once.
                        let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
                        *bytes = &bytes[end..];
                        continue;
                    }
                    self.value(byte);
                }
                (State::LineFeed, b'\n') => {
                    if !self.end_line() {
                        return Walk::Malformed;
                    }
                    self.state = State::LineStart;
                }
                (State::LastLineFeed, b'\n') => {
                    *bytes = rest;
                    return Walk::Ended;
                }
                (State::LineFeed | State::LastLineFeed, _) => return Walk::Malformed,
            }
            *bytes = rest;
        }
        Walk::More
    }

    /// Takes a byte of a value that concerns the framing.
    fn value(&mut self, byte: u8) {
        match (self.field, byte) {
            // A list of codings, applied in this order (RFC 9112 section 6.1).
            (Field::TransferEncoding, b',') => self.end_coding(),
            _ => self.word.push(byte),
        }
    }

    fn end_coding(&mut self) {
        self.framing.transfer_codings = self.framing.transfer_codings.saturating_add(1);
        self.framing.is_doubtful |= self.framing.chunked || !self.word.is_token();
        self.framing.chunked = self.word.is(b"chunked");
        self.word.clear();
    }

    /// Takes the line's value for what it says; `false` if it says nothing valid, or says it again.
    fn end_line(&mut self) -> bool {
        match self.field {
            Field::Other => true,
            Field::TransferEncoding => {
                self.end_coding();
                true
            }
            Field::ContentLength => {
                // Equal lengths might be merged (RFC 9112 section 6.3), but nobody honest sends them.
                let first = self.framing.content_length.is_none();
                self.framing.content_length = self.word.decimal();
                first && self.framing.content_length.is_some()
            }
        }
    }
}

impl Default for FieldSection {
    fn default() -> Self {
        Self::new()
    }
}

impl Field {
    fn named(name: &Word) -> Self {
        if name.is(b"content-length") {
            Field::ContentLength
        } else if name.is(b"transfer-encoding") {
            Field::TransferEncoding
        } else {
            Field::Other
        }
    }
}

/// The letters of a name or value, in lower case and without the white space around it, as far as they can matter: the
/// longest is a length of 20 digits.
#[derive(Debug, Default)]
struct Word {
    letters: ArrayVec<u8, 20>,
    too_long: bool,
}

impl Word {
    fn clear(&mut self) {
        self.letters.clear();
        self.too_long = false;
    }

    fn push(&mut self, byte: u8) {
        let leading_space = self.letters.is_empty() && matches!(byte, b' ' | b'\t');
        if !leading_space && self.letters.try_push(byte.to_ascii_lowercase()).is_err() {
            self.too_long = true;
        }
    }

    fn is(&self, expected: &[u8]) -> bool {
        !self.too_long && self.letters.trim_ascii_end() == expected
    }

    fn resembles_framing(&self) -> bool {
        let mut name = self.letters.clone();
        if self.too_long || !name.contains(&b'_') {
            return false;
        }
        for letter in &mut name {
            *letter = if *letter == b'_' { b'-' } else { *letter };
        }
        matches!(&name[..], b"content-length" | b"transfer-encoding")
    }

    fn is_token(&self) -> bool {
        let letters = self.letters.trim_ascii_end();
        !letters.is_empty() && letters.iter().all(|&letter| is_tchar(letter))
    }

    /// 1*DIGIT (RFC 9110 section 8.6), and nothing that `parse` would take besides, as a sign.
    fn decimal(&self) -> Option<u64> {
        let digits = self.letters.trim_ascii_end();
        if self.too_long || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}
