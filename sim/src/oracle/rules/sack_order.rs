//! The first SACK block holds what came last.

use super::sack_blocks::inside;
use crate::oracle::news::News;
use periplus_journey::Instant;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

/// An ACK may have been on its way already when the newest segments came: then it names what came shortly before them.
const ON_ITS_WAY: Duration = Duration::from_millis(20);

/// So many segments are remembered.
const SEGMENTS: usize = 1024;

/// What came above a hole.
#[derive(Clone, Debug, Default)]
pub(super) struct SackOrder {
    /// The latest, and when they came.
    latest: VecDeque<(Range<i64>, Instant)>,
    /// Those that came since the last ACK, that were new, and that the host cannot but have taken.
    drew: Vec<Range<i64>>,
    last_acknowledgment: Instant,
}

impl SackOrder {
    /// A segment has come; `certain`: and the host cannot but have processed it.
    pub(super) fn received(&mut self, news: &News, certain: bool, now: Instant) {
        if news.range.is_empty() {
            return;
        }
        self.latest.push_back((news.range.clone(), now));
        if self.latest.len() > SEGMENTS {
            self.latest.pop_front();
        }
        if certain && news.fresh > 0 && news.text.start > news.in_order_before {
            self.drew.push(news.text.clone());
        } else {
            // What advances the acknowledgment, or is a duplicate, may draw an ACK of another form.
            self.drew.clear();
        }
    }

    /// The host sends an ACK. RFC 2018 4: the first block holds the segment that drew it.
    pub(super) fn sent(
        &mut self,
        blocks: &[Range<i64>],
        acknowledged: i64,
        now: Instant,
        wrong: &mut Vec<String>,
    ) {
        let mut drew = std::mem::take(&mut self.drew);
        let since = std::mem::replace(&mut self.last_acknowledgment, now);
        drew.retain(|text| text.end > acknowledged);
        let duplicate = match blocks {
            [first, rest @ ..] => {
                first.start < acknowledged
                    || rest.first().is_some_and(|second| inside(first, second))
            }
            [] => false,
        };
        let Some(newest) = blocks.get(usize::from(duplicate)) else {
            return;
        };
        let named = |text: &Range<i64>| newest.start < text.end && text.start < newest.end;
        let recent = |came: Instant| came > since || now.since(came) <= ON_ITS_WAY;
        // An ACK for another reason may leave before the newest segments are looked at, and name what came before them.
        let mut above = self
            .latest
            .iter()
            .rev()
            .filter(|(text, _)| text.end > acknowledged);
        let before = above.nth(drew.len());
        let named = before.is_some_and(|(text, _)| named(text))
            || (self.latest.iter()).any(|(text, came)| recent(*came) && named(text));
        if !drew.is_empty() && !named {
            wrong.push(format!(
                "RFC 2018 4: the first block, {newest:?}, holds nothing of what came since the last ACK, {drew:?}"
            ));
        }
    }
}
