//! The reassembly queue: bytes that came before the ones ahead of them.

use crate::receive_queue::Held;
use crate::segment::ArrivalTime;
use std::collections::BTreeMap;

/// Runs of adjacent bytes one connection may hold out of order. Bytes alone are no bound: a peer that sends every other
/// byte would make us keep one entry for each.
const RANGE_LIMIT: usize = 64;
/// Pieces one connection may hold.
const PIECE_LIMIT: usize = 1024;

/// A piece that waits for the bytes before it.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) held: Held,
    pub(crate) time: ArrivalTime,
}

/// Out-of-order bytes by their stream offset. What came first is kept where two overlap.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    pieces: BTreeMap<u64, Piece>,
    length: usize,
    charge: usize,
    frames: usize,
    /// The stream offset at which the peer's FIN stands, if it came early.
    pub(crate) fin: Option<u64>,
}

impl Reassembly {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The stream offset after the last byte that waits.
    pub(crate) fn end(&self) -> Option<u64> {
        let (&offset, piece) = self.pieces.last_key_value()?;
        Some(offset + piece.held.bytes().len() as u64)
    }

    /// Bytes of memory held.
    pub(crate) fn charge(&self) -> usize {
        self.charge
    }

    /// Frames held back from the ring.
    pub(crate) fn pinned_frames(&self) -> usize {
        self.frames
    }

    /// Runs of adjacent bytes.
    pub(crate) fn ranges(&self) -> usize {
        let mut ranges = 0;
        let mut end = None;
        for (&offset, piece) in &self.pieces {
            ranges += usize::from(end != Some(offset));
            end = Some(offset + piece.held.bytes().len() as u64);
        }
        ranges
    }

    /// Keeps the parts of a payload that are not here yet. Says whether it did, or was at its limit.
    pub(crate) fn insert(&mut self, offset: u64, mut held: Held, time: ArrivalTime) -> bool {
        let mut start = offset;
        let end = offset + held.bytes().len() as u64;
        if let Some((&before, piece)) = self.pieces.range(..=start).next_back() {
            let covered = before + piece.held.bytes().len() as u64;
            if covered >= end {
                return true;
            }
            if covered > start {
                held.advance((covered - start) as usize);
                start = covered;
            }
        }
        let following: Vec<(u64, u64)> = self
            .pieces
            .range(start..end)
            .map(|(&offset, piece)| (offset, offset + piece.held.bytes().len() as u64))
            .collect();
        let joins = self
            .pieces
            .range(..start)
            .next_back()
            .is_some_and(|(&o, p)| o + p.held.bytes().len() as u64 == start)
            || self.pieces.contains_key(&end)
            || !following.is_empty();
        if self.pieces.len() >= PIECE_LIMIT || (!joins && self.ranges() >= RANGE_LIMIT) {
            return false;
        }
        if following.is_empty() {
            self.keep(start, held, time);
            return true;
        }
        // The payload covers pieces that are here: fill the gaps between them.
        let bytes = held.bytes();
        let mut gaps = Vec::new();
        let mut at = start;
        for (next, next_end) in following {
            if next > at {
                gaps.push((
                    at,
                    bytes[(at - start) as usize..(next - start) as usize].to_vec(),
                ));
            }
            at = at.max(next_end);
        }
        if at < end {
            gaps.push((at, bytes[(at - start) as usize..].to_vec()));
        }
        for (offset, bytes) in gaps {
            self.keep(offset, Held::Heap { bytes, start: 0 }, time);
        }
        true
    }

    fn keep(&mut self, offset: u64, held: Held, time: ArrivalTime) {
        self.length += held.bytes().len();
        self.charge += held.charge();
        self.frames += usize::from(held.is_frame());
        self.pieces.insert(offset, Piece { held, time });
    }

    /// `start..end`, which is here, widened to all adjacent bytes that are here.
    pub(crate) fn run_around(&self, mut start: u64, mut end: u64) -> (u64, u64) {
        for (&offset, piece) in self.pieces.range(..start).rev() {
            if offset + (piece.held.bytes().len() as u64) < start {
                break;
            }
            start = offset;
        }
        for (&offset, piece) in self.pieces.range(start..) {
            if offset > end {
                break;
            }
            end = end.max(offset + piece.held.bytes().len() as u64);
        }
        (start, end)
    }

