//! One incarnation of a connection, and the rules that look at it.

use super::facts::Facts;
use super::rules::acknowledgment::Acknowledgment;
use super::rules::sack_blocks::SackBlocks;
use super::rules::stream::Stream;
use super::rules::{agreed_options, offered_window, own_window};
use super::segment::Segment;
use periplus_journey::Instant;

/// One pair of initial sequence numbers.
#[derive(Debug)]
pub(super) struct Incarnation {
    pub(super) facts: Facts,
    acknowledgment: Acknowledgment,
    sack_blocks: SackBlocks,
    stream: Stream,
}

impl Incarnation {
    pub(super) fn new(facts: Facts) -> Self {
        Self {
            facts,
            acknowledgment: Acknowledgment::default(),
            sack_blocks: SackBlocks::default(),
            stream: Stream::default(),
        }
    }

    /// A segment leaves the host.
    pub(super) fn sent(&mut self, segment: &Segment<'_>, now: Instant, wrong: &mut Vec<String>) {
        let facts = &self.facts;
        agreed_options::sent(facts, segment, wrong);
        offered_window::sent(facts, segment, wrong);
        own_window::sent(facts, segment, wrong);
        self.acknowledgment.sent(facts, segment, wrong);
        self.sack_blocks.sent(facts, segment, wrong);
        self.stream.sent(facts, segment, wrong);
        self.facts.sent(segment, now);
    }

    /// A segment has come to the host.
    pub(super) fn received(&mut self, segment: &Segment<'_>, now: Instant) {
        let news = self.facts.received(segment, now);
        let facts = &self.facts;
        self.acknowledgment.received(facts, &news, segment, now);
        self.sack_blocks.received(&news);
    }

    /// Time has passed.
    pub(super) fn look(&mut self, now: Instant, wrong: &mut Vec<String>) {
        self.acknowledgment.look(&self.facts, now, wrong);
    }
}
