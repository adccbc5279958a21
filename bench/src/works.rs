//! What is measured: a work each, the same for every stack.

mod connect;
mod request_answer;
mod stream;

pub(crate) use connect::{ClientClosesFirst, ServerClosesFirst};
pub(crate) use request_answer::{RequestAnswer, RequestAnswerWithTimestamps};
pub(crate) use stream::{Receive, ReceiveInPlace, ReceiveSmall, Send};

use crate::bench::{Bench, Watch};
use crate::stacks::Stack;

/// Bytes of a request and of its answer.
pub(crate) const REQUEST: usize = 100;
pub(crate) const ANSWER: usize = 1024;

/// A work, done again and again on one stack.
pub(crate) trait Work {
    /// Payload bytes of the client's segments.
    const PAYLOAD: usize;
    /// The client's SYN offers timestamps.
    const TIMESTAMPS: bool = false;
    /// The backend reads in place.
    const IN_PLACE: bool = false;

    /// What comes before the first time.
    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch);

    /// Once.
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch);
}

/// The works by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum Name {
    W1,
    #[value(name = "W1-timestamps")]
    W1Timestamps,
    W2,
    #[value(name = "W2-server")]
    W2Server,
    W3r,
    #[value(name = "W3r-chunk")]
    W3rChunk,
    W3s,
    W6,
}

/// In what a work is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Time for one.
    Nanoseconds,
    /// Bytes that one moves, per time.
    Throughput(u32),
}

impl Name {
    /// What the work is, in a few words.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::W1 => "request of 100 B, answer of 1 KiB",
            Self::W1Timestamps => "the same with TCP timestamps",
            Self::W2 => "connect, request, answer, client closes",
            Self::W2Server => "the same, server closes first",
            Self::W3r => "receive 1460 B segments, reader copies",
            Self::W3rChunk => "the same, reader looks in place",
            Self::W3s => "send, 1460 B segments",
            Self::W6 => "100 B in, until the reader has them",
        }
    }

    /// Its name on the command line and in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::W1 => "W1",
            Self::W1Timestamps => "W1-timestamps",
            Self::W2 => "W2",
            Self::W2Server => "W2-server",
            Self::W3r => "W3r",
            Self::W3rChunk => "W3r-chunk",
            Self::W3s => "W3s",
            Self::W6 => "W6",
        }
    }

    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::W3r | Self::W3rChunk => Unit::Throughput(stream::RECEIVED),
            Self::W3s => Unit::Throughput(stream::SENT),
            _ => Unit::Nanoseconds,
        }
    }

    /// How often it is done in a round, so that one takes about a tenth of a second; of the streams, 128 MiB.
    pub(crate) fn iterations(self) -> u32 {
        match self {
            Self::W1 | Self::W1Timestamps => 200_000,
            Self::W2 | Self::W2Server => 50_000,
            Self::W3r | Self::W3rChunk => (128 << 20) / stream::RECEIVED,
            Self::W3s => (128 << 20) / stream::SENT,
            Self::W6 => 400_000,
        }
    }

    /// How often it is done before time is taken: as often as it takes until nothing changes any more.
    pub(crate) fn warm_up(self) -> u32 {
        match self {
            Self::W2Server => 70_000, // until TIME-WAITs expire
            _ => self.iterations() / 4,
        }
    }
}
