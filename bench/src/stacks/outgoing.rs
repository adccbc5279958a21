//! The transmit ring of every contestant.

use super::SLOTS;
use crate::client::SLOT;
use std::collections::VecDeque;

/// Slots into which stacks write their frames, in turn.
#[derive(Debug)]
pub(super) struct Outgoing {
    slots: Vec<[u8; SLOT]>,
    next: usize,
    /// Slot and length of what the client has not looked at.
    pending: VecDeque<(usize, usize)>,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![[0; SLOT]; SLOTS],
            next: 0,
            pending: VecDeque::with_capacity(SLOTS),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < SLOTS
    }

    /// The next slot's first `length` bytes.
    #[inline]
    pub(super) fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.has_room()
            .then(|| &mut self.slots[self.next][..length])
    }

    #[inline]
    pub(super) fn commit(&mut self, length: usize) {
        self.pending.push_back((self.next, length));
        self.next = (self.next + 1) % SLOTS;
    }

    #[inline]
    pub(super) fn take(&mut self, mut each: impl FnMut(&[u8])) {
        for (slot, length) in self.pending.drain(..) {
            each(&self.slots[slot][..length]);
        }
    }
}
