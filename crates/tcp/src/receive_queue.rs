//! The receive queue: bytes in order, not yet read by the backend.

use periplus_ring::{PoolLevel, RxFrame};
use std::collections::VecDeque;

/// Payloads up to this size are copied at once: cheaper than keeping a whole frame from the ring for them (the idea of
/// drivers' `rx_copybreak`).
const COPY_BREAK: usize = 256;
/// Heap blocks are at least this large, so that small payloads share one.
const HEAP_BLOCK: usize = 4096;
/// The first may be smaller: most often it is read before another payload comes, and an allocator has small blocks at
/// hand.
const FIRST_HEAP_BLOCK: usize = 1024;

/// Received bytes where they lie.
#[derive(Debug)]
pub(crate) enum Held {
    /// Still in the frame the device wrote.
    Frame(RxFrame),
    /// Moved to the heap; the bytes before `start` are read.
    Heap { bytes: Vec<u8>, start: usize },
}

impl Held {
    /// Keeps the payload in its frame, or copies it out where frames are scarce or the payload is small.
    pub(crate) fn new(frame: RxFrame, may_pin: bool) -> Self {
        if Self::stays(&frame, may_pin) {
            Held::Frame(frame)
        } else {
            Held::Heap {
                bytes: frame.to_vec(),
                start: 0,
            }
        }
    }

    fn stays(frame: &RxFrame, may_pin: bool) -> bool {
        may_pin && frame.len() > COPY_BREAK
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Held::Frame(frame) => frame,
            Held::Heap { bytes, start } => &bytes[*start..],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Splits the first `count` bytes off. Where something is left, they are copied.
    pub(crate) fn take_front(&mut self, count: usize) -> Self {
        let mut front = Held::Heap {
            bytes: Vec::new(),
            start: 0,
        };
        if count == self.len() {
            std::mem::swap(self, &mut front);
        } else if count > 0 {
            front = Held::Heap {
                bytes: self.bytes()[..count].to_vec(),
                start: 0,
            };
            self.advance(count);
        }
        front
    }

    /// The memory it pins, as Linux's `truesize`.
    pub(crate) fn charge(&self) -> usize {
        match self {
            Held::Frame(frame) => frame.capacity(),
            Held::Heap { bytes, .. } => bytes.capacity(),
        }
    }

    pub(crate) fn is_frame(&self) -> bool {
        matches!(self, Held::Frame(_))
    }

    /// Whether its bytes would take less than half of the memory, or none of the ring's, if they were copied.
    fn is_loose(&self) -> bool {
        self.is_frame() || self.charge() > 2 * self.len()
    }

    pub(crate) fn advance(&mut self, count: usize) {
        match self {
            Held::Frame(frame) => frame.advance(count),
            Held::Heap { start, .. } => *start += count,
        }
    }
}

/// What the ring allows a connection to keep.
#[derive(Clone, Copy, Debug)]
pub struct FrameBudget {
    /// How full the pool of frames is.
    pub level: PoolLevel,
    /// Frames one connection may pin: max(8, 1/64 of the pool).
    pub frames_a_connection: usize,
}

impl FrameBudget {
    /// Whether a connection that holds `pinned` frames may keep one more where it is.
    pub(crate) fn allows(self, pinned: usize) -> bool {
        self.level != PoolLevel::Scarce && pinned < self.frames_a_connection
    }
}

/// In-order bytes. The window is charged by the memory held, not by the bytes.
#[derive(Debug, Default)]
pub struct ReceiveQueue {
    held: VecDeque<Held>,
    length: usize,
    charge: usize,
    frames: usize,
}

impl ReceiveQueue {
    /// Bytes to read.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes of memory held.
    pub fn charge(&self) -> usize {
        self.charge
    }

    /// Frames held back from the ring.
    pub fn pinned_frames(&self) -> usize {
        self.frames
    }

    /// Appends a payload that has just come: where it lies, or copied once.
    pub(crate) fn push_frame(&mut self, frame: RxFrame, may_pin: bool) {
        if Held::stays(&frame, may_pin) {
            self.append(Held::Frame(frame));
        } else {
            self.append_copy(&frame);
        }
    }

    /// Appends a payload that waited for the bytes before it.
    pub(crate) fn push(&mut self, held: Held) {
        match held {
            Held::Frame(_) => self.append(held),
            Held::Heap { bytes, start } => self.append_copy(&bytes[start..]),
        }
    }

    fn append(&mut self, held: Held) {
        self.length += held.bytes().len();
        self.charge += held.charge();
        self.frames += usize::from(held.is_frame());
        self.held.push_back(held);
    }

