//! How long some waits are together, where they may overlap.

use crate::Instant;
use std::time::Duration;

/// Stretches that are remembered. Of what is before them, nothing more is counted.
const STRETCHES: usize = 32;

/// The time that waits cover: what lies in two of them counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    total: Duration,
    /// Before this, nothing is counted any more.
    from: Instant,
    /// The latest of what is covered, in order and apart from each other.
    stretches: Vec<(Instant, Instant)>,
}

impl Covered {
    /// Adds a wait. An `end` before `start` counts as no time at all.
    pub fn add(&mut self, start: Instant, end: Instant) {
        let mut joined = (start.max(self.from), end);
        if joined.1 <= joined.0 {
            return;
        }
        let first = self.stretches.partition_point(|(_, end)| *end < joined.0);
        let behind = self
            .stretches
            .partition_point(|(start, _)| *start <= joined.1);
        for (start, end) in self.stretches.drain(first..behind) {
            self.total -= end.since(start);
            joined = (joined.0.min(start), joined.1.max(end));
        }
        self.total += joined.1.since(joined.0);
        self.stretches.insert(first, joined);
        if self.stretches.len() > STRETCHES {
            let (_, end) = self.stretches.remove(0);
            self.from = end;
        }
    }

    /// How much time that is.
    pub fn total(&self) -> Duration {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanoseconds: u64) -> Instant {
        Instant::from_nanos(nanoseconds)
    }

    proptest! {
        #[test]
        fn what_lies_in_several_waits_counts_once(
            waits in proptest::collection::vec((0usize..300, 0usize..60), 0..32),
        ) {
            let mut covered = Covered::default();
            let mut nanoseconds = [false; 400];
            for (start, length) in waits {
                covered.add(at(start as u64), at((start + length) as u64));
                nanoseconds[start..start + length].fill(true);
            }
            let expected = nanoseconds.into_iter().filter(|covered| *covered).count();
            prop_assert_eq!(covered.total(), Duration::from_nanos(expected as u64));
        }
    }

    #[test]
    fn more_waits_than_are_remembered_are_not_counted_twice() {
        let mut covered = Covered::default();
        for wait in 0..100 {
            covered.add(at(10 * wait), at(10 * wait + 4));
        }
        assert_eq!(covered.total(), Duration::from_nanos(400));
        covered.add(at(0), at(1000));
        // The last 32 stretches begin at 680; the gap before them is counted as well, from where the last one forgotten ended.
        let (forgotten, rest) = (68 * 4, 1000 - 674);
        assert_eq!(covered.total(), Duration::from_nanos(forgotten + rest));
        assert!(covered.stretches.len() <= STRETCHES);
    }

    #[test]
    fn a_wait_that_ends_before_it_begins_is_none() {
        let mut covered = Covered::default();
        covered.add(at(5), at(3));
        assert_eq!(covered, Covered::default());
    }
}
