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
/// What is forgotten is only stepped over, and the memory is kept: the log of a connection that asks and is answered
/// neither allocates nor moves anything.
#[derive(Debug)]
pub(crate) struct StampLog<S> {
    entries: Vec<Entry<S>>,
    /// Entries at the front that are forgotten.
    forgotten: usize,
}

impl<S: Stamp> StampLog<S> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            forgotten: 0,
        }
    }

    /// The bytes up to `end`, from where the log ended, have this stamp. Entries before `kept_from`, of which nobody will
    /// ask again, go first; then the neighbours at the oldest end that no mark has to tell apart are merged.
    #[inline]
    pub(crate) fn push(&mut self, end: u64, stamp: S, kept_from: u64) {
        if self.kept().len() == CAPACITY {
            self.make_room(kept_from);
        }
        self.entries.push(Entry {
            end,
            merged: false,
            stamp,
        });
    }

    fn make_room(&mut self, kept_from: u64) {
        self.forget_before(kept_from);
        let kept = &mut self.entries[self.forgotten..];
        if kept.len() == CAPACITY
            && let [first, earlier, later, ..] = kept
        {
            // Bytes in the middle of a long request or answer are the least likely to be asked for: leave the first
            // entry, which holds the request's first byte.
            later.stamp = earlier.stamp.merge(later.stamp);
            later.merged = true;
            *earlier = *first;
            self.forgotten += 1;
        }
    }

    #[inline]
    fn kept(&self) -> &[Entry<S>] {
        self.entries.get(self.forgotten..).unwrap_or_default()
    }

    /// The stamp of the byte at `offset`, and whether it was merged with a neighbour's.
    #[inline]
    pub(crate) fn of(&self, offset: u64) -> Option<(S, bool)> {
        let entry = self.kept().iter().find(|entry| entry.end > offset)?;
        Some((entry.stamp, entry.merged))
    }

    /// Where the log ends. `None` if it holds no stamp.
    pub(crate) fn end(&self) -> Option<u64> {
        self.kept().last().map(|entry| entry.end)
    }

    /// Whether it holds no stamp.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.kept().is_empty()
    }

    /// Lets go of the stamps of bytes before `offset`.
    #[inline]
    pub(crate) fn forget_before(&mut self, offset: u64) {
        while self.kept().first().is_some_and(|entry| entry.end <= offset) {
            self.forgotten += 1;
        }
        if self.is_empty() {
            self.entries.clear();
            self.forgotten = 0;
        } else if self.forgotten >= CAPACITY {
            self.entries.drain(..self.forgotten);
            self.forgotten = 0;
        }
    }
}

impl StampLog<SendStamp> {
    /// Everything before `offset` is acknowledged.
    pub(crate) fn acknowledge(&mut self, offset: u64, at: Instant) {
        for entry in &mut self.entries[self.forgotten..] {
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
        assert_eq!(log.kept().len(), CAPACITY);
        assert_eq!(log.of(0), Some((stamp(1), false)));
        assert_eq!(log.of(15), Some((stamp(2), true)));
        assert_eq!(log.of(995), Some((stamp(100), false)));
    }

    #[test]
    fn forgotten_bytes_make_room_without_merging() {
        let mut log = StampLog::new();
        for i in 1..=1000 {
            log.push(i * 10, stamp(i), (i - 1) * 10);
            assert!(log.entries.len() <= 2 * CAPACITY);
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
            assert!(log.entries.len() <= 2 * CAPACITY);
        }
    }
}