    /// Appends a copy: what the last block has room for goes there, so that blocks are full and cost what they hold.
    fn append_copy(&mut self, mut data: &[u8]) {
        if let Some(Held::Heap { bytes: last, .. }) = self.held.back_mut() {
            let room = last.capacity() - last.len();
            let (fitting, rest) = data.split_at(room.min(data.len()));
            last.extend_from_slice(fitting);
            self.length += fitting.len();
            data = rest;
        }
        if !data.is_empty() {
            let least = if self.held.is_empty() {
                FIRST_HEAP_BLOCK
            } else {
                HEAP_BLOCK
            };
            let mut bytes = Vec::with_capacity(data.len().max(least));
            bytes.extend_from_slice(data);
            self.append(Held::Heap { bytes, start: 0 });
        }
    }

    /// Copies the first bytes into `buffer` and leaves them here. Returns how many.
    pub fn peek(&self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        for held in &self.held {
            let bytes = held.bytes();
            let count = bytes.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&bytes[..count]);
            filled += count;
            if filled == buffer.len() {
                break;
            }
        }
        filled
    }

    /// Lets go of the first `count` bytes: the backend has them.
    pub fn consume(&mut self, count: usize) {
        let mut count = count.min(self.length);
        self.length -= count;
        while let Some(first) = self.held.front_mut() {
            let length = first.bytes().len();
            if count < length {
                first.advance(count);
                break;
            }
            count -= length;
            self.charge -= first.charge();
            self.frames -= usize::from(first.is_frame());
            self.held.pop_front();
        }
        if self.held.is_empty() {
            self.held = VecDeque::new(); // an idle connection is small
        }
    }

    /// Moves what lies loosely to the heap, tightly: the bytes of every frame, which goes back to the ring, and of every block
    /// that is not half full. Returns the bytes moved.
    pub fn compact(&mut self) -> usize {
        if self.frames == 0 && !self.is_loose() {
            return 0;
        }
        let held = std::mem::take(&mut self.held);
        (self.charge, self.length, self.frames) = (0, 0, 0);
        let (mut moved, mut run) = (0, Vec::new());
        for held in held {
            if held.is_loose() {
                run.push(held);
            } else {
                moved += self.append_run(&mut run);
                self.append(held);
            }
        }
        moved + self.append_run(&mut run)
    }

    /// Appends the bytes of neighbours as one block, and lets what held them go.
    fn append_run(&mut self, run: &mut Vec<Held>) -> usize {
        let length = run.iter().map(Held::len).sum();
        if length > 0 {
            let mut bytes = Vec::with_capacity(length);
            run.drain(..)
                .for_each(|held| bytes.extend_from_slice(held.bytes()));
            self.append(Held::Heap { bytes, start: 0 });
        }
        length
    }

    /// Whether compacting would free at least half of what is held.
    pub(crate) fn is_loose(&self) -> bool {
        self.charge > 2 * self.length + HEAP_BLOCK
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

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Arrive(usize, bool),
        Consume(usize),
        Compact,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1usize..6000).prop_map(Step::Push),
            (1usize..600, any::<bool>()).prop_map(|(size, may_pin)| Step::Arrive(size, may_pin)),
            (0usize..9000).prop_map(Step::Consume),
            Just(Step::Compact)
        ]
    }

    /// A peer may choose segments of which every other stays in its frame, so that the one after it begins a block of its own.
    #[test]
    fn segments_long_and_short_in_turn_hold_no_more_than_twice_their_bytes_once_packed() {
        let mut queue = ReceiveQueue::default();
        for _ in 0..50 {
            queue.push_frame(vec![0; COPY_BREAK + 1].into(), true);
            queue.push_frame(vec![0; 1].into(), true);
        }
        assert!(queue.is_loose());
        queue.compact();
        assert_eq!((queue.len(), queue.pinned_frames()), (50 * 258, 0));
        assert!(queue.charge() <= 2 * queue.len(), "{}", queue.charge());
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(steps in proptest::collection::vec(step(), 0..60)) {
            let mut queue = ReceiveQueue::default();
            let mut model: Vec<u8> = Vec::new();
            let mut written = 0usize;
            for step in steps {
                match step {
                    Step::Push(size) => {
                        let data: Vec<u8> = (0..size).map(|i| (written + i) as u8).collect();
                        written += size;
                        model.extend(&data);
                        queue.push(Held::Heap { bytes: data, start: 0 });
                    }
                    Step::Arrive(size, may_pin) => {
                        let data: Vec<u8> = (0..size).map(|i| (written + i) as u8).collect();
                        written += size;
                        model.extend(&data);
                        queue.push_frame(data.into(), may_pin);
                    }
                    Step::Consume(count) => {
                        queue.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    Step::Compact => {
                        queue.compact();
                        prop_assert!(!queue.is_loose());
                        prop_assert_eq!(queue.pinned_frames(), 0);
                    }
                }
                let mut buffer = vec![0; model.len() + 1];
                let count = queue.peek(&mut buffer);
                prop_assert_eq!(&buffer[..count], &model[..]);
                prop_assert!(queue.charge() >= queue.len());
                prop_assert_eq!(queue.len(), model.len());
            }
        }
    }
}
