//! What a peer has received.

use super::ring::Text;
use periplus_wire::SeqNum;
use periplus_wire::tcp::SackBlocks;
use std::collections::BTreeMap;

/// The receiver.
#[derive(Default)]
pub(super) struct Peer {
    pub(super) nxt: u64,
    /// What came out of order, by its start.
    pub(super) ranges: BTreeMap<u64, u64>,
    pub(super) recent: Vec<u64>,
    pub(super) fin: Option<u64>,
    pub(super) has_fin: bool,
    pub(super) twice: Option<(u64, u64)>,
    pub(super) value: u32,
    pub(super) window: u32,
    pub(super) unacknowledged: u32,
}

impl Peer {
    pub(super) fn take(&mut self, text: Text) {
        let end = text.end + u64::from(text.fin);
        if text.fin {
            self.fin = Some(text.end);
        }
        if text.start <= self.nxt {
            self.value = text.value.unwrap_or(self.value);
        }
        if end <= self.nxt {
            self.twice = Some((text.start, end));
            return;
        }
        let (mut start, mut end) = (text.start.max(self.nxt), end);
        let covered = self.ranges.range(..=start).next_back();
        if covered.is_some_and(|(_, &before)| before >= end) {
            self.twice = Some((start, end));
        }
        let touched: Vec<(u64, u64)> = self
            .ranges
            .iter()
            .map(|(&left, &right)| (left, right))
            .filter(|&(left, right)| left <= end && right >= start)
            .collect();
        for (left, right) in touched {
            self.ranges.remove(&left);
            self.recent.retain(|&recent| recent != left);
            (start, end) = (start.min(left), end.max(right));
        }
        if start <= self.nxt {
            self.nxt = end;
            self.has_fin = self.fin.is_some_and(|fin| end > fin);
        } else {
            self.ranges.insert(start, end);
            self.recent.insert(0, start);
        }
    }

    pub(super) fn blocks(&mut self, iss: SeqNum) -> SackBlocks {
        let mut blocks = SackBlocks::new();
        let seq = |at: u64| iss + 1 + at as u32;
        if let Some((start, end)) = self.twice.take() {
            blocks.push(seq(start), seq(end));
        }
        for start in &self.recent {
            blocks.push(seq(*start), seq(self.ranges[start]));
        }
        blocks
    }
}
