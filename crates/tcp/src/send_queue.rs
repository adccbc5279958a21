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

/// Bytes from SND.UNA on, in order, each block as it was written. Allocates at the first write, gives back when empty.
#[derive(Debug, Default)]
pub struct SendQueue {
    blocks: VecDeque<Block>,
    /// Bytes of the first block that are acknowledged already.
    acknowledged_of_first: usize,
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
            self.blocks.push_back(Block::Shared(bytes));
        }
    }

    /// Appends a copy.
    pub fn push_copy(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        self.length += data.len();
        match self.blocks.back_mut() {
            Some(Block::Gathered(block)) if block.len() + data.len() <= block.capacity() => {
                block.extend_from_slice(data)
            }
            _ => {
                let least = if self.blocks.is_empty() {
                    GATHER_FIRST
                } else {
                    GATHER
                };
                let mut block = Vec::with_capacity(data.len().max(least));
                block.extend_from_slice(data);
                self.blocks.push_back(Block::Gathered(block));
            }
        }
    }

    /// Calls `each` with the pieces of `length` bytes that begin `offset` bytes after SND.UNA.
    pub fn pieces<'a>(&'a self, offset: usize, length: usize, mut each: impl FnMut(&'a [u8])) {
        let mut skip = offset + self.acknowledged_of_first;
        let mut left = length;
        for block in &self.blocks {
            if left == 0 {
                return;
            }
            let bytes = block.bytes();
            if skip >= bytes.len() {
                skip -= bytes.len();
                continue;
            }
            let piece = &bytes[skip..bytes.len().min(skip + left)];
            skip = 0;
            left -= piece.len();
            each(piece);
        }
    }

    /// Lets go of the first `count` bytes: they are acknowledged.
    pub fn acknowledge(&mut self, count: usize) {
        let count = count.min(self.length);
        self.length -= count;
        self.acknowledged_of_first += count;
        while let Some(first) = self.blocks.front() {
            if self.acknowledged_of_first < first.bytes().len() {
                break;
            }
            self.acknowledged_of_first -= first.bytes().len();
            self.blocks.pop_front();
        }
        if self.is_empty() {
            *self = Self::default();
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
        fn any_range_reads_what_was_written(writes in proptest::collection::vec((any::<bool>(), 0usize..6000), 0..20),
                                            acknowledged in 0usize..20_000, offset in 0usize..20_000, length in 0usize..20_000) {
            let mut queue = SendQueue::default();
            let mut model = Vec::new();
            for (shared, size) in writes {
                let data: Vec<u8> = (0..size).map(|i| (model.len() + i) as u8).collect();
                if shared { queue.push_bytes(data.clone().into()) } else { queue.push_copy(&data) }
                model.extend(data);
            }
            let acknowledged = acknowledged.min(model.len());
            queue.acknowledge(acknowledged);
            model.drain(..acknowledged);
            let offset = offset.min(model.len());
            let length = length.min(model.len() - offset);
            prop_assert_eq!(queue.len(), model.len());
            prop_assert_eq!(read(&queue, offset, length), &model[offset..offset + length]);
        }
    }
}
