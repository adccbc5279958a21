//! The blocks of our SACK options: what came, beyond the acknowledgment or twice.

use periplus_wire::SeqNum;
use periplus_wire::tcp::SackBlocks;

/// The runs of bytes out of order that changed last, newest first, and a run that came twice. A connection has one while there
/// is something to tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReceivedBlocks {
    recent: SackBlocks,
    /// Of the newest segment, what was here before: told once (RFC 2883 4).
    duplicate: Option<(SeqNum, SeqNum)>,
}

impl ReceivedBlocks {
    /// Bytes `[start, end)` came out of order. Their whole run stands first in the next option, runs reported before follow
    /// it (RFC 2018 4). `run` widens bytes that are here to all that are here around them: older runs may have been forgotten.
    pub(crate) fn arrived(
        &mut self,
        start: SeqNum,
        end: SeqNum,
        run: impl FnOnce(SeqNum, SeqNum) -> (SeqNum, SeqNum),
    ) {
        let (mut start, mut end) = (start, end);
        for (left, right) in self.recent.iter() {
            if left.at_or_before(end) && right.at_or_after(start) {
                start = start.min(left);
                end = end.max(right);
            }
        }
        let (start, end) = run(start, end);
        let mut recent = SackBlocks::new();
        recent.push(start, end);
        for (left, right) in self.recent.iter() {
            if right.before(start) || left.after(end) {
                recent.push(left, right); // the one that changed longest ago finds no room
            }
        }
        self.recent = recent;
    }

    /// Everything before `nxt` came in order.
    pub(crate) fn acknowledged(&mut self, nxt: SeqNum) {
        let mut recent = SackBlocks::new();
        for (left, right) in self.recent.iter().filter(|&(_, right)| right.after(nxt)) {
            recent.push(left, right);
        }
        self.recent = recent;
    }

    /// Bytes `[start, end)` came twice.
    pub(crate) fn came_twice(&mut self, start: SeqNum, end: SeqNum) {
        self.duplicate = Some((start, end));
    }

    /// An option went out: what came twice has been told.
    pub(crate) fn told(&mut self) {
        self.duplicate = None;
    }

    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.recent.is_empty() && self.duplicate.is_none()
    }

    /// The blocks of the next option; the last may find no room in it.
    pub(crate) fn blocks(&self) -> SackBlocks {
        let mut blocks = SackBlocks::new();
        for (left, right) in self.duplicate.into_iter().chain(self.recent.iter()) {
            blocks.push(left, right);
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(blocks: &mut ReceivedBlocks, start: u32, end: u32) {
        blocks.arrived(SeqNum(start), SeqNum(end), |start, end| (start, end));
    }

    fn told(blocks: &ReceivedBlocks) -> Vec<(u32, u32)> {
        let blocks = blocks.blocks();
        blocks
            .iter()
            .map(|(left, right)| (left.0, right.0))
            .collect()
    }

    #[test]
    fn the_run_that_changed_last_stands_first() {
        let mut blocks = ReceivedBlocks::default();
        arrived(&mut blocks, 100, 200);
        arrived(&mut blocks, 300, 400);
        assert_eq!(told(&blocks), [(300, 400), (100, 200)]);
        arrived(&mut blocks, 200, 250);
        assert_eq!(told(&blocks), [(100, 250), (300, 400)]);
        arrived(&mut blocks, 250, 300);
        assert_eq!(told(&blocks), [(100, 400)]);
    }

    #[test]
    fn the_fifth_run_pushes_the_oldest_out_and_acknowledged_ones_go() {
        let mut blocks = ReceivedBlocks::default();
        for n in 0..5 {
            arrived(&mut blocks, n * 100, n * 100 + 50);
        }
        assert_eq!(
            told(&blocks),
            [(400, 450), (300, 350), (200, 250), (100, 150)]
        );
        blocks.acknowledged(SeqNum(350));
        assert_eq!(told(&blocks), [(400, 450)]);
        blocks.acknowledged(SeqNum(450));
        assert!(blocks.is_empty());
    }

    #[test]
    fn a_run_that_was_forgotten_is_told_whole() {
        let mut blocks = ReceivedBlocks::default();
        arrived(&mut blocks, 300, 400);
        // [200, 300) is here as well, though no longer remembered
        blocks.arrived(SeqNum(100), SeqNum(200), |start, _| (start, SeqNum(400)));
        assert_eq!(told(&blocks), [(100, 400)]);
    }

    #[test]
    fn what_came_twice_stands_before_all_and_is_told_once() {
        let mut blocks = ReceivedBlocks::default();
        arrived(&mut blocks, 300, 400);
        blocks.came_twice(SeqNum(310), SeqNum(320));
        assert_eq!(told(&blocks), [(310, 320), (300, 400)]);
        blocks.told();
        assert_eq!(told(&blocks), [(300, 400)]);
    }
}
