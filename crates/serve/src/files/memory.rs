//! The memory in which chunks of files lie, from the disk to the last acknowledgement.

use bytes::Bytes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The most that is read at once.
const LARGEST: usize = 256 * 1024;
/// What is read at once however little is free, lest an answer stand still.
const SMALLEST: usize = 16 * 1024;
/// The part of what is free that one chunk may have. A client that asks for a large file and does not read makes us keep some
/// chunks; as those who do so grow many, chunks grow small, and who comes last still finds something free.
const SHARE: usize = 64;
/// The part of what is free that the chunks of one answer may have together, from the disk to the last acknowledgement; ...
const ANSWER_SHARE: usize = 16;
/// ... at most this, which is what a fast connection has on its way, ...
const MOST: usize = 8 * LARGEST;
/// ... and this in any case.
const LEAST: usize = 3 * SMALLEST;

/// What the chunks of all files hold together.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    held: Arc<AtomicUsize>,
    limit: usize,
}

/// A chunk, which is counted as long as any part of it is needed.
struct Chunk {
    bytes: Vec<u8>,
    counted: usize,
    held: Arc<AtomicUsize>,
    answer: Option<Held>,
}

/// Room for a chunk that is being read.
pub(super) struct Room(Chunk);

impl Room {
    /// The chunk.
    pub(super) fn fill(mut self, bytes: Vec<u8>) -> Bytes {
        self.0.bytes = bytes;
        Bytes::from_owner(self.0)
    }
}

/// What the chunks of one answer hold, and who waits until it is less.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<Answer>);

#[derive(Debug, Default)]
struct Answer {
    bytes: AtomicUsize,
    waiting: Mutex<Option<Waker>>,
}

impl Held {
    fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Acquire)
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, bytes: usize) {
        self.0.bytes.fetch_sub(bytes, Ordering::AcqRel);
        // Taken first: who is woken may be here at once.
        let waiting = self.waiting().take();
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
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

    /// Whether a chunk may be read for an answer before it is asked for.
    pub(super) fn is_ample(&self, answer: &Held) -> bool {
        self.held() <= self.limit / 2 && answer.bytes() + self.chunk() <= self.most()
    }

    /// Ready when an answer may have one chunk more: at once if it has few, or when the peer has acknowledged one. What waits
    /// for a slow peer is waited for here, and stays on the disk until then.
    pub(super) fn poll_share(&self, answer: &Held, context: &mut Context<'_>) -> Poll<()> {
        let may = || answer.bytes() == 0 || answer.bytes() + self.chunk() <= self.most();
        if may() {
            return Poll::Ready(());
        }
        *answer.waiting() = Some(context.waker().clone());
        // One may have been given back before anybody was there to be told.
        if may() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// What one answer may hold now.
    fn most(&self) -> usize {
        let free = self.limit.saturating_sub(self.held());
        (free / ANSWER_SHARE).clamp(LEAST, MOST)
    }

    /// A chunk of an answer.
    pub(super) fn keep_for(&self, answer: &Held, bytes: Vec<u8>) -> Bytes {
        self.room_for(answer, bytes.len()).fill(bytes)
    }

    /// Room for a chunk of an answer, which is counted from now on.
    pub(super) fn room_for(&self, answer: &Held, length: usize) -> Room {
        answer.0.bytes.fetch_add(length, Ordering::AcqRel);
        self.count(length, Some(answer.clone()))
    }

    /// `bytes`, counted until the last of them is let go of.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> Bytes {
        self.count(bytes.len(), None).fill(bytes)
    }

    fn count(&self, length: usize, answer: Option<Held>) -> Room {
        self.held.fetch_add(length, Ordering::Relaxed);
        Room(Chunk {
            bytes: Vec::new(),
            counted: length,
            held: Arc::clone(&self.held),
            answer,
        })
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
        self.held.fetch_sub(self.counted, Ordering::Relaxed);
        if let Some(answer) = &self.answer {
            answer.give_back(self.counted);
        }
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
        assert_eq!((memory.held(), memory.chunk()), (0, LARGEST));
    }

    /// Answers to peers that take nothing: each is given chunks until it has to wait.
    #[test]
    fn however_many_answers_wait_they_hold_what_they_may_and_three_small_chunks_each() {
        const LIMIT: usize = 32 << 20;
        const ANSWERS: usize = 1000;
        let memory = Memory::new(LIMIT);
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Vec::new();
        for _ in 0..ANSWERS {
            let answer = Held::default();
            let mut chunks = Vec::new();
            while memory.poll_share(&answer, &mut context).is_ready() {
                chunks.push(memory.keep_for(&answer, vec![0; memory.chunk()]));
            }
            assert!(!chunks.is_empty());
            waiting.push((answer, chunks));
        }
        let held = memory.held();
        assert!(held <= LIMIT + ANSWERS * LEAST, "{held}");
        // Where a peer takes a chunk after all, its answer goes on.
        for (answer, chunks) in &mut waiting {
            chunks.clear();
            assert!(memory.poll_share(answer, &mut context).is_ready());
        }
        assert_eq!(memory.held(), 0);
    }
}
