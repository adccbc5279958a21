//! The receive queue: bytes in order, not yet read by the backend.

use crate::SpareBuffers;
use periplus_ring::{PoolLevel, RxFrame};
use std::collections::VecDeque;

/// Payloads up to this size are copied: cheaper than keeping a whole frame from the ring for them (the idea of drivers'
/// `rx_copybreak`). Not the first, where the ring has frames enough: most often it is read before another comes, and then it was
/// copied once, to its reader.
const COPY_BREAK: usize = 256;
/// Heap blocks are at least this large, so that small payloads share one.
const HEAP_BLOCK: usize = 4096;
/// The first may be smaller.
const FIRST_HEAP_BLOCK: usize = 1024;
/// Frames that a queue, once emptied, keeps places for.
const PLACES: usize = 64;

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
        if may_pin && frame.len() > COPY_BREAK {
            Held::Frame(frame)
        } else {
            Held::Heap {
                bytes: frame.to_vec(),
                start: 0,
            }
        }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Held::Frame(frame) => frame,
            Held::Heap { bytes, start } => &bytes[*start..],
        }
    }

    #[inline]
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
    #[inline]
    pub(crate) fn charge(&self) -> usize {
        match self {
            Held::Frame(frame) => frame.capacity(),
            Held::Heap { bytes, .. } => bytes.capacity(),
        }
    }

    #[inline]
    pub(crate) fn is_frame(&self) -> bool {
        matches!(self, Held::Frame(_))
    }

    /// Whether its bytes would take less than half of the memory, or none of the ring's, if they were copied.
    fn is_loose(&self) -> bool {
        self.is_frame() || self.charge() > 2 * self.len()
    }

    #[inline]
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
    #[inline]
    pub(crate) fn allows(self, pinned: usize) -> bool {
        self.level != PoolLevel::Scarce && pinned < self.frames_a_connection
    }
}

/// In-order bytes. The window is charged by the memory held, not by the bytes.
#[derive(Debug, Default)]
pub struct ReceiveQueue {
    /// None while there are no bytes: an idle connection is small.
    contents: Option<Box<Contents>>,
}

#[derive(Debug, Default)]
pub(crate) struct Contents {
    held: VecDeque<Held>,
    length: usize,
    charge: usize,
    frames: usize,
}

impl ReceiveQueue {
    /// Bytes to read.
    #[inline]
    pub fn len(&self) -> usize {
        self.contents.as_ref().map_or(0, |contents| contents.length)
    }

