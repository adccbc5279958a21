//! The memory of a ring.

/// Slots of one size.
#[derive(Debug)]
pub(crate) struct Slots(Vec<Box<[u8]>>);

impl Slots {
    pub(crate) fn new(count: usize, size: usize) -> Self {
        Self(vec![vec![0; size].into_boxed_slice(); count])
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &[u8] {
        &self.0[slot as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut [u8] {
        &mut self.0[slot as usize]
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.0.iter_mut().map(|slot| &mut slot[..])
    }
}
