//! The memory of a ring.

/// Slots of one size, one after the other.
#[derive(Debug)]
pub(crate) struct Slots {
    bytes: Vec<u8>,
    size: usize,
}

impl Slots {
    pub(crate) fn new(count: usize, size: usize) -> Self {
        Self {
            bytes: vec![0; count * size],
            size,
        }
    }

    #[inline]
    pub(crate) fn get(&self, slot: usize) -> &[u8] {
        &self.bytes[slot * self.size..][..self.size]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: usize) -> &mut [u8] {
        &mut self.bytes[slot * self.size..][..self.size]
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_exact_mut(self.size)
    }
}
