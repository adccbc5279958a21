//! The peer's half of a connection's sequence space: what the host may have taken.
//!
//! ```text
//!   0 (SYN)   acknowledged        in_order        edge
//!   |---------|-------------------|---------------|--------
//!             ^ the last ACK      ^ RCV.NXT is    ^ the furthest right edge that the host ever offered
//!               that was sent       here at most
//! ```

use super::ranges::Ranges;
use super::sequence::place;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Bytes further ahead than this are not stored, however large a window the host offers.
const FURTHEST: i64 = 64 << 20;

/// So many bytes may differ between two segments with the same sequence numbers; after that any byte counts as sent.
const MOST_DIFFERENCES: usize = 1 << 16;

/// What the peer sent.
#[derive(Clone, Debug)]
pub(super) struct Receiving {
    /// The peer's initial sequence number, which is place 0.
    pub(super) initial: u32,
    /// The highest acknowledgment that the host sent.
    pub(super) acknowledged: i64,
    /// The furthest right edge that the host offered.
    pub(super) edge: i64,
    /// What arrived within the windows that were offered.
    pub(super) held: Ranges,
    /// The places of FINs that arrived.
    pub(super) fins: BTreeSet<i64>,
    bytes: Vec<u8>,
    /// What else was sent at a place.
    others: BTreeMap<i64, Vec<u8>>,
    differences: usize,
}

impl Receiving {
    pub(super) fn new(initial: u32) -> Self {
        let mut held = Ranges::default();
        held.insert(0..1);
        Self {
            initial,
            acknowledged: 0,
            edge: 0,
            held,
            fins: BTreeSet::new(),
            bytes: Vec::new(),
            others: BTreeMap::new(),
            differences: 0,
        }
    }

    /// The place of a sequence number of a segment that the peer sends.
    pub(super) fn place(&self, sequence: u32) -> i64 {
        place(self.initial, self.acknowledged, sequence)
    }

    /// The place of an acknowledgment number, or of a SACK block's edge, that the host sends.
    pub(super) fn acknowledged_place(&self, acknowledgment: u32) -> i64 {
        place(self.initial, self.acknowledged, acknowledgment)
    }

    /// The end of what arrived in order, a FIN not counted.
    pub(super) fn in_order(&self) -> i64 {
        self.held.end_from(0)
    }

    /// Whether RCV.NXT may be at `place`.
    pub(super) fn may_acknowledge(&self, place: i64) -> bool {
        let in_order = self.in_order();
        place <= in_order || (place - 1 <= in_order && self.fins.contains(&(place - 1)))
    }

    /// The highest place that RCV.NXT may be at.
    pub(super) fn furthest(&self) -> i64 {
        let in_order = self.in_order();
        in_order + i64::from(self.fins.contains(&in_order))
    }

    /// Whether the host has acknowledged the peer's FIN.
    pub(super) fn fin_acknowledged(&self) -> bool {
        self.acknowledged > 0 && self.fins.contains(&(self.acknowledged - 1))
    }

    /// Stores what arrived at `start`, as far as it is within the window.
    pub(super) fn take(&mut self, start: i64, payload: &[u8], edge: i64) -> Range<i64> {
        let edge = edge.min(self.acknowledged + FURTHEST);
        let from = start.max(1);
        let end = (start + i64::try_from(payload.len()).unwrap_or(0)).min(edge);
        if from >= end {
            return from..from;
        }
        if self.bytes.len() < index(end) {
            self.bytes.resize(index(end), 0);
        }
        if !self.held.touches(from..end) {
            let text = &payload[index(from - start + 1)..index(end - start + 1)];
            self.bytes[index(from)..index(end)].copy_from_slice(text);
            self.held.insert(from..end);
            return from..end;
        }
        for at in from..end {
            let byte = payload[index(at - start + 1)];
            let stored = &mut self.bytes[index(at)];
            if !self.held.holds(at..at + 1) {
                *stored = byte;
            } else if *stored != byte && self.differences < MOST_DIFFERENCES {
                self.differences += 1;
                self.others.entry(at).or_default().push(byte);
            }
        }
        self.held.insert(from..end);
        from..end
    }

    /// Whether the peer sent `byte` at `place`.
    pub(super) fn was_sent(&self, place: i64, byte: u8) -> bool {
        self.bytes.get(index(place)) == Some(&byte)
            || self.differences >= MOST_DIFFERENCES
            || (self.others.get(&place)).is_some_and(|others| others.contains(&byte))
    }
}

/// Where the byte at `place` is stored: the first one is at place 1, after the SYN.
fn index(place: i64) -> usize {
    usize::try_from(place - 1).unwrap_or(0)
}
