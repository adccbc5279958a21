//! What queues leave behind when they are empty, for the next ones that fill.
//!
//! An idle connection holds no queue, and so a request and its answer would cost an allocation and a release of each of what
//! they pass through. Connections are idle in turn: a few of each, kept for the whole shard, serve all of them, and those that
//! were used last are still in the cache.

use crate::{receive_queue, send_queue};

/// Queues kept of each kind: as many connections as have a request in one burst.
const QUEUES: usize = 64;
/// The smallest block that is kept; each class has blocks of twice the size of those before it.
const SMALLEST: usize = 1024;
/// How many of each class are kept: 1.2 MiB in all.
const BLOCKS: [usize; 7] = [64, 32, 16, 16, 8, 8, 8];
/// The largest block that is kept.
const LARGEST: usize = SMALLEST << (BLOCKS.len() - 1);

/// Emptied queues and blocks of a shard, in bounded number. The one given back last is taken first.
#[derive(Debug, Default)]
pub struct SpareBuffers {
    #[expect(clippy::vec_box, reason = "a queue takes and gives back a box")]
    received: Vec<Box<receive_queue::Contents>>,
    #[expect(clippy::vec_box, reason = "a queue takes and gives back a box")]
    sent: Vec<Box<send_queue::Contents>>,
    blocks: [Vec<Vec<u8>>; BLOCKS.len()],
    allocated: u64,
}

impl SpareBuffers {
    /// How often there was nothing to take, and memory was asked for.
    pub fn allocated(&self) -> u64 {
        self.allocated
    }

    /// Bytes of the blocks that lie here.
    pub fn held(&self) -> usize {
        self.blocks.iter().flatten().map(Vec::capacity).sum()
    }

    /// The size of the smallest block with room for `length` bytes; of the largest, if none has.
    #[inline]
    pub(crate) fn size_for(length: usize) -> usize {
        length.clamp(SMALLEST, LARGEST).next_power_of_two()
    }

    /// An empty block with room for exactly `size` bytes.
    #[inline]
    pub(crate) fn block(&mut self, size: usize) -> Vec<u8> {
        let kept = class_of(size).and_then(|class| self.blocks[class].pop());
        kept.unwrap_or_else(|| {
            self.allocated += 1;
            Vec::with_capacity(size)
        })
    }

    /// Takes a block back.
    #[inline]
    pub(crate) fn give_block(&mut self, mut block: Vec<u8>) {
        if let Some(class) = class_of(block.capacity())
            && self.blocks[class].len() < BLOCKS[class]
        {
            block.clear();
            self.blocks[class].push(block);
        }
    }

    #[inline]
    pub(crate) fn receive_queue(&mut self) -> Box<receive_queue::Contents> {
        self.received.pop().unwrap_or_else(|| {
            self.allocated += 1;
            Box::default()
        })
    }

    #[inline]
    pub(crate) fn give_receive_queue(&mut self, queue: Box<receive_queue::Contents>) {
        if self.received.len() < QUEUES {
            self.received.push(queue);
        }
    }

    #[inline]
    pub(crate) fn send_queue(&mut self) -> Box<send_queue::Contents> {
        self.sent.pop().unwrap_or_else(|| {
            self.allocated += 1;
            Box::default()
        })
    }

    #[inline]
    pub(crate) fn give_send_queue(&mut self, queue: Box<send_queue::Contents>) {
        if self.sent.len() < QUEUES {
            self.sent.push(queue);
        }
    }
}

/// Which of [`BLOCKS`] has this size.
#[inline]
fn class_of(size: usize) -> Option<usize> {
    let class = (size / SMALLEST).checked_ilog2()? as usize;
    (class < BLOCKS.len() && SMALLEST << class == size).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_its_class_and_the_least_that_fits_is_found() {
        for class in 0..BLOCKS.len() {
            let size = SMALLEST << class;
            assert_eq!(class_of(size), Some(class));
            assert_eq!(SpareBuffers::size_for(size), size);
            assert_eq!(SpareBuffers::size_for(size + 1), (2 * size).min(LARGEST));
        }
        assert_eq!(SpareBuffers::size_for(0), SMALLEST);
        for size in [0, 1, 1023, 1025, 2 * LARGEST] {
            assert_eq!(class_of(size), None, "{size}");
        }
    }

    #[test]
    fn what_is_given_back_is_taken_again_empty_and_no_more_is_kept_than_the_bound() {
        let mut spare = SpareBuffers::default();
        for (class, most) in BLOCKS.into_iter().enumerate() {
            let size = SMALLEST << class;
            let blocks: Vec<_> = (0..most + 3).map(|_| spare.block(size)).collect();
            let allocated = spare.allocated();
            for mut block in blocks {
                block.push(1);
                spare.give_block(block);
            }
            for _ in 0..most {
                let block = spare.block(size);
                assert!(block.is_empty() && block.capacity() == size);
            }
            assert_eq!(spare.allocated(), allocated);
            spare.block(size);
            assert_eq!(spare.allocated(), allocated + 1);
        }
        assert_eq!(spare.held(), 0);
    }
}
