//! A request's framing (RFC 9112 sections 2 to 7), walked as its bytes are handed to hyper.

use super::chunked::Chunked;
use super::fields::{FieldSection, Framing, Walk};
use super::label::MAX_LABEL;
use super::line::{LineWalk, RequestLine};
use super::refusal::Refusal;

/// What of a request's method decides how its answer is framed (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerTo {
    /// HEAD: the answer is a header section.
    Head,
    /// CONNECT: a 2xx answer turns the connection into a tunnel.
    Connect,
    /// Any other method.
    #[default]
    Other,
}

/// How far a walk over a request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStep {
    /// All bytes belong to the request, and more must follow.
    More,
    /// The request-line ended.
    LineEnded,
    /// The header section ended, and a content follows.
    HeadEnded,
    /// The request ended, its content included.
    Ended,
    /// The first byte that is left breaks the grammar.
    Refused,
}

/// Walks one request after the other.
#[derive(Debug)]
pub struct RequestWalker {
    state: State,
    /// The request-line, as far as a label needs it.
    line: Vec<u8>,
    /// The digit of the minor version.
    minor: u8,
    /// Where a higher one stood among the bytes walked last, counted from their end.
    higher_minor: Option<usize>,
    max_target: usize,
    refusal: Refusal,
}

impl Default for RequestWalker {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

#[derive(Debug, Default)]
enum State {
    /// Between requests.
    #[default]
    Awaited,
    /// Between requests, a CR was read.
    EmptyLine,
    Line(RequestLine),
    Fields(FieldSection),
    Content(u64),
    Chunked(Chunked),
}

impl RequestWalker {
    /// Before a first request. A target may be as long as `max_target` bytes.
    pub fn new(max_target: usize) -> Self {
        Self {
            state: State::Awaited,
            line: Vec::new(),
            minor: b'1',
            higher_minor: None,
            max_target,
            refusal: Refusal::default(),
        }
    }

    /// Skips the empty lines before a request. `true` if a byte of a request is left at the front of `bytes`.
    pub fn skip_empty_lines(&mut self, bytes: &mut &[u8]) -> bool {
        while let Some((&byte, rest)) = bytes.split_first() {
            match (&self.state, byte) {
                (State::Awaited, b'\r') => self.state = State::EmptyLine,
                (State::EmptyLine, b'\n') => self.state = State::Awaited,
                _ => return true,
            }
            *bytes = rest;
        }
        false
    }

    /// Walks `bytes` to the next step, leaving what comes after it.
    pub fn walk(&mut self, bytes: &mut &[u8]) -> RequestStep {
        while let Some(&byte) = bytes.first() {
            match (&mut self.state, byte) {
                // A CR that no LF followed, or a lone LF: a server may take either for the end of a line (RFC 9112
                // section 2.2), and two that differ in it are where smuggling begins.
                (State::EmptyLine, _) | (State::Awaited, b'\n') => return RequestStep::Refused,
                (State::Awaited, _) => {
                    self.line.clear();
                    self.state = State::Line(RequestLine::new());
                    continue;
                }
                (State::Line(_), _) => return self.walk_line(bytes),
                (State::Fields(fields), _) => {
                    let before = *bytes;
                    let walk = fields.walk(bytes);
                    let framing = fields.framing();
                    let step = match walk {
                        Walk::More => RequestStep::More,
                        Walk::Malformed => RequestStep::Refused,
                        Walk::Ended => self.begin_content(framing),
                    };
                    if walk == Walk::Ended && step == RequestStep::Refused {
                        // The lines are well formed and mean nothing together: the last LF takes the blame.
                        *bytes = &before[before.len() - bytes.len() - 1..];
                    }
                    return step;
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
                        Walk::More => RequestStep::More,
                        Walk::Malformed => RequestStep::Refused,
                        Walk::Ended => self.end(),
                    };
                }
            }
        }
        RequestStep::More
    }

    /// Whether the next byte may begin a request: no CR was read that its LF must follow.
    pub fn is_between(&self) -> bool {
        matches!(self.state, State::Awaited)
    }

    /// The request-line read so far, without its CRLF, as far as it is kept.
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// What the method says of the answer's framing. Methods are case-sensitive (RFC 9110 section 9.1).
    pub fn answer_to(&self) -> AnswerTo {
        if self.line.starts_with(b"HEAD ") {
            AnswerTo::Head
        } else if self.line.starts_with(b"CONNECT ") {
            AnswerTo::Connect
        } else {
            AnswerTo::Other
        }
    }

    /// Why the walk stopped, where it was refused.
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// If the last walk read the digit of a minor version higher than 1: how many bytes it was given behind it. A recipient
    /// takes such a version for the highest it knows (RFC 9110 section 6.2).
    pub fn take_higher_minor(&mut self) -> Option<usize> {
        self.higher_minor.take()
    }

    /// The protocol's name in the record.
    pub fn protocol(&self) -> &'static str {
        if self.minor == b'0' {
            "http/1.0"
        } else {
            "http/1.1"
        }
    }

    /// Whether the request-line has not ended.
    pub fn is_in_line(&self) -> bool {
        !matches!(
            self.state,
            State::Fields(_) | State::Content(_) | State::Chunked(_)
        )
    }

    /// Whether the header section has ended.
    pub fn is_in_content(&self) -> bool {
        matches!(self.state, State::Content(_) | State::Chunked(_))
    }

    fn walk_line(&mut self, bytes: &mut &[u8]) -> RequestStep {
        let State::Line(line) = &mut self.state else {
            return RequestStep::More;
        };
        let before = *bytes;
        let walk = line.walk(bytes, self.max_target);
        self.minor = line.minor();
        self.higher_minor = line.take_higher_minor();
        let walked = &before[..before.len() - bytes.len()];
        // One more than is shown, so that a cut can be seen.
        let room = (MAX_LABEL + 1).saturating_sub(self.line.len());
        let shown = walked.iter().filter(|byte| !matches!(byte, b'\r' | b'\n'));
        self.line.extend(shown.take(room));
        match walk {
            LineWalk::More => RequestStep::More,
            LineWalk::Ended => {
                self.state = State::Fields(FieldSection::new());
                RequestStep::LineEnded
            }
            LineWalk::Refused(refusal) => {
                self.refusal = refusal;
                RequestStep::Refused
            }
        }
    }

    /// RFC 9112 section 6.3, for a request, without the leniency it allows: what is not exactly one length or exactly
    /// the coding `chunked` is refused.
    fn begin_content(&mut self, framing: Framing) -> RequestStep {
        match framing {
            Framing {
                transfer_codings: 0,
                content_length: None | Some(0),
                ..
            } => self.end(),
            Framing {
                transfer_codings: 0,
                content_length: Some(length),
                ..
            } => {
                self.state = State::Content(length);
                RequestStep::HeadEnded
            }
            Framing {
                transfer_codings: 1,
                content_length: None,
                chunked: true,
                ..
            } => {
                self.state = State::Chunked(Chunked::new());
                RequestStep::HeadEnded
            }
            // It ends where its chunks do, and they hold what nobody here can decode.
            Framing {
                content_length: None,
                chunked: true,
                is_doubtful: false,
                ..
            } => {
                self.refusal = Refusal::CodingNotImplemented;
                RequestStep::Refused
            }
            _ => RequestStep::Refused,
        }
    }

    fn end(&mut self) -> RequestStep {
        self.state = State::Awaited;
        RequestStep::Ended
    }
}
