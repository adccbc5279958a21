//! Who sees every frame of a host: the oracle, a sum over all of them, and, if asked for, a trace.

use super::talk::Talks;
use crate::oracle::{Call, Oracle};
use periplus_journey::Instant;
use std::hash::{DefaultHasher, Hasher};

/// Which way a frame went, seen from its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It was handed to the host.
    In,
    /// It left the host.
    Out,
}

/// A frame as it passed a host's end of its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When.
    pub at: Instant,
    /// Which way.
    pub way: Way,
    /// All of it.
    pub frame: Vec<u8>,
}

/// Sees what passes one host.
#[derive(Debug)]
pub struct Witness {
    /// Judges it. `None`: nobody does, for experiments that only measure.
    pub oracle: Option<Oracle>,
    /// All that passed, if it is kept.
    pub passages: Option<Vec<Passage>>,
    /// What a stranger on the path would know, if anything is to be forged.
    pub talks: Talks,
    /// Whether it is kept.
    pub listens: bool,
    /// Frames that were handed to the host.
    pub received: u64,
    /// Frames that left it.
    pub sent: u64,
    digest: DefaultHasher,
}

impl Witness {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self {
            oracle: Some(Oracle::new()),
            passages: None,
            talks: Talks::default(),
            listens: false,
            received: 0,
            sent: 0,
            digest: DefaultHasher::new(),
        }
    }

    /// A number that two runs share if the same frames passed at the same times.
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// The user of the host made a call.
    pub fn call(&mut self, now: Instant, call: Call<'_>) {
        if let Some(oracle) = &mut self.oracle {
            oracle.call(now, call);
        }
    }

    pub(super) fn passes(&mut self, at: Instant, way: Way, frame: &[u8]) {
        self.digest.write_u64(at.as_nanos());
        self.digest.write_u8(way as u8);
        self.digest.write(frame);
        match way {
            Way::In => self.received += 1,
            Way::Out => self.sent += 1,
        }
        match (&mut self.oracle, way) {
            (Some(oracle), Way::In) => oracle.received(at, frame),
            (Some(oracle), Way::Out) => oracle.sent(at, frame),
            (None, _) => {}
        }
        if self.listens {
            self.talks.passes(way, frame);
        }
        if let Some(passages) = &mut self.passages {
            passages.push(Passage {
                at,
                way,
                frame: frame.to_vec(),
            });
        }
    }
}

impl Default for Witness {
    fn default() -> Self {
        Self::new()
    }
}
