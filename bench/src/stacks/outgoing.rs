//! The transmit ring of every contestant.

use super::{Setup, Slots};

/// Slots into which stacks write their frames, in turn.
#[derive(Debug)]
pub(crate) struct Outgoing {
    slots: Slots,
    count: u32,
    next: u32,
    /// Slot and length of what the client has not looked at.
    pending: Vec<(u32, u32)>,
}

impl Outgoing {
    pub(crate) fn new(setup: &Setup) -> Self {
        let count = setup.slots();
        Self {
            slots: Slots::new(count, setup.slot()),
            count: count as u32,
            next: 0,
            pending: Vec::with_capacity(count),
        }
    }

    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.pending.len() < self.count as usize
    }

    /// Slots that are free.
    pub(crate) fn room(&self) -> usize {
        self.count as usize - self.pending.len()
    }

    /// The next slot's first `length` bytes.
    #[inline]
    pub(crate) fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.has_room()
            .then(|| &mut self.slots.get_mut(self.next)[..length])
    }

    #[inline]
    pub(crate) fn commit(&mut self, length: usize) {
        self.pending.push((self.next, length as u32));
        self.next += 1;
        if self.next == self.count {
            self.next = 0;
        }
    }

    /// Shows what `take` will take.
    pub(crate) fn look(&self, each: impl FnMut(&[u8])) {
        let frames = self.pending.iter();
        frames
            .map(|&(slot, length)| &self.slots.get(slot)[..length as usize])
            .for_each(each);
    }

    #[inline]
    pub(crate) fn take(&mut self, mut each: impl FnMut(&[u8])) {
        for &(slot, length) in &self.pending {
            each(&self.slots.get(slot)[..length as usize]);
        }
        self.pending.clear();
    }
}
