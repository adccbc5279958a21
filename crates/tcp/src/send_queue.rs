//! The send queue: bytes the backend wrote, kept until they are acknowledged.

use crate::SpareBuffers;
use bytes::Bytes;
use std::collections::VecDeque;

/// Blocks below this size are gathered as well: the queue is bounded in bytes, not in blocks.
const WORTH_SHARING: usize = 512;
/// A block for small writes has room for this part of what is queued already, so that a byte at a time does not cost an
/// allocation each, a deep queue is not one of many blocks, and a short one takes little memory.
const PART: usize = 4;
/// Blocks that a queue, once emptied, keeps places for.
const PLACES: usize = 64;

#[derive(Debug)]
enum Block {
    /// The backend's own, shared and not copied.
    Shared(Bytes),
    /// Copied from small writes; the last such block still grows.
    Gathered(Vec<u8>),
}

impl Block {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Block::Shared(bytes) => bytes,
            Block::Gathered(bytes) => bytes,
        }
    }
}

/// A block and where in the queue's own count it ends, so that any byte's block is found by halving.
#[derive(Debug)]
struct Queued {
    end: u64,
    block: Block,
}

/// Bytes from SND.UNA on, in order, each block as it was written.
#[derive(Debug, Default)]
pub struct SendQueue {
    /// None while there are no bytes: an idle connection is small.
    contents: Option<Box<Contents>>,
}

#[derive(Debug, Default)]
pub(crate) struct Contents {
    blocks: VecDeque<Queued>,
    /// Bytes acknowledged since the queue was last empty.
    acknowledged: u64,
    length: usize,
}

impl SendQueue {
    /// Bytes held.
    #[inline]
    pub fn len(&self) -> usize {
        self.contents.as_ref().map_or(0, |contents| contents.length)
    }

    /// Whether nothing is held.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.contents.is_none()
    }

    /// Appends a block without copying it, unless it is so small that keeping it apart costs more than the copy.
    pub fn push_bytes(&mut self, bytes: Bytes, spare: &mut SpareBuffers) {
        if bytes.len() < WORTH_SHARING {
            self.push_copy(&bytes, spare);
        } else {
            let contents = self.contents.get_or_insert_with(|| spare.send_queue());
            contents.length += bytes.len();
            spare.count_shared(bytes.len());
            contents.append(Block::Shared(bytes));
        }
    }

    /// Appends a copy.
    #[inline]
    pub fn push_copy(&mut self, data: &[u8], spare: &mut SpareBuffers) {
        if !data.is_empty() {
            let contents = self.contents.get_or_insert_with(|| spare.send_queue());
            contents.push_copy(data, spare);
        }
    }

    /// The `length` bytes that begin `offset` bytes after SND.UNA, if they lie in one piece at the front: what is sent next
    /// mostly does.
    #[inline]
    pub fn piece(&self, offset: usize, length: usize) -> Option<&[u8]> {
        let contents = self.contents.as_ref()?;
        let Queued { end, block } = contents.blocks.front()?;
        let bytes = block.bytes();
        let left = (end - contents.acknowledged) as usize; // of the block, not acknowledged
        let start = bytes.len() - left + offset;
        bytes.get(start..start + length)
    }

    /// Calls `each` with the pieces of `length` bytes that begin `offset` bytes after SND.UNA.
    #[inline]
    pub fn pieces<'a>(&'a self, offset: usize, length: usize, mut each: impl FnMut(&'a [u8])) {
        if length == 0 {
            return;
        }
        if let Some(piece) = self.piece(offset, length) {
            each(piece);
        } else if let Some(contents) = &self.contents {
            contents.pieces(offset, length, &mut each);
        }
    }

    /// Whether it is held in no more than `count` blocks.
    #[inline]
    pub(crate) fn is_in_few_pieces(&self, count: usize) -> bool {
        let contents = self.contents.as_ref();
        contents.is_none_or(|contents| contents.blocks.len() <= count)
    }

    /// Lets go of the first `count` bytes: they are acknowledged.
    #[inline]
    pub fn acknowledge(&mut self, count: usize, spare: &mut SpareBuffers) {
        let Some(contents) = &mut self.contents else {
            return;
        };
        if count < contents.length {
            contents.acknowledge(count, spare);
        } else if let Some(contents) = self.contents.take() {
            contents.rest(spare);
        }
    }

    /// Forgets everything: the connection was reset.
    pub fn clear(&mut self) {
        self.contents = None;
    }
}

impl Contents {
    /// The last block, its bytes already counted.
    #[inline]
    fn append(&mut self, block: Block) {
        let end = self.end();
        self.blocks.push_back(Queued { end, block });
    }

    #[inline]
    fn end(&self) -> u64 {
        self.acknowledged + self.length as u64
    }

