//! What a pool shares with its buffers.

use super::{Buffer, local};
use crossbeam_queue::ArrayQueue;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Belongs to no thread.
const NOBODY: u64 = u64::MAX;

pub(crate) struct Home {
    /// Tells pools apart in a thread's lists.
    pub(super) number: u64,
    /// The thread whose drops go to its own list.
    thread: AtomicU64,
    /// Where in its thread's lists its own is, as far as known: a place to look first.
    pub(super) place: AtomicUsize,
    /// What other threads dropped. As many places as buffers: there is always room.
    pub(super) shared: ArrayQueue<Box<Buffer>>,
    /// The pool is gone.
    closed: AtomicBool,
    /// Someone waits for a buffer: it goes to `shared` from any thread, and its coming wakes.
    wanted: AtomicBool,
    /// Who waits; `wanted` changes with this locked.
    waiter: Mutex<Option<Waker>>,
}

impl Home {
    pub(super) fn new(total: usize) -> Self {
        static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            thread: AtomicU64::new(NOBODY),
            place: AtomicUsize::new(0),
            shared: ArrayQueue::new(total),
            closed: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            waiter: Mutex::new(None),
        }
    }

    #[inline]
    pub(super) fn thread(&self) -> u64 {
        self.thread.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn settle(&self) {
        let here = local::thread_number();
        if self.thread() != here {
            self.thread.store(here, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn settle_if_homeless(&self) {
        if self.thread() == NOBODY {
            self.settle();
        }
    }

    #[inline]
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Brings `buffer` to where any thread can take it.
    pub(super) fn share(&self, buffer: Box<Buffer>) {
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        let brought = self.shared.push(buffer);
        debug_assert!(brought.is_ok(), "more buffers than the pool was made with");
        // the pool may have gone between the two lines above, and nobody would look here again
        if self.closed.load(Ordering::SeqCst) {
            self.empty();
        }
        if self.wanted.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// From now on `waker` is woken when a buffer comes home.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut waiter = self.lock_waiter();
        *waiter = Some(waker.clone());
        self.wanted.store(true, Ordering::SeqCst);
    }

    /// The pool is gone: buffers that still come home are freed.
    pub(super) fn close(&self) {
        self.thread.store(NOBODY, Ordering::Relaxed);
        self.closed.store(true, Ordering::SeqCst);
        self.empty();
    }

    fn wake(&self) {
        let mut waiter = self.lock_waiter();
        let waker = waiter.take();
        // with the lock held, lest it undo what the next to wait has set
        self.wanted.store(false, Ordering::SeqCst);
        drop(waiter);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Each buffer in here holds this home: left there, they would keep each other for ever.
    fn empty(&self) {
        while self.shared.pop().is_some() {}
    }

    fn lock_waiter(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
