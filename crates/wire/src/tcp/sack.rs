//! The blocks of a SACK option.

use crate::SeqNum;
use std::fmt;

/// Up to four blocks of a SACK option (RFC 2018 3), each the first sequence number of a run of received
/// bytes and the first after it.
#[derive(Clone, Copy, Default)]
pub struct SackBlocks {
    blocks: [(SeqNum, SeqNum); Self::MAX],
    length: u8,
}

impl SackBlocks {
    /// As many blocks as forty bytes of options have room for.
    pub const MAX: usize = 4;

    /// No block.
    #[inline]
    pub const fn new() -> Self {
        Self {
            blocks: [(SeqNum(0), SeqNum(0)); Self::MAX],
            length: 0,
        }
    }

    /// Adds the block `[left, right)`. False, and nothing is added, when there are already four.
    #[inline]
    pub fn push(&mut self, left: SeqNum, right: SeqNum) -> bool {
        let Some(free) = self.blocks.get_mut(usize::from(self.length)) else {
            return false;
        };
        *free = (left, right);
        self.length += 1;
        true
    }

    /// The blocks, in the order they were added.
    #[inline]
    pub fn as_slice(&self) -> &[(SeqNum, SeqNum)] {
        &self.blocks[..self.length.into()]
    }

    /// Each block's left and right edge.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SeqNum, SeqNum)> + '_ {
        self.as_slice().iter().copied()
    }

    /// How many blocks there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.length.into()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl PartialEq for SackBlocks {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for SackBlocks {}

impl fmt::Debug for SackBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(left, right)| left.0..right.0))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_block_finds_no_room() {
        let mut blocks = SackBlocks::new();
        for n in 0..4 {
            assert!(blocks.push(SeqNum(n * 10), SeqNum(n * 10 + 5)));
        }
        assert!(!blocks.push(SeqNum(40), SeqNum(45)));
        assert_eq!(blocks.len(), 4);
        assert_eq!(format!("{blocks:?}"), "[0..5, 10..15, 20..25, 30..35]");
    }

    #[test]
    fn only_the_blocks_that_are_there_are_compared() {
        let mut one = SackBlocks::new();
        assert!(one.is_empty() && one == SackBlocks::default());
        one.push(SeqNum(1), SeqNum(2));
        assert_ne!(one, SackBlocks::new());
    }
}