    /// Fills the last block, and begins others.
    fn push_copy(&mut self, mut data: &[u8], spare: &mut SpareBuffers) {
        spare.count_copied(data.len());
        if let Some(Queued {
            block: Block::Gathered(block),
            end: last,
        }) = self.blocks.back_mut()
        {
            let room = block.capacity() - block.len();
            let (fitting, rest) = data.split_at(room.min(data.len()));
            block.extend_from_slice(fitting);
            self.length += fitting.len();
            *last += fitting.len() as u64;
            data = rest;
        }
        while !data.is_empty() {
            let mut block = spare.block_for(data.len().max(self.length / PART));
            let (fitting, rest) = data.split_at(block.capacity().min(data.len()));
            block.extend_from_slice(fitting);
            self.length += fitting.len();
            self.append(Block::Gathered(block));
            data = rest;
        }
    }

    fn pieces<'a>(&'a self, offset: usize, length: usize, each: &mut dyn FnMut(&'a [u8])) {
        let mut at = self.acknowledged + offset as u64;
        let mut left = length;
        // what is next is mostly near an end, and a queue is mostly short: one look before halving
        let first = match self.blocks.front() {
            Some(front) if at < front.end => 0,
            _ => self.blocks.partition_point(|queued| queued.end <= at),
        };
        for Queued { end, block } in self.blocks.range(first..) {
            if left == 0 {
                return;
            }
            let bytes = block.bytes();
            let rest = &bytes[bytes.len() - (end - at) as usize..];
            let piece = &rest[..rest.len().min(left)];
            left -= piece.len();
            at = *end;
            each(piece);
        }
    }

    /// Fewer than all.
    fn acknowledge(&mut self, count: usize, spare: &mut SpareBuffers) {
        self.length -= count;
        self.acknowledged += count as u64;
        let acknowledged = self.acknowledged;
        while self
            .blocks
            .front()
            .is_some_and(|first| first.end <= acknowledged)
        {
            self.let_go_of_first(spare);
        }
    }

    #[inline]
    fn let_go_of_first(&mut self, spare: &mut SpareBuffers) {
        if let Some(Queued {
            block: Block::Gathered(block),
            ..
        }) = self.blocks.pop_front()
        {
            spare.give_block(block);
        }
    }

    /// All is acknowledged: the queue goes back to where it came from.
    #[inline]
    fn rest(mut self: Box<Self>, spare: &mut SpareBuffers) {
        while !self.blocks.is_empty() {
            self.let_go_of_first(spare);
        }
        (self.acknowledged, self.length) = (0, 0);
        if self.blocks.capacity() <= PLACES {
            spare.give_send_queue(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(queue: &SendQueue, offset: usize, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        queue.pieces(offset, length, |piece| out.extend_from_slice(piece));
        out
    }

    #[test]
    fn answers_that_are_written_and_acknowledged_allocate_nothing_after_the_first() {
        let (mut queue, spare) = (SendQueue::default(), &mut SpareBuffers::default());
        let mut answer = || {
            for _ in 0..3 {
                queue.push_copy(&[7; 5000], spare);
            }
            assert_eq!(read(&queue, 4000, 8000), [7; 8000]);
            queue.acknowledge(6000, spare);
            queue.acknowledge(9000, spare);
            assert!(queue.is_empty());
            spare.allocated()
        };
        let first = answer();
        assert_eq!((0..10).map(|_| answer()).max(), Some(first));
    }

    /// The memory budget counts bytes.
    #[test]
    fn bytes_one_by_one_take_no_more_blocks_than_a_deep_queue_needs() {
        let (mut queue, spare) = (SendQueue::default(), &mut SpareBuffers::default());
        for written in 1..200_000_usize {
            queue.push_copy(&[1], spare);
            let blocks = &queue.contents.as_ref().unwrap().blocks;
            let held: usize = blocks
                .iter()
                .map(|queued| match &queued.block {
                    Block::Gathered(block) => block.capacity(),
                    Block::Shared(bytes) => bytes.len(),
                })
                .sum();
            assert!(
                held <= written + (written / 2).max(1024),
                "{held} of {written}"
            );
            assert!(blocks.len() <= 20);
        }
    }

    proptest! {
        #[test]
        fn any_range_reads_what_was_written(steps in proptest::collection::vec((any::<bool>(), 0usize..6000, 0usize..6000), 0..40),
                                            offset in 0usize..90_000, length in 0usize..20_000) {
            let (mut queue, spare) = (SendQueue::default(), &mut SpareBuffers::default());
            let mut model = Vec::new();
            for (number, (shared, size, acknowledged)) in steps.into_iter().enumerate() {
                let data: Vec<u8> = (0..size).map(|i| (i * 31 + number) as u8).collect();
                if shared { queue.push_bytes(data.clone().into(), spare) } else { queue.push_copy(&data, spare) }
                model.extend(data);
                // about half stays, so that queues grow deep
                let acknowledged = (acknowledged / 2).min(model.len());
                queue.acknowledge(acknowledged, spare);
                model.drain(..acknowledged);
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.is_empty(), model.is_empty());
                let offset = offset.min(model.len());
                let length = length.min(model.len() - offset);
                prop_assert_eq!(read(&queue, offset, length), &model[offset..offset + length]);
            }
        }
    }
}
