//! A buffer and its way home.

use super::home::Home;
use super::local;
use std::sync::Arc;

/// The memory of one frame. It knows its pool from the start, so that going home needs no look-up and no
/// reference count. It stays where it was made, in a box: what moves from hand to hand is a pointer.
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    home: Option<Arc<Home>>,
}

impl Buffer {
    pub(super) fn of(home: &Arc<Home>, size: usize) -> Box<Self> {
        Box::new(Self {
            bytes: vec![0; size].into_boxed_slice(),
            home: Some(Arc::clone(home)),
        })
    }

    /// A buffer without a pool: dropping frees it.
    pub(crate) fn homeless(bytes: Vec<u8>) -> Self {
        Self {
            bytes: bytes.into_boxed_slice(),
            home: None,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    #[inline]
    pub(super) fn home(&self) -> Option<&Arc<Home>> {
        self.home.as_ref()
    }
}

/// Brings `buffer` back to its pool: to the thread's own list where that is enough, else to what the pool
/// shares with every thread.
#[inline]
pub(crate) fn go_home(buffer: Box<Buffer>) {
    if let Err(buffer) = local::keep(buffer) {
        share(buffer);
    }
}

#[cold]
fn share(buffer: Box<Buffer>) {
    if let Some(home) = buffer.home.clone() {
        home.share(buffer);
    }
}
