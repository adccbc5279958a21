//! What the host acknowledges: never less than before, never what was not received, and in time.

use crate::oracle::agreed::Agreement;
use crate::oracle::facts::Facts;
use crate::oracle::news::News;
use crate::oracle::ranges::Ranges;
use crate::oracle::segment::Segment;
use periplus_journey::Instant;
use std::time::Duration;

/// RFC 1122 4.2.3.2, RFC 9293 3.8.6.3 (MUST-40): an ACK is delayed by less than half a second. The rest is for the
/// clocks of timers.
const LATEST: Duration = Duration::from_millis(500 + 60);

/// What is owed to the peer.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct Acknowledgment {
    /// The place to be acknowledged, and since when.
    owed: Option<(i64, Instant)>,
    /// What the host cannot but have taken.
    taken: Ranges,
    /// Whether the host cannot but have processed the last segment.
    certain: bool,
    /// The latest TSval of the peer's.
    latest_timestamp: Option<u32>,
}

impl Acknowledgment {
    /// A segment leaves the host.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        wrong: &mut Vec<String>,
    ) {
        let Some(receiving) = &facts.receiving else {
            return;
        };
        if segment.flags.rst {
            self.owed = None;
            return;
        }
        let Some(place) = facts.sent_acknowledgment(segment) else {
            return;
        };
        if place < receiving.acknowledged {
            wrong.push(format!(
                "RFC 9293 3.4: the host acknowledges {place}, and has acknowledged {} before",
                receiving.acknowledged
            ));
        }
        if !receiving.may_acknowledge(place) {
            wrong.push(format!(
                "RFC 9293 3.4: the host acknowledges {place}, and only {} was received in order",
                receiving.furthest()
            ));
        }
        if self.owed.is_some_and(|(owed, _)| place >= owed) {
            self.owed = None;
        }
    }

    /// A segment has come.
    pub(in crate::oracle) fn received(
        &mut self,
        facts: &Facts,
        news: &News,
        segment: &Segment<'_>,
        now: Instant,
    ) {
        self.certain = false;
        if !news.acceptable || news.acknowledgment.is_none() {
            return;
        }
        let in_time_order = self.follow_timestamp(facts, segment);
        let Some(receiving) = &facts.receiving else {
            return;
        };
        // Only what a host cannot but take: the connection is established, and all of it lies within the window. What
        // came before may have met a listener that keeps nothing (RFC 4987 3.6).
        self.certain = news.certain
            && facts.shown_established
            && in_time_order
            && news.text.end == news.range.start + segment.data_length();
        if !self.certain || facts.user.gone() {
            return;
        }
        self.taken.insert(news.text.clone());
        let end = self.taken.end_from(receiving.acknowledged);
        if end > receiving.acknowledged && self.owed.is_none() {
            self.owed = Some((end, now));
        }
    }

    /// Whether the host cannot but have processed the last segment that came.
    pub(in crate::oracle) fn last_was_certain(&self) -> bool {
        self.certain
    }

    /// Time has passed.
    pub(in crate::oracle) fn look(&mut self, facts: &Facts, now: Instant, wrong: &mut Vec<String>) {
        if facts.end.is_some() || facts.reset_possible.is_some() || facts.user.gone() {
            self.owed = None;
        }
        if let Some((place, since)) = self.owed
            && now.since(since) > LATEST
        {
            self.owed = None;
            wrong.push(format!(
                "RFC 9293 3.8.6.3 (MUST-40): text up to {place} came in order at {since:?}, and is not acknowledged after half a second"
            ));
        }
    }

    /// Whether the segment's timestamp is not an older one (RFC 7323 5.3): then it is to be dropped.
    fn follow_timestamp(&mut self, facts: &Facts, segment: &Segment<'_>) -> bool {
        let Some((value, _)) = segment.options.timestamps else {
            return facts.timestamps() == Agreement::No;
        };
        match self.latest_timestamp {
            Some(latest) if (value.wrapping_sub(latest) as i32) < 0 => false,
            _ => {
                self.latest_timestamp = Some(value);
                true
            }
        }
    }
}
