//! SACK blocks name only what is held, and what came last first.

use crate::oracle::facts::Facts;
use crate::oracle::news::News;
use crate::oracle::rules::sack_order::SackOrder;
use crate::oracle::segment::Segment;
use crate::oracle::sequence::place;
use periplus_journey::Instant;
use std::collections::VecDeque;
use std::ops::Range;

/// Which text came.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct SackBlocks {
    order: SackOrder,
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
        now: Instant,
        wrong: &mut Vec<String>,
    ) {
        let Some(receiving) = &facts.receiving else {
            return;
        };
        if !segment.flags.ack || segment.flags.rst {
            return;
        }
        if segment.options.sack.is_empty() {
            self.order.sent(&[], 0, now, wrong);
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
        self.order.sent(&blocks, acknowledged, now, wrong);
    }

    /// A segment has come; `certain`: and the host cannot but have processed it.
    pub(in crate::oracle) fn received(&mut self, news: &News, certain: bool, now: Instant) {
        if !news.range.is_empty() {
            self.arrivals.push_back(news.range.clone());
            if self.arrivals.len() > ARRIVALS {
                self.arrivals.pop_front();
            }
        }
        self.order.received(news, certain, now);
    }
}

/// Whether one range lies in the other.
pub(super) fn inside(inner: &Range<i64>, outer: &Range<i64>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
