//! The transmit ring of every contestant.

use super::{Setup, Slots};
use std::collections::VecDeque;

/// Slots into which stacks write their frames, in turn.
#[derive(Debug)]
pub(crate) struct Outgoing {
    slots: Slots,
    count: usize,
    next: usize,
    /// Slot and length of what the client has not looked at.
    pending: VecDeque<(usize, usize)>,
}

impl Outgoing {
    pub(crate) fn new(setup: &Setup) -> Self {
        let count = setup.slots();
        Self {
            slots: Slots::new(count, setup.slot()),
            count,
            next: 0,
            pending: VecDeque::with_capacity(count),
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.pending.len() < self.count
    }

    /// The next slot's first `length` bytes.
    #[inline]
    pub(crate) fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.has_room()
            .then(|| &mut self.slots.get_mut(self.next)[..length])
    }

    #[inline]
    pub(crate) fn commit(&mut self, length: usize) {
        self.pending.push_back((self.next, length));
        self.next = if self.next + 1 == self.count {
            0
        } else {
            self.next + 1
        };
    }

    #[inline]
    pub(crate) fn take(&mut self, mut each: impl FnMut(&[u8])) {
        for (slot, length) in self.pending.drain(..) {
            each(&self.slots.get(slot)[..length]);
        }
    }
}
