//! The works by name, and what is to be known of each.

use crate::stacks::SUPER;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// In what a work is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Time for one.
    Nanoseconds,
    /// Bytes moved, per time.
    Throughput,
    /// Bytes of memory.
    Bytes,
}

impl Unit {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Throughput => "GB/s",
            Self::Bytes => "bytes",
        }
    }
}

/// What is known of a work.
struct Facts {
    name: &'static str,
    title: &'static str,
    unit: Unit,
    /// How often it is done in a round, so that one takes about a tenth of a second; of the streams, 128 MiB.
    times: u32,
}

macro_rules! works {
    ($($(#[$meta:meta])* $work:ident: $name:literal, $title:literal, $unit:ident, $times:expr;)*) => {
        /// A work.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Name { $($(#[$meta])* $work,)* }

        impl Name {
            const ALL: &[Self] = &[$(Self::$work,)*];

            fn facts(self) -> Facts {
                match self {
                    $(Self::$work => Facts {
                        name: $name,
                        title: $title,
                        unit: Unit::$unit,
                        times: $times,
                    },)*
                }
            }
        }
    };
}

/// Bytes that a stream moves in a round.
const STREAM: u32 = 128 << 20;
const SEGMENTS: u32 = STREAM / 1460;
const SUPER_FRAMES: u32 = STREAM / SUPER as u32;

works! {
    W1: "W1", "request of 100 B, answer of 1 KiB", Nanoseconds, 200_000;
    W1Timestamps: "W1-timestamps", "the same with TCP timestamps", Nanoseconds, 200_000;
    W1Burst: "W1-burst", "the same in bursts of 32 connections", Nanoseconds, 200_000;
    W2: "W2", "connect, request, answer, client closes", Nanoseconds, 50_000;
    W2Server: "W2-server", "the same, server closes first", Nanoseconds, 50_000;
    W2Burst: "W2-burst", "32 at once, client closes", Nanoseconds, 50_000;
    W3r: "W3r", "receive 1460 B segments, reader copies", Throughput, SEGMENTS;
    W3rChunk: "W3r-chunk", "the same, reader looks in place", Throughput, SEGMENTS;
    W3rBurst: "W3r-burst", "the same in bursts of 32, reader copies", Throughput, SEGMENTS;
    W3s: "W3s", "send, 1460 B segments", Throughput, SEGMENTS / 2;
    W3gr: "W3gr", "receive 64 KiB frames, reader copies", Throughput, SUPER_FRAMES;
    W3grChunk: "W3gr-chunk", "the same, reader looks in place", Throughput, SUPER_FRAMES;
    W3gs: "W3gs", "send, 64 KiB frames", Throughput, SUPER_FRAMES;
    W4: "W4", "a SYN of a flood", Nanoseconds, 200_000;
    W4Kept: "W4-kept", "what is kept of it, the queue being full", Bytes, 500_000;
    W5Of1: "W5-1", "100 B in, 1 connection", Nanoseconds, 400_000;
    W5Of1k: "W5-1k", "100 B in, 1,000 connections", Nanoseconds, 20_000;
    W5Of100k: "W5-100k", "100 B in, 100,000 connections", Nanoseconds, 200_000;
    W5: "W5", "100 B in, 1,000,000 connections", Nanoseconds, 200_000;
    W5Burst: "W5-burst", "the same in bursts of 32", Nanoseconds, 200_000;
    W5Lookup: "W5-lookup", "one dependent look-up in 256 MiB", Nanoseconds, 200_000;
    W5m: "W5m", "an idle connection, of a million", Bytes, 1;
    W5mNet: "W5m-net", "the same, as a TcpStream with a waker", Bytes, 1;
    W6: "W6", "100 B in, until the reader has them", Nanoseconds, 400_000;
    W6Burst: "W6-burst", "the same in bursts of 32 connections", Nanoseconds, 400_000;
    W7: "W7", "W1 through TcpStream in tokio", Nanoseconds, 100_000;
}

impl Name {
    /// What the work is, in a few words.
    pub(crate) fn title(self) -> &'static str {
        self.facts().title
    }

    /// Its name on the command line and in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        self.facts().name
    }

    pub(crate) fn unit(self) -> Unit {
        self.facts().unit
    }

    /// How often it is done in a round.
    pub(crate) fn times(self) -> u32 {
        self.facts().times
    }

    /// How often it is done before time is taken: as often as it takes until nothing changes any more.
    pub(crate) fn warm_up(self) -> u32 {
        match self {
            Self::W2Server => 70_000, // until TIME-WAITs expire
            _ => self.times() / 4,
        }
    }

    /// How often it is done before the referee.
    pub(crate) fn replayed(self) -> u32 {
        match self {
            Self::W3gr | Self::W3grChunk | Self::W3gs => 4_000,
            _ => 20_000,
        }
    }

    /// So many connections are made first that it takes seconds.
    pub(crate) fn is_large(self) -> bool {
        matches!(self, Self::W5Of100k | Self::W5 | Self::W5Burst)
    }
}

impl ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.title()))
    }
}
