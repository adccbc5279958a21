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

/// Emptied queues and blocks of a shard, in bounded number. The one given back last is taken first.
#[derive(Debug, Default)]
pub struct SpareBuffers {
    #[expect(clippy::vec_box, reason = "a queue takes and gives back a box")]
    received: Vec<Box<receive_queue::Contents>>,
    #[expect(clippy::vec_box, reason = "a queue takes and gives back a box")]
    sent: Vec<Box<send_queue::Contents>>,
    blocks: [Vec<Vec<u8>>; BLOCKS.len()],
    allocated: u64,
    copied: u64,
    shared: u64,
}

impl SpareBuffers {
    /// How often there was nothing to take, and memory was asked for.
    pub fn allocated(&self) -> u64 {
        self.allocated
    }

    /// Bytes written so far that were copied into send queues, and those that were queued where they lay.
    pub fn copied_and_shared(&self) -> (u64, u64) {
        (self.copied, self.shared)
    }

    #[inline]
    pub(crate) fn count_copied(&mut self, bytes: usize) {
        self.copied += bytes as u64;
    }

    #[inline]
    pub(crate) fn count_shared(&mut self, bytes: usize) {
        self.shared += bytes as u64;
    }

    /// Bytes of the blocks that lie here.
    pub fn held(&self) -> usize {
        self.blocks.iter().flatten().map(Vec::capacity).sum()
    }

    /// An empty block of the smallest class that has room for `length` bytes, or of the largest.
    #[inline]
    pub(crate) fn block_for(&mut self, length: usize) -> Vec<u8> {
        let class = class_for(length);
        self.of_class(class)
    }

    /// An empty block with room for exactly `size` bytes.
    #[inline]
    pub(crate) fn block(&mut self, size: usize) -> Vec<u8> {
        if let Some(class) = class_of(size) {
            return self.of_class(class);
        }
        self.allocated += 1;
        Vec::with_capacity(size)
    }

    #[inline]
    fn of_class(&mut self, class: usize) -> Vec<u8> {
        self.blocks[class].pop().unwrap_or_else(|| {
            self.allocated += 1;
            Vec::with_capacity(SMALLEST << class)
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

/// The first of [`BLOCKS`] that has room for `length` bytes, or the last.
#[inline]
fn class_for(length: usize) -> usize {
    if length <= SMALLEST {
        return 0;
    }
    let class = ((length - 1) / SMALLEST).ilog2() as usize + 1;
    class.min(BLOCKS.len() - 1)
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
            assert_eq!(class_for(size), class);
            assert_eq!(class_for(size + 1), (class + 1).min(BLOCKS.len() - 1));
        }
        assert_eq!(class_for(0), 0);
        for size in [0, 1, 1023, 1025, SMALLEST << BLOCKS.len()] {
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
