//! Where records begin and end (RFC 8446 section 5.1), so that none but the one that is read leaves the stack's queue.

use std::ops::Range;

/// A record's header: its type, its version, its length.
const HEADER: usize = 5;

/// The first look at a record: most requests fit.
const FIRST_LOOK: usize = 2 * 1024;

/// The longest look: the longest record there may be, by RFC 5246 section 6.2.3.
pub(super) const LONGEST_LOOK: usize = HEADER + (1 << 14) + 2048;

/// How far the received ciphertext has been framed.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// Bytes taken so far.
    taken: u64,
    /// Where the record begins that is being received, or the next one.
    start: u64,
    header: [u8; HEADER],
}

impl Framing {
    /// How many bytes to look at next.
    pub(super) fn look(&self) -> usize {
        match self.left() {
            Some(left) => left.clamp(1, LONGEST_LOOK),
            None => FIRST_LOOK,
        }
    }

    /// How many of `seen`, the next bytes, belong to the record that is being received.
    pub(super) fn own(&mut self, seen: &[u8]) -> usize {
        let have = self.have();
        let of_header = seen.len().min(HEADER.saturating_sub(have));
        if of_header > 0 {
            self.header[have..have + of_header].copy_from_slice(&seen[..of_header]);
        }
        if have + of_header < HEADER {
            return seen.len();
        }
        let whole = HEADER + self.length();
        seen.len().min(whole - have)
    }

    /// Takes `length` bytes that [`own`](Self::own) has counted. The record that they complete, as a range of the ciphertext.
    pub(super) fn take(&mut self, length: usize) -> Option<Range<u64>> {
        self.taken += length as u64;
        if self.left() != Some(0) {
            return None;
        }
        let start = std::mem::replace(&mut self.start, self.taken);
        Some(start..self.taken)
    }

    /// Bytes taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Where the record begins of which a part was taken. `None` between records.
    pub(super) fn begun(&self) -> Option<u64> {
        (self.taken > self.start).then_some(self.start)
    }

    /// Bytes of the record that were taken.
    fn have(&self) -> usize {
        usize::try_from(self.taken - self.start).unwrap_or(usize::MAX)
    }

    fn length(&self) -> usize {
        usize::from(u16::from_be_bytes([self.header[3], self.header[4]]))
    }

    /// Bytes of the record that are missing. `None` while its header is.
    fn left(&self) -> Option<usize> {
        let have = self.have();
        (have >= HEADER).then(|| (HEADER + self.length()).saturating_sub(have))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut record = vec![23, 3, 3, high, low];
        record.resize(HEADER + usize::from(length), 7);
        record
    }

    proptest! {
        #[test]
        fn records_are_found_however_they_come(
            lengths in proptest::collection::vec(0u16..300, 1..20),
            cuts in proptest::collection::vec(1usize..70, 1..20),
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|&length| record(length)).collect();
            let mut framing = Framing::default();
            let mut found = Vec::new();
            let mut cuts = cuts.iter().cycle();
            let mut at = 0;
            while at < bytes.len() {
                let seen = &bytes[at..(at + cuts.next().unwrap()).min(bytes.len())];
                let own = framing.own(seen);
                prop_assert!(own > 0);
                at += own;
                found.extend(framing.take(own));
            }
            prop_assert_eq!(framing.begun(), None);
            let mut start = 0;
            let expected: Vec<_> = lengths.iter().map(|&length| {
                let end = start + (HEADER as u64) + u64::from(length);
                std::mem::replace(&mut start, end)..end
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