    /// The first run of bytes in `start..end` that are here already.
    pub(crate) fn first_overlap(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        let end_of = |(&offset, piece): (&u64, &Piece)| offset + piece.held.bytes().len() as u64;
        let before = self.pieces.range(..=start).next_back().map(end_of);
        let mut overlap = before
            .filter(|&covered| covered > start)
            .map(|covered| (start, covered));
        for piece in self.pieces.range(start..end) {
            let (offset, piece_end) = (*piece.0, end_of(piece));
            match &mut overlap {
                None => overlap = Some((offset, piece_end)),
                Some((_, covered)) if offset <= *covered => *covered = piece_end.max(*covered),
                Some(_) => break,
            }
        }
        overlap.map(|(from, to)| (from, to.min(end)))
    }

    /// Takes the piece that continues at `expected`, without the bytes before it.
    pub(crate) fn take_next(&mut self, expected: u64) -> Option<Piece> {
        loop {
            let entry = self.pieces.first_entry()?;
            let offset = *entry.key();
            if offset > expected {
                return None;
            }
            let mut piece = entry.remove();
            self.length -= piece.held.bytes().len();
            self.charge -= piece.held.charge();
            self.frames -= usize::from(piece.held.is_frame());
            let end = offset + piece.held.bytes().len() as u64;
            if end > expected {
                piece.held.advance((expected - offset) as usize);
                return Some(piece);
            }
        }
    }

    /// Moves every frame's bytes to the heap. Returns the bytes moved.
    pub(crate) fn compact(&mut self) -> usize {
        let mut moved = 0;
        let frames = self.pieces.values_mut().map(|piece| &mut piece.held);
        for held in frames.filter(|held| held.is_frame()) {
            moved += held.bytes().len();
            self.charge -= held.charge();
            *held = Held::Heap {
                bytes: held.bytes().to_vec(),
                start: 0,
            };
            self.charge += held.charge();
        }
        self.frames = 0;
        moved
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
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

    proptest! {
        #[test]
        fn any_arrival_order_gives_the_stream(parts in proptest::collection::vec((0usize..600, 1usize..90), 1..80)) {
            let mut reassembly = Reassembly::default();
            let mut present = vec![false; 800];
            for (start, length) in parts {
                let end = (start + length).min(present.len());
                if reassembly.insert(start as u64, heap(start..end), ArrivalTime::default()) {
                    present[start..end].fill(true);
                }
                prop_assert!(reassembly.ranges() <= RANGE_LIMIT);
                prop_assert_eq!(reassembly.len(), present.iter().filter(|&&here| here).count());
            }
            let mut expected = 0u64;
            let mut stream = Vec::new();
            while let Some(piece) = reassembly.take_next(expected) {
                stream.extend_from_slice(piece.held.bytes());
                expected = stream.len() as u64;
            }
            let whole = present.iter().take_while(|&&here| here).count();
            prop_assert_eq!(stream, (0..whole).map(|i| (i * 7) as u8).collect::<Vec<_>>());
            if reassembly.is_empty() {
                prop_assert_eq!((reassembly.len(), reassembly.charge()), (0, 0));
            }
        }
    }

    #[test]
    fn every_other_byte_meets_the_limit_of_ranges() {
        let mut reassembly = Reassembly::default();
        for i in 0..RANGE_LIMIT {
            assert!(reassembly.insert(
                2 * i as u64,
                heap(2 * i..2 * i + 1),
                ArrivalTime::default()
            ));
        }
        assert!(!reassembly.insert(1000, heap(1000..1001), ArrivalTime::default()));
        // Data that closes a gap is always welcome.
        assert!(reassembly.insert(1, heap(1..2), ArrivalTime::default()));
        assert_eq!(reassembly.ranges(), RANGE_LIMIT - 1);
    }
}
