//! Bytes on their way from the shard to a foreign thread.

use super::queues::LIMIT;
use periplus_journey::Instant;
use std::collections::VecDeque;
use std::mem;

/// How many runs are kept apart, as many as the stack's own stamp logs. Later bytes count as if they had come with the last.
const RUNS: usize = 32;

/// How many waits are kept apart until a request claims them. Later ones are merged into the last.
const WAITS: usize = 16;

/// The inbound queue of a mailbox.
#[derive(Default)]
pub(crate) struct Inbound {
    bytes: VecDeque<u8>,
    runs: VecDeque<Run>,
    waits: Vec<(Instant, Instant)>,
    /// The driver found no room, and left bytes with the shard.
    blocked: bool,
}

/// Bytes that were put in at one time.
struct Run {
    length: usize,
    since: Instant,
}

impl Inbound {
    /// How many bytes fit. The driver that finds none is rung when some are read.
    pub(crate) fn room(&mut self) -> usize {
        let room = LIMIT - self.bytes.len();
        self.blocked = room == 0;
        room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The driver puts bytes in, at most [`room`](Self::room).
    pub(crate) fn push(&mut self, bytes: &[u8], now: Instant) {
        self.bytes.extend(bytes);
        let full = self.runs.len() == RUNS;
        let length = bytes.len();
        match self.runs.back_mut() {
            Some(last) if last.since == now => last.length += length,
            Some(last) if full => last.length += length,
            _ => self.runs.push_back(Run { length, since: now }),
        }
    }

    /// All bytes, in up to two pieces.
    pub(crate) fn pieces(&self) -> [&[u8]; 2] {
        let (first, second) = self.bytes.as_slices();
        [first, second]
    }

    /// The first `length` bytes were read. `true` if the driver waits for the room.
    pub(crate) fn consume(&mut self, length: usize, now: Instant) -> bool {
        self.bytes.drain(..length);
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
        if self.bytes.is_empty() {
            // An idle connection holds no memory.
            self.bytes = VecDeque::new();
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

    #[test]
    fn a_wait_ends_when_the_last_byte_of_its_run_is_read() {
        let mut inbound = Inbound::default();
        inbound.push(b"abc", at(1));
        inbound.push(b"de", at(2));
        inbound.consume(2, at(3));
        assert!(inbound.waits.is_empty());
        inbound.consume(3, at(7));
        assert_eq!(inbound.take_waits(), [(at(1), at(7)), (at(2), at(7))]);
    }

    #[test]
    fn the_driver_is_wanted_again_only_if_it_was_turned_away() {
        let mut inbound = Inbound::default();
        inbound.push(&vec![0; LIMIT], at(1));
        assert!(!inbound.consume(10, at(2)));
        inbound.push(&[0; 10], at(3));
        assert_eq!(inbound.room(), 0);
        assert!(inbound.consume(1, at(4)));
        assert!(!inbound.consume(1, at(5)));
    }

    #[test]
    fn an_empty_queue_holds_no_memory_and_waits_are_bounded() {
        let mut inbound = Inbound::default();
        for step in 0..100 {
            inbound.push(b"x", at(step));
            inbound.consume(1, at(step + 1));
        }
        assert_eq!((inbound.bytes.capacity(), inbound.runs.capacity()), (0, 0));
        assert_eq!(inbound.waits.len(), WAITS);
        assert_eq!(inbound.waits.last().map(|wait| wait.1), Some(at(100)));
    }
}
