//! The scoreboard (RFC 6675 3): what the peer says it has of what is not acknowledged.
//!
//! ```text
//!   SND.UNA                                          SND.NXT
//!      |   hole   |  SACKed  | hole |  SACKed  |        |
//!      |----------|##########|------|##########|--------|
//!      ^          ^                            ^
//!      |          | lost before here           | highest SACKed
//!      | HighRxt moves right as holes are sent again
//! ```

use periplus_wire::SeqNum;
use std::ops::Range;

/// Runs of SACKed bytes kept. A peer that SACKs every other byte would make us keep an entry for each; a receiver like ours
/// keeps 64.
pub(crate) const RANGE_LIMIT: usize = 256;

/// DupThresh: duplicate ACKs, or runs SACKed above, that count as a loss (RFC 6675 2).
pub(crate) const DUP_THRESH: u32 = 3;

/// SACKed runs of bytes, in order, none adjoining another. All of them lie between SND.UNA and SND.MAX.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scoreboard {
    ranges: Vec<Range<SeqNum>>,
    bytes: u32,
}

impl Scoreboard {
    /// Bytes SACKed.
    pub(crate) fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Whether nothing is SACKed.
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The end of what is SACKed.
    pub(crate) fn highest(&self) -> Option<SeqNum> {
        self.ranges.last().map(|range| range.end)
    }

    /// `[start, end)` is SACKed. Returns how many bytes of it were not before, or `None` if it found no room.
    pub(crate) fn add(&mut self, start: SeqNum, end: SeqNum) -> Option<u32> {
        // those that overlap or adjoin it
        let from = self.ranges.partition_point(|range| range.end.before(start));
        let to = self
            .ranges
            .partition_point(|range| range.start.at_or_before(end));
        if from == to {
            if self.ranges.len() >= RANGE_LIMIT {
                return None;
            }
            self.ranges.insert(from, start..end);
            self.bytes += end - start;
            return Some(end - start);
        }
        let whole = self.ranges[from].start.min(start)..self.ranges[to - 1].end.max(end);
        let before: u32 = self.ranges[from..to].iter().map(length).sum();
        let new = length(&whole) - before;
        self.ranges[from] = whole;
        self.ranges.drain(from + 1..to);
        self.bytes += new;
        Some(new)
    }

    /// Everything before `una` is acknowledged. Returns how many bytes of it were SACKed.
    pub(crate) fn acknowledged(&mut self, una: SeqNum) -> u32 {
        let gone = self
            .ranges
            .partition_point(|range| range.end.at_or_before(una));
        let mut bytes: u32 = self.ranges.drain(..gone).map(|range| length(&range)).sum();
        if let Some(first) = self.ranges.first_mut()
            && first.start.before(una)
        {
            bytes += una - first.start;
            first.start = una;
        }
        self.bytes -= bytes;
        bytes
    }

    /// Where the run of SACKed bytes ends in which `seq` lies.
    pub(crate) fn sacked_until(&self, seq: SeqNum) -> Option<SeqNum> {
        let next = self.next_range(seq)?;
        next.start.at_or_before(seq).then_some(next.end)
    }

    /// The first SACKed byte at `seq` or after it.
    pub(crate) fn next_sacked(&self, seq: SeqNum) -> Option<SeqNum> {
        self.next_range(seq).map(|range| range.start.max(seq))
    }

    fn next_range(&self, seq: SeqNum) -> Option<&Range<SeqNum>> {
        let at = self
            .ranges
            .partition_point(|range| range.end.at_or_before(seq));
        self.ranges.get(at)
    }

    /// IsLost (RFC 6675 4): every byte before this that is not SACKed counts as lost, because [`DUP_THRESH`] runs above it are
    /// SACKed, or more than DupThresh - 1 segments of `smss`.
    pub(crate) fn lost_before(&self, smss: u32) -> Option<SeqNum> {
        let (mut runs, mut bytes) = (0, 0);
        for range in self.ranges.iter().rev() {
            runs += 1;
            bytes += length(range);
            if runs >= DUP_THRESH || bytes > (DUP_THRESH - 1) * smss {
                return Some(range.start);
            }
        }
        None
    }

    /// Bytes of `[start, end)` that are not SACKed.
    pub(crate) fn not_sacked(&self, start: SeqNum, end: SeqNum) -> u32 {
        if !start.before(end) {
            return 0;
        }
        let sacked: u32 = self
            .ranges
            .iter()
            .map(|range| range.start.max(start)..range.end.min(end))
            .filter(|range| range.start.before(range.end))
            .map(|range| length(&range))
            .sum();
        end - start - sacked
    }

    /// The first hole at `seq` or after it that ends before something SACKed.
    pub(crate) fn next_hole(&self, seq: SeqNum) -> Option<Range<SeqNum>> {
        let start = self.sacked_until(seq).unwrap_or(seq);
        self.next_sacked(start).map(|end| start..end)
    }

    /// The last hole between `una` and `max`.
    pub(crate) fn last_hole(&self, una: SeqNum, max: SeqNum) -> Range<SeqNum> {
        let Some(last) = self.ranges.last() else {
            return una..max;
        };
        if last.end.before(max) {
            return last.end..max;
        }
        let before = self.ranges.len().checked_sub(2);
        let start = before.map_or(una, |before| self.ranges[before].end);
        start..last.start
    }
}

fn length(range: &Range<SeqNum>) -> u32 {
    range.end - range.start
}

#[cfg(test)]
mod tests;
