//! A set of places in a stream, kept as ranges.

use std::collections::BTreeMap;
use std::ops::Range;

/// A set of places; ranges that touch are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    ends: BTreeMap<i64, i64>,
}

impl Ranges {
    /// Adds a range.
    pub(super) fn insert(&mut self, range: Range<i64>) {
        if range.is_empty() {
            return;
        }
        let (mut start, mut end) = (range.start, range.end);
        if let Some((&before, &before_end)) = self.ends.range(..=start).next_back()
            && before_end >= start
        {
            start = before;
            end = end.max(before_end);
        }
        while let Some((&next, &next_end)) = self.ends.range(start..=end).next() {
            end = end.max(next_end);
            self.ends.remove(&next);
        }
        self.ends.insert(start, end);
    }

    /// The end of the range that holds `at`; `at` itself if none does.
    pub(super) fn end_from(&self, at: i64) -> i64 {
        match self.ends.range(..=at).next_back() {
            Some((_, &end)) => end.max(at),
            None => at,
        }
    }

    /// Whether every place of `range` is in the set.
    pub(super) fn holds(&self, range: Range<i64>) -> bool {
        range.is_empty() || self.end_from(range.start) >= range.end
    }

    /// Whether any place of `range` is in the set.
    pub(super) fn touches(&self, range: Range<i64>) -> bool {
        !range.is_empty()
            && (self.end_from(range.start) > range.start || self.ends.range(range).next().is_some())
    }

    /// How many places of `range` are not in the set.
    pub(super) fn missing(&self, range: Range<i64>) -> i64 {
        let mut missing = 0;
        let mut at = range.start;
        while at < range.end {
            at = self.end_from(at).min(range.end);
            let next = match self.ends.range(at..range.end).next() {
                Some((&next, _)) => next,
                None => range.end,
            };
            missing += next - at;
            at = next;
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn ranges_that_touch_are_one_and_holes_are_counted() {
        let mut ranges = Ranges::default();
        ranges.insert(10..20);
        ranges.insert(30..40);
        assert_eq!(ranges.missing(0..50), 30);
        ranges.insert(20..25);
        assert!(ranges.holds(10..25) && !ranges.holds(10..31));
        assert!(ranges.touches(24..30) && !ranges.touches(25..30));
        ranges.insert(5..35);
        assert_eq!((ranges.end_from(5), ranges.end_from(4)), (40, 4));
    }
}
