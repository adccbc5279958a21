//! The send queue: bytes the backend wrote, kept until they are acknowledged.

use bytes::Bytes;
use std::collections::VecDeque;

/// Small writes are gathered in blocks of this size, so that a byte at a time does not cost an allocation each.
const GATHER: usize = 4096;
/// The first such block of a queue may be smaller: many an answer is no longer, and an allocator has small blocks at hand.
const GATHER_FIRST: usize = 1024;
/// Blocks below this size are gathered as well: the queue is bounded in bytes, not in blocks.
const WORTH_SHARING: usize = 512;

#[derive(Debug)]
enum Block {
    /// The backend's own, shared and not copied.
    Shared(Bytes),
    /// Copied from small writes; the last such block still grows.
    Gathered(Vec<u8>),
}

impl Block {
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

/// Bytes from SND.UNA on, in order, each block as it was written. Allocates at the first write, gives back when empty.
#[derive(Debug, Default)]
pub struct SendQueue {
    blocks: VecDeque<Queued>,
    /// Bytes acknowledged since the queue was last empty.
    acknowledged: u64,
    length: usize,
}

impl SendQueue {
    /// Bytes held.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends a block without copying it, unless it is so small that keeping it apart costs more than the copy.
    pub fn push_bytes(&mut self, bytes: Bytes) {
        if bytes.len() < WORTH_SHARING {
            self.push_copy(&bytes);
        } else {
            self.length += bytes.len();
            self.append(Block::Shared(bytes));
        }
    }

    /// Appends a copy.
    pub fn push_copy(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        self.length += data.len();
        let end = self.end();
        match self.blocks.back_mut() {
            Some(Queued {
                block: Block::Gathered(block),
                end: last,
            }) if block.len() + data.len() <= block.capacity() => {
                block.extend_from_slice(data);
                *last = end;
            }
            _ => {
                let least = if self.blocks.is_empty() {
                    GATHER_FIRST
                } else {
                    GATHER
                };
                let mut block = Vec::with_capacity(data.len().max(least));
                block.extend_from_slice(data);
                self.append(Block::Gathered(block));
            }
        }
    }

    /// The last block, its bytes already counted.
    fn append(&mut self, block: Block) {
        let end = self.end();
        self.blocks.push_back(Queued { end, block });
    }

    fn end(&self) -> u64 {
        self.acknowledged + self.length as u64
    }

    /// Calls `each` with the pieces of `length` bytes that begin `offset` bytes after SND.UNA.
    pub fn pieces<'a>(&'a self, offset: usize, length: usize, mut each: impl FnMut(&'a [u8])) {
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

    /// Lets go of the first `count` bytes: they are acknowledged.
    pub fn acknowledge(&mut self, count: usize) {
        let count = count.min(self.length);
        self.length -= count;
        self.acknowledged += count as u64;
        if self.is_empty() {
            *self = Self::default();
            return;
        }
        let acknowledged = self.acknowledged;
        while self
            .blocks
            .front()
            .is_some_and(|first| first.end <= acknowledged)
        {
            self.blocks.pop_front();
        }
    }

    /// Forgets everything: the connection was reset.
    pub fn clear(&mut self) {
        *self = Self::default();
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

    proptest! {
        #[test]
        fn any_range_reads_what_was_written(steps in proptest::collection::vec((any::<bool>(), 0usize..6000, 0usize..6000), 0..40),
                                            offset in 0usize..90_000, length in 0usize..20_000) {
            let mut queue = SendQueue::default();
            let mut model = Vec::new();
            for (number, (shared, size, acknowledged)) in steps.into_iter().enumerate() {
                let data: Vec<u8> = (0..size).map(|i| (i * 31 + number) as u8).collect();
                if shared { queue.push_bytes(data.clone().into()) } else { queue.push_copy(&data) }
                model.extend(data);
                // about half stays, so that queues grow deep
                let acknowledged = (acknowledged / 2).min(model.len());
                queue.acknowledge(acknowledged);
                model.drain(..acknowledged);
                prop_assert_eq!(queue.len(), model.len());
                let offset = offset.min(model.len());
                let length = length.min(model.len() - offset);
                prop_assert_eq!(read(&queue, offset, length), &model[offset..offset + length]);
            }
        }
    }
}