    /// Whether there is nothing to read.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.contents.is_none()
    }

    /// Bytes of memory held.
    #[inline]
    pub fn charge(&self) -> usize {
        self.contents.as_ref().map_or(0, |contents| contents.charge)
    }

    /// Frames held back from the ring.
    #[inline]
    pub fn pinned_frames(&self) -> usize {
        self.contents.as_ref().map_or(0, |contents| contents.frames)
    }

    /// Appends a payload that has just come: where it lies, or copied once. The connection holds `pinned` frames.
    #[inline(always)]
    pub(crate) fn push_frame(
        &mut self,
        frame: RxFrame,
        budget: FrameBudget,
        pinned: usize,
        spare: &mut SpareBuffers,
    ) {
        if frame.is_empty() {
            return;
        }
        let is_first = self.contents.is_none();
        let contents = self.contents.get_or_insert_with(|| spare.receive_queue());
        let is_worth_it = frame.len() > COPY_BREAK
            || is_first && budget.level == PoolLevel::Ample && frame.capacity() <= HEAP_BLOCK;
        if is_worth_it && budget.allows(pinned) {
            contents.append(Held::Frame(frame));
        } else {
            contents.append_copy(&frame, spare);
        }
    }

    /// Appends a payload that waited for the bytes before it.
    pub(crate) fn push(&mut self, held: Held, spare: &mut SpareBuffers) {
        if held.len() == 0 {
            return;
        }
        let contents = self.contents.get_or_insert_with(|| spare.receive_queue());
        match held {
            Held::Frame(_) => contents.append(held),
            Held::Heap { bytes, start } => contents.append_copy(&bytes[start..], spare),
        }
    }

    /// Copies the first bytes into `buffer` and leaves them here. Returns how many.
    pub fn peek(&self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        let contents = self.contents.iter();
        for held in contents.flat_map(|contents| &contents.held) {
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

    /// Moves the first bytes into `buffer`. Returns how many.
    #[inline]
    pub(crate) fn read(&mut self, buffer: &mut [u8], spare: &mut SpareBuffers) -> usize {
        let Some(contents) = &mut self.contents else {
            return 0;
        };
        let (most, mut room) = (buffer.len(), buffer);
        while let Some(first) = contents.held.front_mut() {
            let bytes = first.bytes();
            if bytes.len() > room.len() {
                let count = room.len();
                room.copy_from_slice(&bytes[..count]);
                first.advance(count);
                room = &mut [];
                break;
            }
            let (copy, rest) = room.split_at_mut(bytes.len());
            copy.copy_from_slice(bytes);
            room = rest;
            contents.let_go_of_first(spare);
        }
        let filled = most - room.len();
        contents.length -= filled;
        self.rest_if_empty(spare);
        filled
    }

    /// Lets go of the first `count` bytes: the backend has them.
    pub(crate) fn consume(&mut self, count: usize, spare: &mut SpareBuffers) {
        let Some(contents) = &mut self.contents else {
            return;
        };
        let mut count = count.min(contents.length);
        contents.length -= count;
        while let Some(first) = contents.held.front_mut() {
            let length = first.len();
            if count < length {
                first.advance(count);
                break;
            }
            count -= length;
            contents.let_go_of_first(spare);
        }
        self.rest_if_empty(spare);
    }

    /// Takes the first bytes off where they lie, at most `limit` of them. They are copied where `copy` says so, or where the
    /// limit is in their midst.
    pub(crate) fn take_chunk(
        &mut self,
        limit: usize,
        copy: bool,
        spare: &mut SpareBuffers,
    ) -> Option<Held> {
        let contents = self.contents.as_mut().filter(|_| limit > 0)?;
        let first = contents.held.front()?;
        let bytes = first.bytes();
        let chunk = if bytes.len() > limit || copy && first.is_frame() {
            let bytes = bytes[..bytes.len().min(limit)].to_vec();
            self.consume(bytes.len(), spare);
            Held::Heap { bytes, start: 0 }
        } else {
            contents.length -= bytes.len();
            let chunk = contents.pop_front()?;
            self.rest_if_empty(spare);
            chunk
        };
        Some(chunk)
    }

    /// With its last byte the queue goes back to where it came from.
    #[inline]
    fn rest_if_empty(&mut self, spare: &mut SpareBuffers) {
        if let Some(contents) = self.contents.take_if(|contents| contents.length == 0) {
            contents.rest(spare);
        }
    }

    /// Moves what lies loosely to the heap, tightly: the bytes of every frame, which goes back to the ring, and of every block
    /// that is not half full. Returns the bytes moved.
    pub fn compact(&mut self) -> usize {
        match &mut self.contents {
            Some(contents) if contents.frames > 0 || contents.is_loose() => contents.compact(),
            _ => 0,
        }
    }

    /// Whether compacting would free at least half of what is held.
    pub(crate) fn is_loose(&self) -> bool {
        self.contents
            .as_ref()
            .is_some_and(|contents| contents.is_loose())
    }

    /// Forgets everything: the connection was reset.
    pub fn clear(&mut self) {
        self.contents = None;
    }
}

impl Contents {
    #[inline(always)]
    fn append(&mut self, held: Held) {
        self.length += held.len();
        self.charge += held.charge();
        self.frames += usize::from(held.is_frame());
        self.held.push_back(held);
    }

    /// Appends a copy: what the last block has room for goes there, so that blocks are full and cost what they hold.
    fn append_copy(&mut self, mut data: &[u8], spare: &mut SpareBuffers) {
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
            let mut bytes = spare.block(data.len().max(least));
            bytes.extend_from_slice(data);
            self.append(Held::Heap { bytes, start: 0 });
        }
    }

    /// Takes the first off, its bytes already subtracted.
    #[inline]
    fn pop_front(&mut self) -> Option<Held> {
        let first = self.held.pop_front()?;
        self.charge -= first.charge();
        self.frames -= usize::from(first.is_frame());
        Some(first)
    }

    #[inline]
    fn let_go_of_first(&mut self, spare: &mut SpareBuffers) {
        if let Some(Held::Heap { bytes, .. }) = self.pop_front() {
            spare.give_block(bytes);
        }
    }

    #[inline]
    fn rest(self: Box<Self>, spare: &mut SpareBuffers) {
        debug_assert!(self.held.is_empty() && self.charge == 0 && self.frames == 0);
        if self.held.capacity() <= PLACES {
            spare.give_receive_queue(self);
        }
    }

    fn compact(&mut self) -> usize {
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

    fn is_loose(&self) -> bool {
        self.charge > 2 * self.length + HEAP_BLOCK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(may_pin: bool, level: PoolLevel) -> FrameBudget {
        FrameBudget {
            level,
            frames_a_connection: if may_pin { usize::MAX } else { 0 },
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Arrive(usize, bool),
        Consume(usize),
        Read(usize),
        Chunk(usize, bool),
        Compact,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1usize..6000).prop_map(Step::Push),
            (1usize..600, any::<bool>()).prop_map(|(size, may_pin)| Step::Arrive(size, may_pin)),
            (0usize..9000).prop_map(Step::Consume),
            (0usize..9000).prop_map(Step::Read),
            (0usize..9000, any::<bool>()).prop_map(|(limit, copy)| Step::Chunk(limit, copy)),
            Just(Step::Compact)
        ]
    }

    /// A peer may choose segments of which every other stays in its frame, so that the one after it begins a block of its own.
    #[test]
    fn segments_long_and_short_in_turn_hold_no_more_than_twice_their_bytes_once_packed() {
        let (mut queue, spare) = (ReceiveQueue::default(), &mut SpareBuffers::default());
        let budget = budget(true, PoolLevel::Low);
        for _ in 0..50 {
            queue.push_frame(vec![0; COPY_BREAK + 1].into(), budget, 0, spare);
            queue.push_frame(vec![0; 1].into(), budget, 0, spare);
        }
        assert!(queue.is_loose());
        queue.compact();
        assert_eq!((queue.len(), queue.pinned_frames()), (50 * 258, 0));
        assert!(queue.charge() <= 2 * queue.len(), "{}", queue.charge());
    }

    /// What lies in one frame is there until it is read; only where frames are not plenty, or are large, is it copied.
    #[test]
    fn a_small_payload_stays_in_its_frame_where_it_is_the_first_and_frames_are_plenty() {
        let kept = |size: usize, capacity: usize, level| {
            let (mut queue, spare) = (ReceiveQueue::default(), &mut SpareBuffers::default());
            let mut frame = RxFrame::from(vec![0; capacity]);
            frame.truncate(size);
            queue.push_frame(frame, budget(true, level), 0, spare);
            let first = queue.pinned_frames();
            queue.push_frame(vec![0; 1].into(), budget(true, level), 0, spare);
            (first, queue.pinned_frames())
        };
        assert_eq!(kept(100, 2048, PoolLevel::Ample), (1, 1));
        assert_eq!(kept(100, 2048, PoolLevel::Low), (0, 0));
        assert_eq!(kept(1000, 2048, PoolLevel::Low), (1, 1));
        assert_eq!(kept(1000, 2048, PoolLevel::Scarce), (0, 0));
        assert_eq!(kept(100, 65_536, PoolLevel::Ample), (0, 0));
        assert_eq!(kept(1000, 65_536, PoolLevel::Ample), (1, 1));
    }

    #[test]
    fn requests_that_come_and_are_read_allocate_nothing_after_the_first() {
        let (mut queue, spare) = (ReceiveQueue::default(), &mut SpareBuffers::default());
        for level in [PoolLevel::Ample, PoolLevel::Scarce] {
            let mut request = || {
                queue.push_frame(vec![7; 100].into(), budget(true, level), 0, spare);
                assert_eq!(queue.read(&mut [0; 200], spare), 100);
                assert!(queue.is_empty());
                spare.allocated()
            };
            let first = request();
            assert_eq!((0..10).map(|_| request()).max(), Some(first));
        }
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(steps in proptest::collection::vec(step(), 0..60)) {
            let (mut queue, spare) = (ReceiveQueue::default(), &mut SpareBuffers::default());
            let mut model: Vec<u8> = Vec::new();
            let mut written = 0usize;
            for step in steps {
                match step {
                    Step::Push(size) => {
                        let data: Vec<u8> = (0..size).map(|i| (written + i) as u8).collect();
                        written += size;
                        model.extend(&data);
                        queue.push(Held::Heap { bytes: data, start: 0 }, spare);
                    }
                    Step::Arrive(size, may_pin) => {
                        let data: Vec<u8> = (0..size).map(|i| (written + i) as u8).collect();
                        written += size;
                        model.extend(&data);
                        queue.push_frame(data.into(), budget(may_pin, PoolLevel::Ample), 0, spare);
                    }
                    Step::Consume(count) => {
                        queue.consume(count, spare);
                        model.drain(..count.min(model.len()));
                    }
                    Step::Read(count) => {
                        let mut buffer = vec![0; count];
                        let count = queue.read(&mut buffer, spare);
                        prop_assert_eq!(count, model.len().min(buffer.len()));
                        prop_assert!(model.drain(..count).eq(buffer[..count].iter().copied()));
                    }
                    Step::Chunk(limit, copy) => {
                        let chunk = queue.take_chunk(limit, copy, spare);
                        prop_assert_eq!(chunk.is_none(), limit == 0 || model.is_empty());
                        if let Some(chunk) = chunk {
                            prop_assert!(chunk.len() <= limit && !(copy && chunk.is_frame()));
                            prop_assert!(model.drain(..chunk.len()).eq(chunk.bytes().iter().copied()));
                        }
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
                prop_assert_eq!(queue.is_empty(), model.is_empty());
            }
        }
    }
}
