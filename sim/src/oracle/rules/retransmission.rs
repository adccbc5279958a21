//! Nothing is sent again without a reason.

use crate::oracle::facts::Facts;
use crate::oracle::repair::Repair;
use crate::oracle::segment::Segment;
use periplus_journey::Instant;
use std::time::Duration;

/// A segment may have been on its way when the SACK block came.
const ON_ITS_WAY: Duration = Duration::from_millis(20);

/// A segment leaves the host.
pub(in crate::oracle) fn sent(
    facts: &Facts,
    segment: &Segment<'_>,
    repair: Repair,
    now: Instant,
    wrong: &mut Vec<String>,
) {
    if segment.flags.syn || segment.flags.rst || segment.length() == 0 {
        return;
    }
    let range = facts.sent_range(segment);
    if repair == Repair::Unexplained {
        let first = range.start.max(facts.sending.una);
        let waited = (facts.sending.board.within(first..range.end).next())
            .map(|(_, piece)| now.since(piece.last_sent));
        wrong.push(format!(
            "RFC 6298 5: {first} is sent again after {waited:?}: no time-out is as short, and nothing that was sent later has arrived"
        ));
    }
    sacked(facts, range.start..range.end, repair, now, wrong);
}

/// RFC 2018 5: what SACK named is skipped, until a retransmission timer expires.
fn sacked(
    facts: &Facts,
    range: std::ops::Range<i64>,
    repair: Repair,
    now: Instant,
    wrong: &mut Vec<String>,
) {
    let old = range.start.max(facts.sending.una)..range.end;
    // RFC 8985 7.3: a tail loss probe is the last segment that was sent, whatever is known of it.
    let other = [
        Repair::Timeout,
        Repair::Either,
        Repair::Nothing,
        Repair::Probe,
    ];
    if other.contains(&repair) || range.end > facts.sending.next {
        return;
    }
    let known = |since: Instant| {
        let believed = (facts.repairs.last_timeout).is_none_or(|expired| expired < since);
        believed && now.since(since) > ON_ITS_WAY
    };
    let mut pieces = facts.sending.board.within(old.clone()).peekable();
    if pieces.peek().is_some() && pieces.all(|(_, piece)| piece.surely_sacked.is_some_and(known)) {
        wrong.push(format!(
            "RFC 2018 5: {old:?} is sent again, and SACK has named all of it"
        ));
    }
}
