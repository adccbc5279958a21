//! Why the host sends something again, as far as the wire shows it.

use super::facts::Facts;
use super::news::News;
use super::segment::Segment;
use periplus_journey::Instant;
use std::ops::Range;
use std::time::Duration;

/// The shortest RTO that is let pass. RFC 6298 2.4 says a second, and that a shorter one may be as good; Linux has 200 ms.
pub(super) const SHORTEST_TIMEOUT: Duration = Duration::from_millis(190);

/// Why a segment goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// It has nothing that was sent before and not acknowledged.
    Nothing,
    /// Something that was sent later has arrived (RFC 5681 3.2, RFC 6675, RFC 8985).
    Evidence,
    /// It was written off by an earlier time-out.
    WrittenOff,
    /// It may be a tail loss probe (RFC 8985 7).
    Probe,
    /// The retransmission timer may have expired (RFC 6298).
    Timeout,
    /// A router said that packets were too long, or the peer took its window back.
    Asked,
    /// It may be a time-out as well as what the evidence asks for.
    Either,
    /// There is no reason.
    Unexplained,
}

/// What the reasons depend on.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs {
    /// All transmissions up to this number may be taken for lost.
    pub(super) written_off: u64,
    /// When the last of them was written off.
    pub(super) last_timeout: Option<Instant>,
    /// The shortest and the longest round trip of what went out once.
    pub(super) shortest_trip: Option<Duration>,
    pub(super) longest_trip: Duration,
    /// When SND.UNA last moved.
    pub(super) advanced: Instant,
    /// Duplicate ACKs since then.
    duplicates: i64,
    /// RFC 6582 3.2: what was sent when there were enough duplicate ACKs. Until all of it is acknowledged, each ACK that
    /// is a partial one asks for more.
    recover: i64,
    /// Whether SND.UNA moved by an acknowledgment that the host may not have taken.
    pub(super) doubtful: bool,
    /// Tail loss probes since something was last delivered.
    probes: u32,
}

impl Repairs {
    /// A segment has come.
    pub(super) fn received(&mut self, news: &News, selective: bool, next: i64, now: Instant) {
        let delivered = news.acknowledged.and(news.sacked);
        if news.acknowledged.pieces > 0 {
            self.advanced = now;
            self.duplicates = 0;
        }
        if delivered.pieces > 0 {
            self.probes = 0;
        }
        if news.duplicate_acknowledgment {
            self.duplicates += 1;
            // RFC 5827 3.1: with few segments in flight fewer than three are enough.
            if self.duplicates >= if selective { 3 } else { 1 } {
                self.recover = self.recover.max(next);
            }
        }
        if let (Some(first), Some(last)) = (delivered.once_sent_at, delivered.once_sent_last) {
            let trip = now.since(last);
            self.shortest_trip = Some(self.shortest_trip.map_or(trip, |it| it.min(trip)));
            self.longest_trip = self.longest_trip.max(now.since(first));
        }
    }

    /// The segment leaves the host for this reason.
    pub(super) fn sent(&mut self, repair: Repair, order: u64, now: Instant) {
        match repair {
            Repair::Timeout => {
                self.written_off = order;
                self.last_timeout = Some(now);
            }
            Repair::Either => self.written_off = order,
            Repair::Probe => self.probes += 1,
            _ => {}
        }
    }
}

/// Why a segment with these places may go out now.
pub(super) fn reason(
    facts: &Facts,
    segment: &Segment<'_>,
    range: &Range<i64>,
    now: Instant,
) -> Repair {
    let sending = &facts.sending;
    let repairs = &facts.repairs;
    let old = range.start.max(sending.una)..range.end.min(sending.next);
    if old.is_empty() || segment.flags.syn {
        return Repair::Nothing;
    }
    if repairs.doubtful {
        return Repair::Asked;
    }
    let mut best = Repair::Unexplained;
    // Neighbours may be sent along with what there is a reason for.
    for (place, piece) in sending.board.within(old.clone()) {
        let waited = now.since(piece.last_sent);
        let stalled = now.since(repairs.advanced) >= SHORTEST_TIMEOUT;
        // RFC 6298 5.1 to 5.3, taken alone, let the timer run on when its segment is sent again before it expires.
        let ran_on = stalled
            && (repairs.last_timeout).is_none_or(|last| now.since(last) >= SHORTEST_TIMEOUT)
            && now.since(piece.first_sent) >= SHORTEST_TIMEOUT;
        let expired = (waited >= SHORTEST_TIMEOUT || ran_on) && waited >= shortest_timeout(facts);
        let evidence = piece.order < sending.board.delivered() || sending.una < repairs.recover;
        // RFC 1191 6.3: what was too long is sent again, and is no sign of congestion.
        let too_long = facts.too_long.is_some_and(|at| at >= piece.last_sent);
        let asked = place.end > sending.last_edge || place.end - place.start == 1;
        let first = place.start == sending.una;
        let tail = range.end == sending.next && repairs.probes == 0 && facts.selective();
        let reason = if too_long {
            Repair::Asked
        } else if tail && !evidence {
            Repair::Probe
        } else if first && expired && !evidence {
            Repair::Timeout
        } else if first && expired && stalled {
            Repair::Either
        } else if evidence {
            Repair::Evidence
        } else if piece.order <= repairs.written_off {
            Repair::WrittenOff
        } else if asked {
            Repair::Asked
        } else {
            Repair::Unexplained
        };
        if reason != Repair::Unexplained {
            best = reason;
            break;
        }
    }
    best
}

/// RFC 6298 2: the RTO is SRTT and a variation, so no shorter than the shortest round trip; clocks may be coarse.
fn shortest_timeout(facts: &Facts) -> Duration {
    facts.repairs.shortest_trip.unwrap_or_default().mul_f64(0.9)
}
