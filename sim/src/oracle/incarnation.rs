//! One incarnation of a connection, and the rules that look at it.

use super::facts::Facts;
use super::repair;
use super::rules::acknowledgment::Acknowledgment;
use super::rules::back_off::BackOff;
use super::rules::congestion::Congestion;
use super::rules::marks::Marks;
use super::rules::own_window::OwnWindow;
use super::rules::sack_blocks::SackBlocks;
use super::rules::stream::Stream;
use super::rules::timestamps::Timestamps;
use super::rules::{agreed_options, offered_window, retransmission, states};
use super::segment::Segment;
use periplus_journey::Instant;

/// One pair of initial sequence numbers.
#[derive(Debug)]
pub(super) struct Incarnation {
    pub(super) facts: Facts,
    own_window: OwnWindow,
    acknowledgment: Acknowledgment,
    sack_blocks: SackBlocks,
    stream: Stream,
    timestamps: Timestamps,
    back_off: BackOff,
    congestion: Congestion,
    marks: Marks,
}

impl Incarnation {
    pub(super) fn new(facts: Facts) -> Self {
        Self {
            facts,
            own_window: OwnWindow::default(),
            acknowledgment: Acknowledgment::default(),
            sack_blocks: SackBlocks::default(),
            stream: Stream::default(),
            timestamps: Timestamps::default(),
            back_off: BackOff::default(),
            congestion: Congestion::default(),
            marks: Marks::default(),
        }
    }

    /// The SYN that it answers had this timestamp.
    pub(super) fn syn_timestamp(&mut self, value: u32) {
        self.timestamps.syn(value);
    }

    /// The SYN/ACK that leaves the host next answers a SYN.
    pub(super) fn answers(&mut self) {
        self.back_off.answers();
    }

    /// A segment leaves the host.
    pub(super) fn sent(&mut self, segment: &Segment<'_>, now: Instant, wrong: &mut Vec<String>) {
        self.facts.choose_answer(segment);
        let facts = &self.facts;
        let range = facts.sent_range(segment);
        let repair = repair::reason(facts, segment, &range, now);
        retransmission::sent(facts, segment, repair, now, wrong);
        states::sent(facts, segment, now, wrong);
        agreed_options::sent(facts, segment, wrong);
        offered_window::sent(facts, segment, wrong);
        self.own_window.sent(facts, segment, wrong);
        self.acknowledgment.sent(facts, segment, wrong);
        self.sack_blocks.sent(facts, segment, now, wrong);
        self.stream.sent(facts, segment, wrong);
        self.timestamps.sent(facts, segment, wrong);
        self.back_off.sent(facts, segment, repair, now, wrong);
        self.marks.sent(facts, segment, now, wrong);
        self.congestion.leaves(facts, segment, repair, now);
        self.facts.sent(segment, repair, now);
        self.congestion.sent(&self.facts, segment, repair, wrong);
    }

    /// A segment has come to the host.
    pub(super) fn received(&mut self, segment: &Segment<'_>, now: Instant) {
        let edge = self.facts.sending.last_edge;
        let news = self.facts.received(segment, now);
        let facts = &self.facts;
        self.acknowledgment.received(facts, &news, segment, now);
        let certain = self.acknowledgment.last_was_certain();
        self.congestion.received(facts, &news, segment, now);
        self.back_off.received(&news, edge, facts, now);
        self.marks.received(facts, &news, segment, certain, now);
        self.timestamps.received(facts, &news, segment, certain);
        self.sack_blocks.received(&news, certain, now);
        if certain && self.facts.sending.fin_acknowledged() {
            self.facts.knows_fin_acknowledged.get_or_insert(now);
        }
    }

    /// Time has passed.
    pub(super) fn look(&mut self, now: Instant, wrong: &mut Vec<String>) {
        self.acknowledgment.look(&self.facts, now, wrong);
    }
}
