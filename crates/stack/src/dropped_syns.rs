//! When the first copy of a SYN was dropped: where the station `syn_retry` begins.

use periplus_journey::Instant;
use periplus_wire::SeqNum;

/// How many dropped SYNs are remembered.
const REMEMBERED: usize = 4096;

/// A dropped SYN. Its sender repeats it with the same sequence number, and a new attempt has another.
#[derive(Clone, Copy, Debug)]
struct DroppedSyn {
    flow: u64,
    seq: SeqNum,
    first: Instant,
}

/// The SYNs that were dropped not long ago. Where two flows share a place the later one keeps it: the table is for the
/// record only, and a flood must not make it grow.
#[derive(Debug, Default)]
pub(crate) struct DroppedSyns {
    /// Empty until the first SYN is dropped.
    places: Vec<Option<DroppedSyn>>,
}

impl DroppedSyns {
    /// A copy of the SYN `seq` of a flow, known by its keyed hash, was dropped.
    pub(crate) fn note(&mut self, flow: u64, seq: SeqNum, now: Instant) {
        if self.places.is_empty() {
            self.places = vec![None; REMEMBERED];
        }
        if self.find(flow, seq).is_none() {
            self.places[flow as usize % REMEMBERED] = Some(DroppedSyn {
                flow,
                seq,
                first: now,
            });
        }
    }

    /// When the first copy of that SYN was dropped, if one was and it is remembered.
    pub(crate) fn find(&self, flow: u64, seq: SeqNum) -> Option<Instant> {
        let place = self.places.get(flow as usize % REMEMBERED)?;
        let dropped = place.filter(|dropped| dropped.flow == flow && dropped.seq == seq)?;
        Some(dropped.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_copy_counts_and_a_new_attempt_begins_anew() {
        let mut dropped = DroppedSyns::default();
        let (old, new) = (SeqNum(7), SeqNum(8));
        assert_eq!(dropped.find(1, old), None);
        dropped.note(1, old, Instant::from_millis(1));
        dropped.note(1, old, Instant::from_millis(2));
        assert_eq!(dropped.find(1, old), Some(Instant::from_millis(1)));
        assert_eq!(dropped.find(1, new), None);
        dropped.note(1, new, Instant::from_millis(3));
        assert_eq!(dropped.find(1, old), None);
        assert_eq!(dropped.find(1, new), Some(Instant::from_millis(3)));
    }

    #[test]
    fn a_flood_makes_others_forgotten_and_nothing_grow() {
        let mut dropped = DroppedSyns::default();
        for flow in 0..100_000 {
            dropped.note(flow, SeqNum(0), Instant::from_millis(flow));
        }
        assert_eq!(dropped.places.len(), REMEMBERED);
        assert_eq!(dropped.find(0, SeqNum(0)), None);
        let last = Instant::from_millis(99_999);
        assert_eq!(dropped.find(99_999, SeqNum(0)), Some(last));
    }
}
