//! When which bytes of a stream came or went: a few entries, bounded.

use crate::segment::ArrivalTime;
use periplus_journey::Instant;

/// Entries a direction may have. When full, two neighbours merge.
const CAPACITY: usize = 32;

/// A stamp that can stand for its own bytes and its neighbour's.
pub(crate) trait Stamp: Copy {
    /// The stamp of both, where `self` is of the earlier bytes.
    fn merge(self, later: Self) -> Self;
}

/// When received bytes came.
pub(crate) type ReceiveStamp = ArrivalTime;

impl Stamp for ReceiveStamp {
    fn merge(self, later: Self) -> Self {
        Self {
            arrived: self.arrived.min(later.arrived),
            taken: later.taken,
            rx_ring_at_most: later.rx_ring_at_most,
        }
    }
}

/// When sent bytes were first transmitted, and when acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendStamp {
    pub(crate) transmitted: Instant,
    pub(crate) acknowledged: Option<Instant>,
}

impl Stamp for SendStamp {
    fn merge(self, later: Self) -> Self {
        later
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<S> {
    end: u64,
    merged: bool,
    stamp: S,
}

/// The stamps of one direction. An entry holds for the bytes from its neighbour's end to its own.
///
/// A log of one entry is all that a request needs that comes in one segment, so that has a place of its own. What is
/// forgotten of the others is only stepped over, and their memory is kept.
#[derive(Debug)]
pub(crate) struct StampLog<S> {
    first: Option<Entry<S>>,
    later: Vec<Entry<S>>,
    /// Entries at the front of `later` that are forgotten.
    forgotten: usize,
}

impl<S: Stamp> StampLog<S> {
    pub(crate) fn new() -> Self {
        Self {
            first: None,
            later: Vec::new(),
            forgotten: 0,
        }
    }

    /// The bytes up to `end`, from where the log ended, have this stamp. Entries before `kept_from`, of which nobody will
    /// ask again, go first; then the neighbours at the oldest end that no mark has to tell apart are merged.
    #[inline]
    pub(crate) fn push(&mut self, end: u64, stamp: S, kept_from: u64) {
        let merged = false;
        if self.first.is_none() {
            self.first = Some(Entry { end, merged, stamp });
        } else {
            self.push_later(Entry { end, merged, stamp }, kept_from);
        }
    }

    fn push_later(&mut self, entry: Entry<S>, kept_from: u64) {
        if self.kept().len() + 1 == CAPACITY {
            self.forget_before(kept_from);
        }
        let kept = &mut self.later[self.forgotten..];
        if kept.len() + 1 == CAPACITY
            && let [earlier, later, ..] = kept
        {
            // Bytes in the middle of a long request or answer are the least likely to be asked for: leave the first
            // entry, which holds the request's first byte.
            later.stamp = earlier.stamp.merge(later.stamp);
            later.merged = true;
            self.step_over(1);
        }
        match self.first {
            Some(_) => self.later.push(entry),
            None => self.first = Some(entry),
        }
    }

    fn kept(&self) -> &[Entry<S>] {
        &self.later[self.forgotten..]
    }

    /// The stamp of the byte at `offset`, and whether it was merged with a neighbour's.
    #[inline]
    pub(crate) fn of(&self, offset: u64) -> Option<(S, bool)> {
        let first = self.first.as_ref()?;
        if first.end > offset {
            return Some((first.stamp, first.merged));
        }
        self.of_later(offset)
    }

    fn of_later(&self, offset: u64) -> Option<(S, bool)> {
        let entry = self.kept().iter().find(|entry| entry.end > offset)?;
        Some((entry.stamp, entry.merged))
    }

    /// Where the log ends. `None` if it holds no stamp.
    pub(crate) fn end(&self) -> Option<u64> {
        let last = self.kept().last().or(self.first.as_ref())?;
        Some(last.end)
    }

    /// Whether it holds no stamp.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Lets go of the stamps of bytes before `offset`.
    #[inline]
    pub(crate) fn forget_before(&mut self, offset: u64) {
        if self.first.as_ref().is_some_and(|first| first.end <= offset) {
            self.first = None;
            if !self.later.is_empty() {
                self.forget_later(offset);
            }
        }
    }

    fn forget_later(&mut self, offset: u64) {
        let old = self.kept().iter().take_while(|entry| entry.end <= offset);
        let old = old.count();
        self.first = self.kept().get(old).copied();
        self.step_over(old + usize::from(self.first.is_some()));
    }

    /// Forgets the oldest of the later entries.
    fn step_over(&mut self, count: usize) {
        self.forgotten += count;
        if self.forgotten == self.later.len() {
            self.later.clear();
            self.forgotten = 0;
        } else if self.forgotten >= CAPACITY {
            self.later.drain(..self.forgotten);
            self.forgotten = 0;
        }
    }
}

impl StampLog<SendStamp> {
    /// Everything before `offset` is acknowledged.
    pub(crate) fn acknowledge(&mut self, offset: u64, at: Instant) {
        let later = &mut self.later[self.forgotten..];
        for entry in self.first.iter_mut().chain(later) {
            if entry.end > offset {
                return;
            }
            entry.stamp.acknowledged.get_or_insert(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(nanoseconds: u64) -> ReceiveStamp {
        ReceiveStamp {
            arrived: Instant::from_nanos(nanoseconds),
            taken: None,
            rx_ring_at_most: None,
        }
    }

    #[test]
    fn a_byte_has_the_stamp_of_the_segment_it_came_in() {
        let mut log = StampLog::new();
        log.push(10, stamp(1), 0);
        log.push(20, stamp(2), 0);
        assert_eq!(log.of(9).unwrap().0, stamp(1));
        assert_eq!(log.of(10).unwrap().0, stamp(2));
        assert!(log.of(20).is_none());
    }

    #[test]
    fn a_full_log_merges_the_middle_and_says_so() {
        let mut log = StampLog::new();
        for i in 1..=100 {
            log.push(i * 10, stamp(i), 0);
        }
        assert_eq!(log.kept().len() + 1, CAPACITY);
        assert_eq!(log.of(0), Some((stamp(1), false)));
        assert_eq!(log.of(15), Some((stamp(2), true)));
        assert_eq!(log.of(995), Some((stamp(100), false)));
    }

    #[test]
    fn forgotten_bytes_make_room_without_merging() {
        let mut log = StampLog::new();
        for i in 1..=1000 {
            log.push(i * 10, stamp(i), (i - 1) * 10);
            assert!(log.later.len() <= 2 * CAPACITY);
        }
        assert_eq!(log.of(9995), Some((stamp(1000), false)));
        assert!(!log.kept().iter().any(|entry| entry.merged));
    }

    #[test]
    fn stepping_over_what_is_forgotten_takes_no_more_memory() {
        let mut log = StampLog::new();
        for i in 1..=1000 {
            log.push(i * 10, stamp(i), 0);
            log.forget_before((i - 1) * 10);
            assert_eq!(log.of(i * 10 - 5), Some((stamp(i), false)));
            assert!(log.later.len() <= 2 * CAPACITY);
        }
    }
}
