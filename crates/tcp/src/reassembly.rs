//! The reassembly queue: bytes that came before the ones ahead of them.
//!
//! They lie in ranges with holes between them, each a queue of pieces. A window full of pieces behind one hole is one range: what comes next
//! is put at its end without a look at the others.

mod range;

use crate::receive_queue::Held;
use crate::segment::ArrivalTime;
use range::Range;

/// Ranges one connection may hold. Bytes alone are no bound: a peer that sends every other byte would make us keep one range for each.
const RANGE_LIMIT: usize = 64;

/// A piece that waits for the bytes before it.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) held: Held,
    /// When its last byte came.
    pub(crate) time: ArrivalTime,
}

/// Out-of-order bytes by their stream offset. What came first is kept where two overlap.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    /// None while nothing waits: an idle connection is small.
    waiting: Option<Box<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// In order, a hole between each and the next.
    ranges: Vec<Range>,
    length: usize,
    charge: usize,
    frames: usize,
    /// The stream offset at which the peer's FIN stands, if it came early.
    fin: Option<u64>,
}

impl Reassembly {
    /// Whether no bytes wait.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_none_or(|waiting| waiting.ranges.is_empty())
    }

    /// Bytes that wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.length)
    }

    /// The stream offset after the last byte that waits.
    pub(crate) fn end(&self) -> Option<u64> {
        Some(self.waiting.as_ref()?.ranges.last()?.end)
    }

    /// Bytes of memory held, those to keep the pieces apart included.
    #[inline]
    pub(crate) fn charge(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.charge)
    }

    /// Frames held back from the ring.
    #[inline]
    pub(crate) fn pinned_frames(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.frames)
    }

    /// The stream offset at which the peer's FIN stands, if it came early.
    #[inline]
    pub(crate) fn fin(&self) -> Option<u64> {
        self.waiting.as_ref()?.fin
    }

    /// The peer's FIN came, and stands there.
    pub(crate) fn set_fin(&mut self, at: u64) {
        self.waiting.get_or_insert_default().fin = Some(at);
    }

    /// Keeps the parts of a payload that are not here yet, as long as all of it takes at most `most` bytes of memory. Says whether it
    /// did, or was at its limit.
    pub(crate) fn insert(
        &mut self,
        offset: u64,
        held: Held,
        time: ArrivalTime,
        most: usize,
    ) -> bool {
        let waiting = self.waiting.get_or_insert_default();
        let kept = waiting.insert(offset, held, time, most);
        self.rest_if_empty();
        kept
    }

    /// `start..end`, which is here, widened to all adjacent bytes that are here.
    pub(crate) fn run_around(&self, start: u64, end: u64) -> (u64, u64) {
        match &self.waiting {
            Some(waiting) => waiting.run_around(start, end),
            None => (start, end),
        }
    }

    /// The first run of bytes in `start..end` that are here already.
    pub(crate) fn first_overlap(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        self.waiting.as_ref()?.first_overlap(start, end)
    }

    /// Takes the piece that continues at `expected`, without the bytes before it.
    #[inline]
    pub(crate) fn take_next(&mut self, expected: u64) -> Option<Piece> {
        let next = self.waiting.as_mut()?.take_next(expected);
        self.rest_if_empty();
        next
    }

    /// Moves every frame's bytes to the heap. Returns the bytes moved.
    pub(crate) fn compact(&mut self) -> usize {
        self.waiting.as_mut().map_or(0, |waiting| waiting.compact())
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.waiting = None;
    }

    fn rest_if_empty(&mut self) {
        let is_empty =
            |waiting: &mut Box<Waiting>| waiting.ranges.is_empty() && waiting.fin.is_none();
        drop(self.waiting.take_if(is_empty));
    }
}

