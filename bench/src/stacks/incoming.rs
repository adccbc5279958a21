//! The receive ring of contestants that look at frames where they lie.

use super::{Setup, Slots};
use std::collections::VecDeque;

/// Slots taken in turn, and what has come into them.
#[derive(Debug)]
pub(super) struct Incoming {
    /// One more, for a frame that must not change them.
    slots: Slots,
    count: usize,
    next: usize,
    arrived: VecDeque<(usize, usize)>,
}

impl Incoming {
    pub(super) fn new(setup: &Setup) -> Self {
        let count = setup.slots();
        Self {
            slots: Slots::new(count + 1, setup.slot()),
            count,
            next: 0,
            arrived: VecDeque::with_capacity(super::BURST),
        }
    }

    pub(super) fn each(&mut self, each: impl FnMut(&mut [u8])) {
        self.slots.iter_mut().take(self.count).for_each(each);
    }

    #[inline]
    pub(super) fn deliver(&mut self, write: impl FnOnce(&mut [u8]) -> usize) {
        let slot = self.next;
        self.next = if slot + 1 == self.count { 0 } else { slot + 1 };
        let length = write(self.slots.get_mut(slot));
        self.arrived.push_back((slot, length));
    }

    pub(super) fn deliver_apart(&mut self, frame: &[u8]) {
        self.slots.get_mut(self.count)[..frame.len()].copy_from_slice(frame);
        self.arrived.push_back((self.count, frame.len()));
    }

    #[inline]
    pub(super) fn take(&mut self) -> Option<(usize, usize)> {
        self.arrived.pop_front()
    }

    #[inline]
    pub(super) fn frame(&self, (slot, length): (usize, usize)) -> &[u8] {
        &self.slots.get(slot)[..length]
    }
}
