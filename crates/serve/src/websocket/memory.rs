//! What the messages of all WebSockets of a server hold together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A message of up to so many bytes is taken however much the others hold.
const ALWAYS: u64 = 16 * 1024;

/// The memory for the messages that are arriving or being handled. A clone is the same.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    held: Arc<AtomicU64>,
    limit: u64,
}

/// One connection's part of it, for one message at a time. What is dropped is given back.
#[derive(Debug)]
pub(super) struct Claim {
    memory: Memory,
    length: u64,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            held: Arc::default(),
            limit: limit as u64,
        }
    }

    pub(super) fn claim(&self) -> Claim {
        Claim {
            memory: self.clone(),
            length: 0,
        }
    }
}

impl Claim {
    /// Makes room for a message of `length` bytes in all, as much of it as is known. `false` if there is none.
    pub(super) fn grow_to(&mut self, length: u64) -> bool {
        let more = length.saturating_sub(self.length);
        let before = self.memory.held.fetch_add(more, Ordering::Relaxed);
        let has_room = length <= ALWAYS || before.saturating_add(more) <= self.memory.limit;
        if has_room {
            self.length += more;
        } else {
            self.memory.held.fetch_sub(more, Ordering::Relaxed);
        }
        has_room
    }

    /// The message is not needed any more.
    pub(super) fn give_back(&mut self) {
        let length = std::mem::take(&mut self.length);
        if length > 0 {
            self.memory.held.fetch_sub(length, Ordering::Relaxed);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_share_a_limit_and_short_ones_are_always_taken() {
        let memory = Memory::new(100 * 1024);
        let (mut one, mut other) = (memory.claim(), memory.claim());
        assert!(one.grow_to(40 * 1024) && one.grow_to(90 * 1024));
        assert!(!other.grow_to(20 * 1024));
        assert!(other.grow_to(ALWAYS));
        drop(one);
        assert!(other.grow_to(100 * 1024));
        drop(other);
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }
}
