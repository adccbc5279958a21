//! The request-line (RFC 9112 section 3), walked as it comes and taken by its letter: a recipient should not correct it, as
//! it may be meant to get past a filter.

use super::refusal::Refusal;

/// The longest method that is read. The longest that is registered has 17 letters.
const MAX_METHOD: usize = 32;

/// What a version is: this, with any digit in place of the 0.
const VERSION: &[u8] = b"HTTP/1.0";

/// What the walk over a request-line says of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineWalk {
    /// All of them are part of the line, and more must follow.
    More,
    /// The line ended, with its CRLF.
    Ended,
    /// The first byte that is left is one too many, or may not be there.
    Refused(Refusal),
}

/// Walks one request-line.
#[derive(Debug)]
pub(super) struct RequestLine {
    part: Part,
    /// Bytes of this part so far.
    length: usize,
    minor: u8,
    /// How many bytes of those walked last came after the digit of the minor version.
    minor_behind: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Method,
    Target,
    Version,
    LineFeed,
}

impl RequestLine {
    /// At its first byte.
    pub(super) fn new() -> Self {
        Self {
            part: Part::Method,
            length: 0,
            minor: 0,
            minor_behind: None,
        }
    }

    /// The digit of the minor version, once it was read.
    pub(super) fn minor(&self) -> u8 {
        self.minor
    }

    /// If the last walk read the digit of a minor version higher than ours: how many bytes it was given behind it.
    pub(super) fn take_higher_minor(&mut self) -> Option<usize> {
        let behind = self.minor_behind.take();
        behind.filter(|_| self.minor > b'1')
    }

    /// Walks `bytes`, leaving what comes after the line. A target may be as long as `max_target`.
    pub(super) fn walk(&mut self, bytes: &mut &[u8], max_target: usize) -> LineWalk {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.part {
                Part::Method => {
                    if byte == b' ' && self.length > 0 {
                        self.begin(Part::Target);
                    } else if !is_tchar(byte) {
                        return LineWalk::Refused(Refusal::Malformed);
                    } else if self.length == MAX_METHOD {
                        return LineWalk::Refused(Refusal::MethodTooLong);
                    } else {
                        self.length += 1;
                    }
                }
                Part::Target => {
                    let end = bytes.iter().position(|&byte| !is_in_target(byte));
                    let length = end.unwrap_or(bytes.len());
                    if length > max_target - self.length {
                        *bytes = &bytes[max_target - self.length..];
                        return LineWalk::Refused(Refusal::TargetTooLong);
                    }
                    self.length += length;
                    *bytes = &bytes[length..];
                    match bytes.split_first() {
                        None => return LineWalk::More,
                        Some((b' ', rest)) if self.length > 0 => {
                            *bytes = rest;
                            self.begin(Part::Version);
                        }
                        Some(_) => return LineWalk::Refused(Refusal::Malformed),
                    }
                    continue;
                }
                Part::Version => match VERSION.get(self.length) {
                    None if byte == b'\r' => self.begin(Part::LineFeed),
                    // At once: hyper must not see a version that it would answer for.
                    Some(b'1') if byte.is_ascii_digit() && byte != b'1' => {
                        return LineWalk::Refused(Refusal::VersionNotSupported);
                    }
                    Some(b'0') if byte.is_ascii_digit() => {
                        self.minor = byte;
                        self.minor_behind = Some(rest.len());
                        self.length += 1;
                    }
                    Some(&expected) if byte == expected && byte != b'0' => self.length += 1,
                    _ => return LineWalk::Refused(Refusal::Malformed),
                },
                Part::LineFeed if byte == b'\n' => {
                    *bytes = rest;
                    return LineWalk::Ended;
                }
                Part::LineFeed => return LineWalk::Refused(Refusal::Malformed),
            }
            *bytes = rest;
        }
        LineWalk::More
    }

    fn begin(&mut self, part: Part) {
        self.part = part;
        self.length = 0;
    }
}

/// A byte of a token (RFC 9110 section 5.6.2).
pub(super) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a byte may stand in a target. A URI is visible ASCII (RFC 3986 section 2), and what is sent of it ends before
/// its fragment. Some of these are not valid either, but browsers send them.
fn is_in_target(byte: u8) -> bool {
    (b'!'..=b'~').contains(&byte) && byte != b'#'
}
