//! SACK blocks name only what is held.

use crate::oracle::facts::Facts;
use crate::oracle::news::News;
use crate::oracle::segment::Segment;
use crate::oracle::sequence::place;
use std::collections::VecDeque;
use std::ops::Range;

/// Which text came since the host last sent an ACK.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct SackBlocks {
    /// What came above a hole, and was new.
    recent: Vec<Range<i64>>,
    /// Where the latest segments with text were, within the window or not.
    arrivals: VecDeque<Range<i64>>,
}

/// So many segments are remembered.
const ARRIVALS: usize = 256;

impl SackBlocks {
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
        if !segment.flags.ack || segment.flags.rst {
            return;
        }
        let recent = std::mem::take(&mut self.recent);
        if segment.options.sack.is_empty() {
            return;
        }
        let acknowledged = receiving.acknowledged_place(segment.acknowledgment);
        let blocks: Vec<Range<i64>> = segment
            .options
            .sack
            .iter()
            .map(|&(left, right)| {
                let left = place(receiving.initial, acknowledged, left);
                left..place(receiving.initial, left, right)
            })
            .collect();
        for (at, block) in blocks.iter().enumerate() {
            if block.is_empty() {
                wrong.push(format!("RFC 2018 3: block {block:?} ends before it begins"));
                continue;
            }
            // A FIN above a hole takes a place in a block as well.
            let fin = receiving.fins.contains(&(block.end - 1));
            let text = block.start..block.end - i64::from(fin);
            // RFC 2883 4: whatever lies below RCV.NXT is a duplicate to the host, also if it is a stranger's.
            let came = |arrival: &Range<i64>| inside(block, arrival);
            let duplicate = at == 0 && block.end <= acknowledged && self.arrivals.iter().any(came);
            if !receiving.held.holds(text) && !duplicate {
                wrong.push(format!("RFC 2018 3: block {block:?} was not received"));
            }
            // RFC 2883 4: a D-SACK block is the first one.
            if at > 0 && block.start < acknowledged {
                wrong.push(format!(
                    "RFC 2018 3: block {} names {block:?}, below the acknowledgment {acknowledged}",
                    at + 1
                ));
            }
        }
        first_is_recent(&blocks, acknowledged, &recent, wrong);
    }

    /// A segment has come; `certain`: and the host cannot but have processed it.
    pub(in crate::oracle) fn received(&mut self, news: &News, certain: bool) {
        if !news.range.is_empty() {
            self.arrivals.push_back(news.range.clone());
            if self.arrivals.len() > ARRIVALS {
                self.arrivals.pop_front();
            }
        }
        if certain
            && news.fresh > 0
            && news.text.start > news.in_order_before
            && self.recent.len() < 64
        {
            self.recent.push(news.text.clone());
        }
    }
}

fn inside(inner: &Range<i64>, outer: &Range<i64>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// RFC 2018 4: the first block holds the segment that drew this ACK. Which one that was is not always to be seen: it is one
/// of those that came since the last ACK.
fn first_is_recent(
    blocks: &[Range<i64>],
    acknowledged: i64,
    recent: &[Range<i64>],
    wrong: &mut Vec<String>,
) {
    let duplicate = match blocks {
        [first, rest @ ..] => {
            first.start < acknowledged || rest.first().is_some_and(|second| inside(first, second))
        }
        [] => false,
    };
    let Some(newest) = blocks.get(usize::from(duplicate)) else {
        return;
    };
    let above: Vec<_> = recent
        .iter()
        .filter(|text| text.end > acknowledged)
        .collect();
    if !above.is_empty()
        && !above
            .iter()
            .any(|text| newest.start < text.end && text.start < newest.end)
    {
        wrong.push(format!(
            "RFC 2018 4: the first block, {newest:?}, holds nothing of what came since the last ACK, {above:?}"
        ));
    }
}
