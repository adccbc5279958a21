//! Bytes on their way from the shard to a foreign thread.

use super::queues::LIMIT;
use periplus_journey::Instant;
use periplus_stack::Chunk;
use std::collections::VecDeque;
use std::mem;

/// How many runs are kept apart, as many as the stack's own stamp logs. Later bytes count as if they had come with the last.
const RUNS: usize = 32;

/// How many waits are kept apart until a request claims them. Later ones are merged into the last.
const WAITS: usize = 16;

/// Shorter chunks are put together by copies, and so are those for whose reader another waits already: the mailbox is bounded in bytes, a
/// chunk may hold a frame of the ring, and who reads slowly must not hold many of them.
const WORTH_KEEPING: usize = 1024;
/// The size that blocks of such copies grow to.
const BLOCK: usize = 16 * 1024;

/// The inbound queue of a mailbox.
#[derive(Default)]
pub(crate) struct Inbound {
    pieces: VecDeque<Piece>,
    length: usize,
    runs: VecDeque<Run>,
    waits: Vec<(Instant, Instant)>,
    /// The driver found no room, and left bytes with the shard.
    blocked: bool,
}

/// Bytes as they lie.
enum Piece {
    /// As the shard gave them.
    Chunk(Chunk),
    /// Put together; those before `start` were read.
    Block { bytes: Vec<u8>, start: usize },
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Chunk(chunk) => chunk,
            Self::Block { bytes, start } => &bytes[*start..],
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Self::Chunk(chunk) => chunk.advance(count),
            Self::Block { start, .. } => *start += count,
        }
    }

    fn into_chunk(self) -> Chunk {
        match self {
            Self::Chunk(chunk) => chunk,
            Self::Block { bytes, start } => {
                let mut chunk = Chunk::from(bytes);
                chunk.advance(start);
                chunk
            }
        }
    }
}

/// Bytes that were put in at one time.
struct Run {
    length: usize,
    since: Instant,
}

impl Inbound {
    /// How many bytes fit. The driver that finds none is rung when some are read.
    pub(crate) fn room(&mut self) -> usize {
        let room = LIMIT - self.length;
        self.blocked = room == 0;
        room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The driver puts bytes in, at most [`room`](Self::room).
    pub(crate) fn push(&mut self, chunk: Chunk, now: Instant) {
        let length = chunk.len();
        self.length += length;
        if length >= WORTH_KEEPING && self.pieces.is_empty() {
            self.pieces.push_back(Piece::Chunk(chunk));
        } else {
            self.push_copy(&chunk);
        }
        let full = self.runs.len() == RUNS;
        match self.runs.back_mut() {
            Some(last) if last.since == now => last.length += length,
            Some(last) if full => last.length += length,
            _ => self.runs.push_back(Run { length, since: now }),
        }
    }

    fn push_copy(&mut self, data: &[u8]) {
        match self.pieces.back_mut() {
            Some(Piece::Block { bytes, .. }) if bytes.len() + data.len() <= BLOCK => {
                bytes.extend_from_slice(data);
            }
            _ => self.pieces.push_back(Piece::Block {
                bytes: data.to_vec(),
                start: 0,
            }),
        }
    }

    /// All bytes, in pieces.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(Piece::bytes)
    }

    /// Takes the first bytes as they lie, at most `limit`, and says whether the driver waits for the room. What is cut off within
    /// a piece is copied.
    pub(crate) fn take_chunk(&mut self, limit: usize, now: Instant) -> Option<(Chunk, bool)> {
        let first = self.pieces.front_mut().filter(|_| limit > 0)?;
        let chunk = if first.bytes().len() > limit {
            let front = first.bytes()[..limit].to_vec();
            first.advance(limit);
            Chunk::from(front)
        } else {
            self.pieces.pop_front()?.into_chunk()
        };
        let blocked = self.taken(chunk.len(), now);
        Some((chunk, blocked))
    }

