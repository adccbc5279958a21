//! Bytes, marks and calls on their way from a foreign thread to the shard.

use super::queues::LIMIT;
use bytes::Bytes;
use periplus_journey::{Instant, StampedMark};
use std::collections::VecDeque;

/// What an item costs beyond its bytes, so that many small writes are bounded as well.
const OVERHEAD: usize = 64;

/// How many marks wait behind bytes that find no room. A mark cannot wait outside, so the next one is lost.
const MARKS: usize = 1024;

/// One thing to be done to the stream, in the order in which the backend asked for it.
pub(crate) enum Item {
    /// Bytes to send.
    Data {
        /// What is left of them.
        bytes: Bytes,
        /// When the backend wrote them.
        since: Instant,
    },
    /// A mark, behind the bytes that were written before it.
    Mark(StampedMark),
    /// FIN.
    Shutdown,
}

/// The outbound queue of a mailbox.
#[derive(Default)]
pub(crate) struct Outbound {
    items: VecDeque<Item>,
    charged: usize,
    marks: usize,
    /// A mark was lost, so that the next ones would be taken for another request's: none is taken any more.
    deaf: bool,
    shut: bool,
}

impl Outbound {
    /// How many bytes may be written now.
    pub(crate) fn room(&self) -> usize {
        LIMIT.saturating_sub(self.charged + OVERHEAD)
    }

    /// Queues bytes, at most [`room`](Self::room).
    pub(crate) fn push_bytes(&mut self, bytes: Bytes, since: Instant) {
        self.charged += bytes.len() + OVERHEAD;
        self.items.push_back(Item::Data { bytes, since });
    }

    pub(crate) fn push_mark(&mut self, mark: StampedMark) {
        self.deaf |= self.marks == MARKS;
        if !self.deaf {
            self.marks += 1;
            self.items.push_back(Item::Mark(mark));
        }
    }

    /// Queues FIN, once.
    pub(crate) fn push_shutdown(&mut self) {
        if !self.shut {
            self.shut = true;
            self.items.push_back(Item::Shutdown);
        }
    }

    /// Whether the backend closed its direction.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut
    }

    /// What comes next.
    pub(crate) fn front(&mut self) -> Option<&mut Item> {
        self.items.front_mut()
    }

    /// `length` bytes of the front item were taken.
    pub(crate) fn taken(&mut self, length: usize) {
        self.charged -= length;
    }

    /// The front item is done.
    pub(crate) fn pop(&mut self) {
        match self.items.pop_front() {
            Some(Item::Data { bytes, .. }) => self.charged -= bytes.len() + OVERHEAD,
            Some(Item::Mark(_)) => self.marks -= 1,
            Some(Item::Shutdown) | None => {}
        }
        if self.items.is_empty() {
            // An idle connection holds no memory.
            self.items = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periplus_journey::Mark;

    #[test]
    fn small_writes_are_bounded_by_what_they_cost() {
        let mut outbound = Outbound::default();
        while outbound.room() > 0 {
            outbound.push_bytes(Bytes::from_static(b"x"), Instant::ZERO);
        }
        assert_eq!(outbound.items.len(), (LIMIT - 1) / (OVERHEAD + 1));
        while outbound.front().is_some() {
            outbound.pop();
        }
        assert_eq!(outbound.charged, 0);
    }

    #[test]
    fn after_a_lost_mark_none_is_taken() {
        let mark = || StampedMark {
            at: Instant::ZERO,
            stream: 0,
            mark: Mark::HandlerCalled,
        };
        let mut outbound = Outbound::default();
        for _ in 0..=MARKS {
            outbound.push_mark(mark());
        }
        outbound.pop();
        outbound.push_mark(mark());
        assert_eq!(outbound.marks, MARKS - 1);
    }
}
