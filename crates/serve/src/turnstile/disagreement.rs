//! The signs that the turnstile and hyper take the same bytes for different messages.

use std::{error, fmt, io};

/// A sign that the turnstile and hyper do not agree about the framing. It is a bug in one of them, and might let one
/// request hide inside another: the connection is closed at once.
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
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Disagreement::HeadNotTaken => "the head ended, but the parser waits for more of it",
            Disagreement::HeadTakenEarly => "the parser took a head that has not ended",
            Disagreement::AnswerNotDue => "bytes were written that no answer holds",
            Disagreement::AnswerMalformed => "what was written is not an HTTP/1.1 answer",
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
