//! Which bytes of the plaintext lie in which bytes of the ciphertext, record by record.

use std::collections::VecDeque;
use std::ops::Range;

/// Records remembered for one direction. When there are more, the two oldest become one.
const CAPACITY: usize = 32;

/// One direction's records, the oldest first. Offsets count from the first byte of their stream, and what the handshake and
/// alerts took of the ciphertext lies between records.
#[derive(Debug, Default)]
pub(super) struct Records {
    kept: VecDeque<Record>,
    /// How much plaintext there was so far, and how much ciphertext.
    plain: u64,
    cipher: u64,
}

#[derive(Clone, Debug)]
struct Record {
    plain: Range<u64>,
    cipher: Range<u64>,
    /// It is several: what lies where in it is only known roughly.
    merged: bool,
}

impl Records {
    /// `length` bytes of plaintext are in `cipher`, the next bytes of the ciphertext that matter. Nobody will ask for what lies
    /// before `done` any more.
    pub(super) fn push(&mut self, length: u64, cipher: Range<u64>, done: u64) {
        if self.kept.len() == CAPACITY {
            while self
                .kept
                .front()
                .is_some_and(|oldest| oldest.cipher.end <= done)
            {
                self.kept.pop_front();
            }
        }
        if self.kept.len() == CAPACITY
            && let Some(oldest) = self.kept.pop_front()
            && let Some(next) = self.kept.front_mut()
        {
            next.plain.start = oldest.plain.start;
            next.cipher.start = oldest.cipher.start;
            next.merged = true;
        }
        let plain = self.plain..self.plain + length;
        self.plain = plain.end;
        self.cipher = cipher.end;
        self.kept.push_back(Record {
            plain,
            cipher,
            merged: false,
        });
    }

    /// The ciphertext up to `end` holds no more plaintext than was told.
    pub(super) fn passed(&mut self, end: u64) {
        self.cipher = end;
    }

    /// Whether the next record would be one too many.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() == CAPACITY
    }

    /// How much plaintext there was so far.
    pub(super) fn plain(&self) -> u64 {
        self.plain
    }

    /// Where the record begins that holds the byte at `offset` of the plaintext: what is still to come begins where the
    /// ciphertext ends now.
    pub(super) fn start_of(&self, offset: u64) -> u64 {
        if offset >= self.plain {
            return self.cipher;
        }
        let position = self
            .kept
            .partition_point(|record| record.plain.end <= offset);
        match self.kept.get(position) {
            Some(record) if record.merged => record.cipher_at(offset),
            Some(record) => record.cipher.start,
            None => self.cipher,
        }
    }

    /// Where the record ends that holds the last byte before `offset` of the plaintext.
    pub(super) fn end_of(&self, offset: u64) -> u64 {
        let position = self
            .kept
            .partition_point(|record| record.plain.end < offset);
        match self.kept.get(position) {
            Some(record) if offset <= record.plain.start => record.cipher.start,
            Some(record) if record.merged && offset < record.plain.end => record.cipher_at(offset),
            Some(record) => record.cipher.end,
            None => self.cipher,
        }
    }

    /// How much plaintext lies in records that end before `offset` of the ciphertext.
    pub(super) fn plain_before(&self, offset: u64) -> u64 {
        let position = self
            .kept
            .partition_point(|record| record.cipher.end <= offset);
        match self.kept.get(position) {
            Some(record) if record.merged => record.plain_at(offset),
            Some(record) => record.plain.start,
            None => self.plain,
        }
    }
}

impl Record {
    fn cipher_at(&self, plain: u64) -> u64 {
        let into = plain.saturating_sub(self.plain.start);
        self.cipher.start + part(into, length(&self.plain), length(&self.cipher))
    }

    fn plain_at(&self, cipher: u64) -> u64 {
        let into = cipher.saturating_sub(self.cipher.start);
        self.plain.start + part(into, length(&self.cipher), length(&self.plain))
    }
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

/// What of `other` is as much of it as `into` is of `whole`.
fn part(into: u64, whole: u64, other: u64) -> u64 {
    let part = u128::from(into) * u128::from(other) / u128::from(whole.max(1));
    u64::try_from(part).unwrap_or(other).min(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of 100 bytes in 122, behind a handshake of 1,000.
    fn records(count: u64, done: u64) -> Records {
        let mut records = Records::default();
        records.passed(1000);
        for n in 0..count {
            let start = 1000 + 122 * n;
            records.push(100, start..start + 122, done);
        }
        records
    }

    #[test]
    fn a_range_is_rounded_outward_to_the_records_that_hold_it() {
        let records = records(3, 0);
        assert_eq!((records.start_of(0), records.end_of(100)), (1000, 1122));
        assert_eq!((records.start_of(99), records.end_of(101)), (1000, 1244));
        assert_eq!((records.start_of(100), records.end_of(300)), (1122, 1366));
    }

    #[test]
    fn what_is_still_to_come_begins_where_the_ciphertext_ends() {
        let mut records = records(1, 0);
        assert_eq!(records.start_of(100), 1122);
        records.passed(1500); // a ticket
        assert_eq!(records.start_of(100), 1500);
        records.push(7, 1500..1529, 0);
        assert_eq!((records.start_of(100), records.end_of(107)), (1500, 1529));
    }

    #[test]
    fn a_record_counts_when_all_of_it_is_acknowledged() {
        let records = records(3, 0);
        let acknowledged = [0, 1000, 1121, 1122, 1243, 1244, 1366, 2000];
        let plain = acknowledged.map(|offset| records.plain_before(offset));
        assert_eq!(plain, [0, 0, 0, 100, 100, 200, 300, 300]);
    }

    #[test]
    fn what_is_done_with_makes_room() {
        let records = records(1000, u64::MAX);
        assert!(records.kept.len() <= CAPACITY);
        assert!(!records.kept.iter().any(|record| record.merged));
        assert_eq!(records.end_of(100_000), 1000 + 122_000);
        assert_eq!(records.start_of(99_999), 1000 + 121_878);
    }

    #[test]
    fn too_many_become_one_whose_inside_is_known_roughly() {
        let records = records(1000, 0);
        assert_eq!(records.kept.len(), CAPACITY);
        assert_eq!(records.start_of(99_950), 1000 + 122 * 999);
        let roughly = records.plain_before(1000 + 61_000);
        assert!((49_900..=50_100).contains(&roughly), "{roughly}");
        assert_eq!(records.plain_before(1000 + 122_000), 100_000);
        assert_eq!(records.plain_before(0), 0);
    }
}