impl Waiting {
    fn insert(&mut self, offset: u64, mut held: Held, time: ArrivalTime, most: usize) -> bool {
        let end = offset + held.len() as u64;
        // those that it overlaps or touches
        let from = self.ranges.partition_point(|range| range.end < offset);
        let to = from + self.ranges[from..].partition_point(|range| range.start <= end);
        if self.ranges[from..to]
            .iter()
            .any(|range| range.start <= offset && range.end >= end)
        {
            return true;
        }
        let is_new = from == to;
        if self.charge + held.charge() + size_of::<Piece>() > most
            || is_new && self.ranges.len() >= RANGE_LIMIT
        {
            return false;
        }
        if is_new {
            let range = Range::new(offset, held, time);
            self.count(&range);
            self.ranges.insert(from, range);
            return true;
        }
        let mut joined = self.take_out(from);
        if offset < joined.start {
            let before = (joined.start - offset) as usize;
            joined.prepend(held.take_front(before), time);
        }
        // Of the rest, the bytes up to `joined.end` are here; then come holes and other ranges by turns.
        for _ in from + 1..to {
            let next = self.take_out(from);
            let at = end - held.len() as u64;
            held.advance((joined.end - at) as usize);
            let hole = (next.start - joined.end) as usize;
            joined.append(held.take_front(hole), time);
            joined.join(next);
        }
        let at = end - held.len() as u64;
        held.advance((joined.end.min(end) - at) as usize);
        joined.append(held, time);
        self.count(&joined);
        self.ranges.insert(from, joined);
        true
    }

    fn count(&mut self, range: &Range) {
        self.length += (range.end - range.start) as usize;
        self.charge += range.charge();
        self.frames += range.frames();
    }

    fn uncount(&mut self, range: &Range) {
        self.length -= (range.end - range.start) as usize;
        self.charge -= range.charge();
        self.frames -= range.frames();
    }

    fn take_out(&mut self, index: usize) -> Range {
        let range = self.ranges.remove(index);
        self.uncount(&range);
        range
    }

    fn run_around(&self, start: u64, end: u64) -> (u64, u64) {
        let around = self.ranges.partition_point(|range| range.end < start);
        match self.ranges.get(around) {
            Some(range) if range.start <= start => (range.start, range.end.max(end)),
            _ => (start, end),
        }
    }

    fn first_overlap(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        let first = self.ranges.partition_point(|range| range.end <= start);
        let range = self.ranges.get(first).filter(|range| range.start < end)?;
        Some((range.start.max(start), range.end.min(end)))
    }

    fn take_next(&mut self, expected: u64) -> Option<Piece> {
        loop {
            let first = self.ranges.first_mut()?;
            if first.start > expected {
                return None;
            }
            let start = first.start;
            let (length, charge, frames) = (first.length(), first.charge(), first.frames());
            let mut piece = first.pop()?;
            self.length -= length - first.length();
            self.charge -= charge - first.charge();
            self.frames -= frames - first.frames();
            if first.is_empty() {
                self.ranges.remove(0);
            }
            if start + piece.held.len() as u64 > expected {
                piece.held.advance((expected - start) as usize);
                return Some(piece);
            }
        }
    }

