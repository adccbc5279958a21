//! Timers back off: each time-out without an answer takes twice as long as the one before.

use crate::oracle::facts::{Facts, Opening};
use crate::oracle::news::News;
use crate::oracle::repair::{Repair, SHORTEST_TIMEOUT};
use crate::oracle::segment::Segment;
use periplus_journey::Instant;
use std::time::Duration;

/// RFC 6298 2.5: an RTO may have a maximum of a minute, or more.
const MAXIMUM: Duration = Duration::from_secs(60);

/// RFC 6298 2.1: before a round trip was measured the RTO is a second.
const FIRST: Duration = Duration::from_millis(950);

/// Linux sends four SYNs at even intervals before it doubles them (`tcp_syn_linear_timeouts`), which RFC 6298 5.5 does not
/// know of.
const EVEN: usize = 4;

/// Times at which the same thing went out, and nothing was heard meanwhile.
#[derive(Clone, Debug, Default)]
struct Series {
    last: Option<Instant>,
    /// The interval before, as long as it was at the least: a timer may have been started anew when something was heard.
    interval: Option<Duration>,
    /// When something was heard last, or the timer may have been started anew for another reason.
    heard: Option<Instant>,
    count: usize,
}

impl Series {
    /// It goes out now; returns the interval before the last one, and the last one.
    fn goes_out(&mut self, now: Instant) -> (Option<Duration>, Option<Duration>) {
        let interval = self.last.map(|last| now.since(last));
        let least = self
            .last
            .map(|last| now.since(last.max(self.heard.unwrap_or(last))));
        let before = std::mem::replace(&mut self.interval, least);
        self.last = Some(now);
        self.count += 1;
        (before, interval)
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether `interval` is twice as long as `before`, as far as timers allow: those of Linux may be late by an eighth.
fn doubles(before: Duration, interval: Duration) -> bool {
    interval + Duration::from_millis(20) >= (2 * before).min(MAXIMUM).mul_f64(0.87)
}

/// All series.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct BackOff {
    opening: Series,
    /// Whether it has begun.
    begun: bool,
    /// Whether the SYN/ACK that goes out now answers a SYN that was repeated.
    answered: bool,
    first_segment: Series,
    probes: Series,
    /// Where the first segment in flight was.
    una: i64,
}

impl BackOff {
    /// A segment has come.
    pub(in crate::oracle) fn received(
        &mut self,
        news: &News,
        edge_before: i64,
        facts: &Facts,
        now: Instant,
    ) {
        self.probes.heard = Some(now);
        let told = news.acknowledged.pieces + news.sacked.pieces > 0
            || news.duplicate_acknowledgment
            || news.duplicate.is_some();
        let moved = facts.sending.last_edge != edge_before;
        // Anything else from the peer says nothing of what is in flight.
        if told || moved {
            self.first_segment.forget();
        }
        if moved || news.acknowledged.pieces > 0 {
            self.probes.forget();
        }
    }

    /// The host answers a SYN by a SYN/ACK: it is not the timer that sends it, and the timer may go on.
    pub(in crate::oracle) fn answers(&mut self) {
        if self.begun {
            self.opening.forget();
            self.answered = true;
        }
    }

    /// A segment leaves the host.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        repair: Repair,
        now: Instant,
        wrong: &mut Vec<String>,
    ) {
        if segment.flags.rst {
            return;
        }
        if repair == Repair::Asked {
            self.first_segment.forget();
        }
        let range = facts.sent_range(segment);
        if segment.flags.syn {
            self.opens(facts, now, wrong);
        } else if range.start == facts.sending.una
            && range.end > range.start
            && range.start < facts.sending.next
        {
            self.repeats(range.start, now, wrong);
        } else if range.end > facts.sending.next {
            // New text, or the first transmission of it.
            self.probes.forget();
        }
        if is_probe(facts, segment) {
            self.probes(now, wrong);
        }
    }

    fn opens(&mut self, facts: &Facts, now: Instant, wrong: &mut Vec<String>) {
        if std::mem::take(&mut self.answered) {
            return;
        }
        // The first one may have waited for ARP, and how long is not known.
        let mut at = now;
        if !std::mem::replace(&mut self.begun, true) {
            at = facts.asked;
            self.opening.heard = Some(now);
        }
        let (before, interval) = self.opening.goes_out(at);
        let Some(interval) = interval else {
            return;
        };
        let what = match facts.opening {
            Opening::Active => "SYN",
            Opening::Passive => "SYN/ACK",
        };
        if interval < FIRST {
            wrong.push(format!(
                "RFC 6298 2.1: a {what} again after {interval:?}, and nothing had come meanwhile"
            ));
        }
        let even = self.opening.count <= EVEN + 2 && facts.opening == Opening::Active;
        if let Some(before) = before
            && !doubles(before, interval)
            && !(even && interval + interval / 10 >= before)
        {
            wrong.push(format!(
                "RFC 6298 5.5: a {what} again after {interval:?}, and before that after {before:?}"
            ));
        }
    }

    /// The first segment in flight is sent again. The first interval may be that of a probe, or of a timer that was started
    /// late; from the second one on each is twice the one before.
    fn repeats(&mut self, una: i64, now: Instant, wrong: &mut Vec<String>) {
        if self.una != una {
            self.una = una;
            self.first_segment.forget();
        }
        let (before, interval) = self.first_segment.goes_out(now);
        if let (Some(before), Some(interval)) = (before, interval)
            && !doubles(before, interval)
        {
            wrong.push(format!(
                "RFC 6298 5.5: {una} is sent again after {interval:?}, before that after {before:?}, and nothing was heard meanwhile"
            ));
        }
    }

    /// RFC 9293 3.8.6.1 (SHLD-29 and SHLD-30): a window is probed after an RTO, and then ever more seldom.
    fn probes(&mut self, now: Instant, wrong: &mut Vec<String>) {
        let (before, interval) = self.probes.goes_out(now);
        let Some(interval) = interval else {
            return;
        };
        if interval < SHORTEST_TIMEOUT {
            wrong.push(format!(
                "RFC 9293 3.8.6.1: a closed window is probed again after {interval:?}"
            ));
        }
        if let Some(before) = before
            && !doubles(before, interval)
        {
            wrong.push(format!(
                "RFC 9293 3.8.6.1: a closed window is probed after {interval:?}, and before that after {before:?}"
            ));
        }
    }
}

/// Whether the segment probes a closed window. Without the calls it could as well be a keep-alive (RFC 9293 3.8.4).
fn is_probe(facts: &Facts, segment: &Segment<'_>) -> bool {
    let sending = &facts.sending;
    let range = facts.sent_range(segment);
    let written = i64::try_from(facts.user.written.len()).unwrap_or(0);
    let waits = facts.user.known && written >= sending.next;
    let closed = sending.last_edge <= sending.una && sending.una == sending.next;
    let below = range.is_empty() && range.start < sending.next;
    waits && closed && below
}
