//! What came from the peer lately, for what a RST may answer.

use super::segment::Segment;
use std::collections::VecDeque;

/// As much of a segment as its answer depends on.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// SEG.SEQ + SEG.LEN.
    end: u32,
    acknowledgment: Option<u32>,
    reset: bool,
}

/// The latest arrivals.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    latest: VecDeque<Arrival>,
}

/// So many arrivals are remembered.
const ARRIVALS: usize = 512;

/// What a RST was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It answers a segment as it should.
    Fits,
    /// It answers a RST.
    ToReset,
    /// It fits nothing that came.
    FitsNothing,
}

impl Arrivals {
    /// A segment has come.
    pub(super) fn add(&mut self, segment: &Segment<'_>) {
        // SEG.LEN is less than 2^17; what is cut off cannot be there.
        let end = segment.sequence.wrapping_add(segment.length() as u32);
        self.latest.push_back(Arrival {
            end,
            acknowledgment: segment.flags.ack.then_some(segment.acknowledgment),
            reset: segment.flags.rst,
        });
        if self.latest.len() > ARRIVALS {
            self.latest.pop_front();
        }
    }

    /// RFC 9293 3.10.7.1: a RST that answers a segment with ACK stands at SEG.ACK; one that answers a segment without stands
    /// at 0 and acknowledges it; one that answers a RST is never sent.
    pub(super) fn answer(&self, reset: &Segment<'_>) -> Answer {
        let fits = |arrival: &&Arrival| match arrival.acknowledgment {
            Some(acknowledgment) => acknowledgment == reset.sequence,
            None => reset.sequence == 0 && reset.flags.ack && reset.acknowledgment == arrival.end,
        };
        let found: Vec<&Arrival> = self.latest.iter().filter(fits).collect();
        if found.is_empty() {
            Answer::FitsNothing
        } else if found.iter().all(|arrival| arrival.reset) {
            Answer::ToReset
        } else {
            Answer::Fits
        }
    }
}