    fn compact(&mut self) -> usize {
        let moved = self.ranges.iter_mut().map(Range::compact).sum();
        self.charge = self.ranges.iter().map(Range::charge).sum();
        self.frames = 0;
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heap(range: std::ops::Range<usize>) -> Held {
        Held::Heap {
            bytes: range.map(|i| (i * 7) as u8).collect(),
            start: 0,
        }
    }

    fn insert(reassembly: &mut Reassembly, range: std::ops::Range<usize>) -> bool {
        let offset = range.start as u64;
        reassembly.insert(offset, heap(range), ArrivalTime::default(), usize::MAX)
    }

    fn ranges(reassembly: &Reassembly) -> &[Range] {
        let waiting = reassembly.waiting.as_ref();
        waiting.map_or(&[], |waiting| &waiting.ranges)
    }

    /// What it would be without any of its bookkeeping.
    fn check(reassembly: &Reassembly, present: &[bool]) -> Result<(), TestCaseError> {
        let here = present.iter().filter(|&&here| here).count();
        prop_assert_eq!(reassembly.len(), here);
        let begins = |&i: &usize| present[i] && (i == 0 || !present[i - 1]);
        let starts: Vec<u64> = (0..present.len())
            .filter(begins)
            .map(|i| i as u64)
            .collect();
        let ends = |&i: &usize| present[i] && !present.get(i + 1).is_some_and(|&here| here);
        let last: Vec<u64> = (0..present.len())
            .filter(ends)
            .map(|i| i as u64 + 1)
            .collect();
        let told: Vec<(u64, u64)> = ranges(reassembly)
            .iter()
            .map(|r| (r.start, r.end))
            .collect();
        prop_assert_eq!(&told, &starts.into_iter().zip(last).collect::<Vec<_>>());
        let charge: usize = ranges(reassembly).iter().map(Range::charge).sum();
        prop_assert_eq!(reassembly.charge(), charge);
        prop_assert!(reassembly.charge() >= here);
        Ok(())
    }

    proptest! {
        #[test]
        fn any_arrival_order_gives_the_stream(parts in proptest::collection::vec((0usize..6000, 1usize..900), 1..120)) {
            let mut reassembly = Reassembly::default();
            let mut present = vec![false; 8000];
            for (start, length) in parts {
                let end = (start + length).min(present.len());
                let overlap = reassembly.first_overlap(start as u64, end as u64);
                let first = (start..end).find(|&i| present[i]);
                prop_assert_eq!(overlap.map(|(from, _)| from), first.map(|i| i as u64));
                if insert(&mut reassembly, start..end) {
                    present[start..end].fill(true);
                    let (from, to) = reassembly.run_around(start as u64, end as u64);
                    prop_assert!(present[from as usize..to as usize].iter().all(|&here| here));
                    prop_assert!(!present.get(to as usize).is_some_and(|&here| here));
                }
                prop_assert!(ranges(&reassembly).len() <= RANGE_LIMIT);
                check(&reassembly, &present)?;
            }
            let mut expected = 0u64;
            let mut stream = Vec::new();
            while let Some(piece) = reassembly.take_next(expected) {
                stream.extend_from_slice(piece.held.bytes());
                expected = stream.len() as u64;
            }
            let whole = present.iter().take_while(|&&here| here).count();
            prop_assert_eq!(&stream, &(0..whole).map(|i| (i * 7) as u8).collect::<Vec<_>>());
            present[..whole].fill(false);
            check(&reassembly, &present)?;
        }
    }

    #[test]
    fn every_other_byte_meets_the_limit_of_ranges() {
        let mut reassembly = Reassembly::default();
        for i in 0..RANGE_LIMIT {
            assert!(insert(&mut reassembly, 2 * i..2 * i + 1));
        }
        assert!(!insert(&mut reassembly, 1000..1001));
        // Data that closes a gap is always welcome.
        assert!(insert(&mut reassembly, 1..2));
        assert_eq!(ranges(&reassembly).len(), RANGE_LIMIT - 1);
    }

    /// A window of 6 MiB behind one lost segment.
    #[test]
    fn a_whole_window_waits_in_one_range() {
        const WINDOW: usize = 6 << 20;
        let mut reassembly = Reassembly::default();
        for start in (1460..WINDOW).step_by(1460) {
            assert!(insert(&mut reassembly, start..start + 1460));
        }
        assert_eq!(ranges(&reassembly).len(), 1);
        assert!(reassembly.len() >= WINDOW - 1460);
        assert!(reassembly.charge() < WINDOW + WINDOW / 8);
    }

    /// Single bytes, from the end to the beginning or the other way round, cost little more than themselves.
    #[test]
    fn small_pieces_are_put_together() {
        for backwards in [false, true] {
            let mut reassembly = Reassembly::default();
            for i in 1..50_001 {
                let i = if backwards { 50_001 - i } else { i };
                assert!(insert(&mut reassembly, i..i + 1));
            }
            assert_eq!(reassembly.len(), 50_000);
            assert!(reassembly.charge() < 75_000, "{}", reassembly.charge());
        }
    }

    #[test]
    fn what_it_may_take_of_memory_is_kept_to() {
        const MOST: usize = 100_000;
        let mut reassembly = Reassembly::default();
        for start in (1..1_000_000).step_by(1000) {
            let time = ArrivalTime::default();
            reassembly.insert(start as u64, heap(start..start + 1000), time, MOST);
        }
        assert!(reassembly.charge() <= MOST);
        assert!(reassembly.len() > MOST - MOST / 8);
    }
}
