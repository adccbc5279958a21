//! The pool of frame buffers behind a receive ring: fixed in number and size, so that nothing a peer sends
//! makes it grow.
//!
//! ```text
//!              take()                     drop, own thread
//!   free ─────────────▶ device ─▶ stack ───────────────────▶ local   a list of that thread, no atomics
//!     ▲                                └─────────────────────▶ shared  a bounded lock-free queue
//!     │                                  drop, another thread    │
//!     └───────────────────────────── collect ────────────────────┘
//! ```

use crate::frame::FrameBuffer;
use home::Home;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

mod buffer;
mod home;
mod local;
#[cfg(test)]
mod tests;

pub(crate) use buffer::{Buffer, go_home};

/// How much of a pool is free, and so what may be done with what arrives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum PoolLevel {
    /// At least a quarter: frames are kept as they came.
    #[default]
    Ample,
    /// Less than a quarter: queued frames are moved to heap buffers, oldest first.
    Low,
    /// Less than a tenth: whatever arrives is copied at once.
    Scarce,
}

/// A fixed number of buffers of a fixed size. Taking one and dropping it on the pool's own thread costs no
/// atomic operation: a buffer carries its way home from its making on.
///
/// The own thread is the one that called [`settle`](Self::settle) last, or else the first to
/// [`take`](Self::take). The pool may be dropped before its frames.
pub struct FramePool {
    home: Arc<Home>,
    #[expect(clippy::vec_box, reason = "buffers stay where they were made")]
    free: Vec<Box<Buffer>>,
    total: usize,
}

impl FramePool {
    /// A pool of `total` buffers of `size` bytes each.
    ///
    /// # Panics
    /// If either is 0, or a buffer would be longer than 4 GiB.
    pub fn new(total: usize, size: usize) -> Self {
        assert!(total > 0 && size > 0, "a pool of nothing");
        assert!(
            u32::try_from(size).is_ok(),
            "a frame buffer is shorter than 4 GiB"
        );
        let home = Arc::new(Home::new(total));
        let free = (0..total).map(|_| Buffer::of(&home, size)).collect();
        Self { home, free, total }
    }

    /// A free buffer, the one last used if it is known, for the cache's sake.
    #[inline]
    pub fn take(&mut self) -> Option<FrameBuffer> {
        self.home.settle_if_homeless();
        if self.free.is_empty() {
            self.collect();
        }
        self.free.pop().map(FrameBuffer::new)
    }

    /// Makes the calling thread the pool's own, and collects what came home. Returns how many buffers did.
    #[inline]
    pub fn settle(&mut self) -> usize {
        self.home.settle();
        self.collect()
    }

    /// Buffers the pool was made with.
    #[inline]
    pub fn total(&self) -> usize {
        self.total
    }

    /// Buffers that [`take`](Self::take) would give, called on this thread.
    pub fn free(&self) -> usize {
        self.free.len() + local::count(&self.home) + self.home.shared.len()
    }

    /// How much of the pool is free.
    #[inline]
    pub fn level(&self) -> PoolLevel {
        if self.free.len() * 4 >= self.total {
            PoolLevel::Ample // without a look at what came home since
        } else {
            self.level_of(self.free())
        }
    }

    fn level_of(&self, free: usize) -> PoolLevel {
        if free * 10 < self.total {
            PoolLevel::Scarce
        } else if free * 4 < self.total {
            PoolLevel::Low
        } else {
            PoolLevel::Ample
        }
    }

    /// Ready when `count` buffers are free; else `context` is woken when one comes home.
    pub fn poll_free(&mut self, context: &mut Context<'_>, count: usize) -> Poll<()> {
        if self.has(count) {
            return Poll::Ready(());
        }
        self.home.wait(context.waker());
        // one may have come home between looking and waiting
        if self.has(count) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Whether `count` buffers can be taken, after collecting if need be.
    #[inline]
    pub(crate) fn has(&mut self, count: usize) -> bool {
        if self.free.len() < count {
            self.collect();
        }
        self.free.len() >= count
    }

    /// Whether frames dropped on the calling thread come home without atomics.
    pub(crate) fn is_settled_here(&self) -> bool {
        local::is_own_thread(&self.home)
    }

    fn collect(&mut self) -> usize {
        let before = self.free.len();
        if !self.home.shared.is_empty() {
            self.free
                .extend(std::iter::from_fn(|| self.home.shared.pop()));
        }
        // last, and so taken first: what this thread has just used is in its cache
        local::collect(&self.home, &mut self.free);
        self.free.len() - before
    }
}

impl Drop for FramePool {
    fn drop(&mut self) {
        self.home.close();
        local::forget(&self.home);
    }
}

impl fmt::Debug for FramePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FramePool({} of {} free)", self.free(), self.total)
    }
}
