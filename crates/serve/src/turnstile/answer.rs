//! An answer's framing (RFC 9112 sections 4 to 7), walked as hyper writes it.

use super::chunked::Chunked;
use super::fields::{FieldSection, Framing, Walk};
use super::request::AnswerTo;
use arrayvec::ArrayVec;

/// `HTTP/1.1 200`: what is read of a status-line.
const STATUS_LINE: usize = 12;

/// How far a walk over an answer got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerStep {
    /// All bytes belong to the answer, and more must follow.
    More,
    /// An interim answer (1xx) ended; another follows.
    InterimEnded,
    /// The status code of the final answer was read.
    Began {
        /// The status code.
        status: u16,
    },
    /// The answer ended, its content included.
    Ended,
    /// The head ended, and what follows is no longer HTTP.
    Upgraded,
    /// This is no answer.
    Malformed,
}

/// Walks one answer after the other.
#[derive(Debug, Default)]
pub struct AnswerWalker {
    state: State,
    status_line: ArrayVec<u8, STATUS_LINE>,
    status: u16,
}

#[derive(Debug, Default)]
enum State {
    /// Before the first byte of a status-line.
    #[default]
    Awaited,
    StatusLine,
    ReasonPhrase,
    LineFeed,
    Fields(FieldSection),
    Content(u64),
    Chunked(Chunked),
    UntilClose,
}

impl AnswerWalker {
    /// Whether the next byte begins a status-line.
    pub fn is_at_start(&self) -> bool {
        matches!(self.state, State::Awaited)
    }

    /// Whether the answer ends with the connection (RFC 9112 section 6.3, rule 8).
    pub fn is_until_close(&self) -> bool {
        matches!(self.state, State::UntilClose)
    }

    /// Walks `bytes` to the next step, leaving what comes after it.
    pub fn walk(&mut self, bytes: &mut &[u8], answer_to: AnswerTo) -> AnswerStep {
        while let Some((&byte, rest)) = bytes.split_first() {
            match (&mut self.state, byte) {
                (State::Awaited, _) => {
                    self.status_line.clear();
                    self.state = State::StatusLine;
                    continue;
                }
                (State::StatusLine, _) => {
                    self.status_line.push(byte);
                    if self.status_line.is_full() {
                        *bytes = rest;
                        let Some(status) = status_code(&self.status_line) else {
                            return AnswerStep::Malformed;
                        };
                        self.status = status;
                        self.state = State::ReasonPhrase;
                        if is_final(status) {
                            return AnswerStep::Began { status };
                        }
                        continue;
                    }
                }
                (State::ReasonPhrase, b'\r') => self.state = State::LineFeed,
                (State::ReasonPhrase, b'\n') => return AnswerStep::Malformed,
                (State::ReasonPhrase, _) => {}
                (State::LineFeed, b'\n') => self.state = State::Fields(FieldSection::new()),
                (State::LineFeed, _) => return AnswerStep::Malformed,
                (State::Fields(fields), _) => {
                    match fields.walk(bytes) {
                        Walk::More => return AnswerStep::More,
                        Walk::Malformed => return AnswerStep::Malformed,
                        Walk::Ended => {}
                    }
                    let framing = fields.framing();
                    match self.begin_content(framing, answer_to) {
                        AnswerStep::More => continue,
                        step => return step,
                    }
                }
                (State::Content(left), _) => {
                    let length = bytes
                        .len()
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *bytes = &bytes[length..];
                    *left -= length as u64;
                    if *left == 0 {
                        return self.end();
                    }
                    continue;
                }
                (State::Chunked(chunked), _) => {
                    return match chunked.walk(bytes) {
                        Walk::More => AnswerStep::More,
                        Walk::Malformed => AnswerStep::Malformed,
                        Walk::Ended => self.end(),
                    };
                }
                (State::UntilClose, _) => {
                    *bytes = &[];
                    return AnswerStep::More;
                }
            }
            *bytes = rest;
        }
        AnswerStep::More
    }

    /// RFC 9112 section 6.3, for an answer: its rules in their order.
    fn begin_content(&mut self, framing: Framing, answer_to: AnswerTo) -> AnswerStep {
        match (self.status, answer_to, framing) {
            (101, ..) | (200..=299, AnswerTo::Connect, _) => return AnswerStep::Upgraded,
            (100..=199, ..) => {
                self.state = State::Awaited;
                return AnswerStep::InterimEnded;
            }
            (204 | 304, ..) | (_, AnswerTo::Head, _) => return self.end(),
            (.., Framing { chunked: true, .. }) => self.state = State::Chunked(Chunked::new()),
            (
                ..,
                Framing {
                    transfer_codings: 0,
                    content_length: Some(0),
                    ..
                },
            ) => {
                return self.end();
            }
            (
                ..,
                Framing {
                    transfer_codings: 0,
                    content_length: Some(length),
                    ..
                },
            ) => {
                self.state = State::Content(length);
            }
            _ => self.state = State::UntilClose,
        }
        AnswerStep::More
    }

    fn end(&mut self) -> AnswerStep {
        self.state = State::Awaited;
        AnswerStep::Ended
    }
}

/// Whether a status code answers the request for good. 101 does: it ends the journey of the HTTP request (RFC 9110
/// section 15.2.2).
fn is_final(status: u16) -> bool {
    status == 101 || status >= 200
}

/// The code in `HTTP/1.x NNN`.
fn status_code(line: &[u8]) -> Option<u16> {
    let code = line
        .strip_prefix(b"HTTP/1.")?
        .get(1..)?
        .strip_prefix(b" ")?;
    let code: u16 = std::str::from_utf8(code).ok()?.parse().ok()?;
    (100..=999).contains(&code).then_some(code)
}
