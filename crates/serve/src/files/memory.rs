//! The memory in which chunks of files lie, from the disk to the last acknowledgement.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most that is read at once.
const LARGEST: usize = 256 * 1024;
/// What is read at once however little is free, lest an answer stand still.
const SMALLEST: usize = 16 * 1024;
/// The part of what is free that one chunk may have. A client that asks for a large file and does not read makes us keep a
/// chunk or two; as those who do so grow many, chunks grow small, and who comes last still finds something free.
const SHARE: usize = 512;

/// What the chunks of all files hold together.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    held: Arc<AtomicUsize>,
    limit: usize,
}

/// A chunk, which is counted as long as any part of it is needed.
struct Chunk {
    bytes: Vec<u8>,
    held: Arc<AtomicUsize>,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            held: Arc::default(),
            limit,
        }
    }

    /// The most that may be held.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// How much may be read at once now.
    pub(super) fn chunk(&self) -> usize {
        let free = self.limit.saturating_sub(self.held());
        (free / SHARE).clamp(SMALLEST, LARGEST)
    }

    /// How much of the `left` bytes may be read at once now.
    pub(super) fn chunk_of(&self, left: u64) -> usize {
        usize::try_from(left).map_or(self.chunk(), |left| left.min(self.chunk()))
    }

    /// Whether there is room for `length` bytes more.
    pub(super) fn has_room_for(&self, length: usize) -> bool {
        self.limit.saturating_sub(self.held()) >= length
    }

    /// Whether a chunk may be read that nobody asks for yet.
    pub(super) fn is_ample(&self) -> bool {
        self.chunk() == LARGEST
    }

    /// `bytes`, counted until the last of them is let go of.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> Bytes {
        self.held.fetch_add(bytes.len(), Ordering::Relaxed);
        let held = Arc::clone(&self.held);
        Bytes::from_owner(Chunk { bytes, held })
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_are_kept_make_the_next_smaller_and_never_nothing() {
        const LIMIT: usize = 64 << 20;
        const KEPT: usize = 10_000;
        let memory = Memory::new(LIMIT);
        let (mut kept, mut last) = (Vec::new(), LARGEST);
        for _ in 0..KEPT {
            let size = memory.chunk();
            assert!((SMALLEST..=last).contains(&size));
            last = size;
            kept.push(memory.keep(vec![0; size]).slice(0..1));
        }
        assert_eq!(last, SMALLEST);
        assert!(memory.held() <= LIMIT + KEPT * SMALLEST);
        drop(kept);
        assert_eq!((memory.held(), memory.chunk()), (0, LIMIT / SHARE));
    }
}
