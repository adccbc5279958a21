//! The receive ring of contestants that look at frames where they lie.

use super::{BURST, Setup, Slots};

/// A frame that has come: its slot, and its length.
pub(super) type Arrived = (u32, u32);

/// Slots taken in turn, and what has come into them.
#[derive(Debug)]
pub(super) struct Incoming {
    /// One more, for a frame that must not change them.
    slots: Slots,
    count: u32,
    next: u32,
    arrived: Vec<Arrived>,
    /// How many of those are taken.
    taken: usize,
}

impl Incoming {
    pub(super) fn new(setup: &Setup) -> Self {
        let count = setup.slots();
        Self {
            slots: Slots::new(count + 1, setup.slot()),
            count: count as u32,
            next: 0,
            arrived: Vec::with_capacity(BURST),
            taken: 0,
        }
    }

    pub(super) fn each(&mut self, each: impl FnMut(&mut [u8])) {
        self.slots
            .iter_mut()
            .take(self.count as usize)
            .for_each(each);
    }

    #[inline]
    pub(super) fn deliver(&mut self, write: impl FnOnce(&mut [u8]) -> usize) {
        let slot = self.next;
        self.next = if slot + 1 == self.count { 0 } else { slot + 1 };
        let length = write(self.slots.get_mut(slot));
        self.arrived.push((slot, length as u32));
    }

    pub(super) fn deliver_apart(&mut self, frame: &[u8]) {
        self.slots.get_mut(self.count)[..frame.len()].copy_from_slice(frame);
        self.arrived.push((self.count, frame.len() as u32));
    }

    #[inline]
    pub(super) fn take(&mut self) -> Option<Arrived> {
        let Some(&arrived) = self.arrived.get(self.taken) else {
            self.arrived.clear();
            self.taken = 0;
            return None;
        };
        self.taken += 1;
        Some(arrived)
    }

    /// The same, for a stack that changes what it has seen.
    #[cfg(feature = "lwip")]
    pub(super) fn frame_mut(&mut self, (slot, length): (u32, u32)) -> &mut [u8] {
        &mut self.slots.get_mut(slot)[..length as usize]
    }

    #[inline]
    pub(super) fn frame(&self, (slot, length): Arrived) -> &[u8] {
        &self.slots.get(slot)[..length as usize]
    }
}
