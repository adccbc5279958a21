//! The signs that the turnstile and what parses behind it take the same bytes for different messages.

use std::{error, fmt, io};

/// A sign that the turnstile and the parser behind it, hyper or the WebSocket library, do not agree about the framing. It
/// is a bug in one of them, and might let one request hide inside another: the connection is closed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// hyper was given a whole head and asks for more of it.
    HeadNotTaken,
    /// hyper took a head that has not ended, or took it twice.
    HeadTakenEarly,
    /// hyper writes an answer where none is due, or more than its own framing says.
    AnswerNotDue,
    /// What hyper writes is not an answer.
    AnswerMalformed,
    /// The WebSocket library was given a whole message and asks for more of it, or refuses what the turnstile let pass.
    MessageNotTaken,
    /// The WebSocket library makes another message of the bytes than the turnstile.
    MessageNotTheSame,
    /// The WebSocket library writes a message where none is due.
    MessageNotDue,
    /// What the WebSocket library writes is not a frame.
    FrameMalformed,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Disagreement::HeadNotTaken => "the head ended, but the parser waits for more of it",
            Disagreement::HeadTakenEarly => "the parser took a head that has not ended",
            Disagreement::AnswerNotDue => "bytes were written that no answer holds",
            Disagreement::AnswerMalformed => "what was written is not an HTTP/1.1 answer",
            Disagreement::MessageNotTaken => "the message ended, but the parser does not take it",
            Disagreement::MessageNotTheSame => "the message has another kind or length",
            Disagreement::MessageNotDue => "bytes were written that no message holds",
            Disagreement::FrameMalformed => "what was written is not a WebSocket frame",
        };
        write!(
            f,
            "turnstile and parser disagree about the framing: {what}; the connection is closed"
        )
    }
}

impl error::Error for Disagreement {}

impl From<Disagreement> for io::Error {
    fn from(disagreement: Disagreement) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, disagreement)
    }
}