    /// The first `length` bytes were read. `true` if the driver waits for the room.
    pub(crate) fn consume(&mut self, length: usize, now: Instant) -> bool {
        let mut left = length;
        while let Some(first) = self.pieces.front_mut() {
            let here = first.bytes().len();
            if left < here {
                first.advance(left);
                break;
            }
            left -= here;
            self.pieces.pop_front();
        }
        self.taken(length, now)
    }

    /// The first `length` bytes are gone.
    fn taken(&mut self, length: usize, now: Instant) -> bool {
        self.length -= length;
        let mut left = length;
        while let Some(run) = self.runs.front_mut() {
            if run.length > left {
                run.length -= left;
                break;
            }
            left -= run.length;
            let since = run.since;
            self.runs.pop_front();
            self.note_wait(since, now);
        }
        if self.pieces.is_empty() {
            // An idle connection holds no memory.
            self.pieces = VecDeque::new();
            self.runs = VecDeque::new();
        }
        mem::take(&mut self.blocked)
    }

    fn note_wait(&mut self, start: Instant, end: Instant) {
        if self.waits.len() < WAITS {
            self.waits.push((start, end));
        } else if let Some(last) = self.waits.last_mut() {
            last.1 = end;
        }
    }

    /// The waits that no mark has claimed yet.
    pub(crate) fn take_waits(&mut self) -> Vec<(Instant, Instant)> {
        mem::take(&mut self.waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Instant {
        Instant::from_millis(milliseconds)
    }

    fn chunk(bytes: &[u8]) -> Chunk {
        Chunk::from(bytes.to_vec())
    }

    #[test]
    fn large_chunks_stay_as_they_are_and_small_ones_share_a_block() {
        let mut inbound = Inbound::default();
        let large = chunk(&[7; WORTH_KEEPING]);
        let place = large.as_ptr();
        inbound.push(large, at(1));
        for byte in 0..100 {
            inbound.push(chunk(&[byte]), at(2));
        }
        let (first, _) = inbound.take_chunk(usize::MAX, at(3)).unwrap();
        assert_eq!((first.as_ptr(), first.len()), (place, WORTH_KEEPING));
        let (second, _) = inbound.take_chunk(10, at(3)).unwrap();
        assert_eq!(&second[..], (0..10).collect::<Vec<u8>>());
        let (third, _) = inbound.take_chunk(usize::MAX, at(3)).unwrap();
        assert_eq!(&third[..], (10..100).collect::<Vec<u8>>());
        assert!(inbound.is_empty() && inbound.take_chunk(1, at(3)).is_none());
    }

    #[test]
    fn a_wait_ends_when_the_last_byte_of_its_run_is_read() {
        let mut inbound = Inbound::default();
        inbound.push(chunk(b"abc"), at(1));
        inbound.push(chunk(b"de"), at(2));
        inbound.consume(2, at(3));
        assert!(inbound.waits.is_empty());
        inbound.consume(3, at(7));
        assert_eq!(inbound.take_waits(), [(at(1), at(7)), (at(2), at(7))]);
    }

    #[test]
    fn the_driver_is_wanted_again_only_if_it_was_turned_away() {
        let mut inbound = Inbound::default();
        inbound.push(chunk(&[0; LIMIT]), at(1));
        assert!(!inbound.consume(10, at(2)));
        inbound.push(chunk(&[0; 10]), at(3));
        assert_eq!(inbound.room(), 0);
        assert!(inbound.consume(1, at(4)));
        assert!(!inbound.consume(1, at(5)));
    }

    #[test]
    fn an_empty_queue_holds_no_memory_and_waits_are_bounded() {
        let mut inbound = Inbound::default();
        for step in 0..100 {
            inbound.push(chunk(b"x"), at(step));
            inbound.consume(1, at(step + 1));
        }
        assert_eq!((inbound.pieces.capacity(), inbound.runs.capacity()), (0, 0));
        assert_eq!(inbound.waits.len(), WAITS);
        assert_eq!(inbound.waits.last().map(|wait| wait.1), Some(at(100)));
    }
}
