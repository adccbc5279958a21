//! Reading files while the thread goes on: by io_uring (io_uring(7)).
//!
//! A read owns what the kernel writes to and reads from until the kernel says that it is done, whoever has lost interest
//! meanwhile. Completions are told by an eventfd, on which one task of the runtime waits for all reads.

mod ring;

#[cfg(test)]
mod tests;

use ring::{Outcome, Ring};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

/// What reads files for a runtime. Clones are the same.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    /// Readable when reads were completed.
    completed: Arc<OwnedFd>,
    /// A task waits for it.
    is_awaited: AtomicBool,
}

impl Disk {
    /// For at most so many reads at a time.
    ///
    /// # Errors
    ///
    /// Where the kernel has no io_uring, or refuses it: by `kernel.io_uring_disabled`, or by a filter of system calls.
    pub fn open(reads: u32) -> io::Result<Self> {
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        let completed = Arc::new(eventfd(0, flags)?);
        let ring = Ring::open(reads, &completed)?;
        Ok(Self(Arc::new(Shared {
            ring: Mutex::new(ring),
            completed,
            is_awaited: AtomicBool::new(false),
        })))
    }

    /// Begins to read `length` bytes from `offset` on, at once and not when it is first waited for. `None` if as many reads as
    /// may be are under way.
    pub fn read(&self, file: Arc<OwnedFd>, offset: u64, length: usize) -> Option<Reading> {
        let place = self.0.ring().begin(file, offset, length)?;
        Some(Reading {
            disk: self.0.clone(),
            place: Some(place),
        })
    }

    /// Reads that are under way, those that nobody waits for any more among them.
    pub fn under_way(&self) -> usize {
        self.0.reap();
        self.0.ring().under_way()
    }
}

/// A read that is under way: its bytes, fewer than asked for where the file ends. Dropped, it goes on until the kernel is done,
/// and is thrown away then.
#[derive(Debug)]
pub struct Reading {
    disk: Arc<Shared>,
    /// Until it was told.
    place: Option<usize>,
}

impl Future for Reading {
    type Output = io::Result<Vec<u8>>;

    /// # Panics
    ///
    /// Outside a tokio runtime with I/O, or when it was ready before.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let place = self.place.expect("it is polled until it is ready");
        self.disk.reap();
        let outcome = self.disk.ring().outcome(place, context.waker());
        match outcome {
            Outcome::Read(read) => {
                self.place = None;
                Poll::Ready(read)
            }
            Outcome::UnderWay { is_submitted } => {
                if !is_submitted {
                    // The kernel was short of something: it is asked again.
                    context.waker().wake_by_ref();
                }
                self.disk.be_awaited();
                Poll::Pending
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.disk.ring().abandon(place);
        }
    }
}

impl Shared {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the kernel has completed, and wakes who waits for it.
    fn reap(&self) {
        let wakers = self.ring().reap();
        for waker in wakers {
            waker.wake();
        }
    }

    /// Has a task wait for completions, if none does.
    fn be_awaited(self: &Arc<Self>) {
        if self.is_awaited.swap(true, Ordering::AcqRel) {
            return;
        }
        let awaiting = Awaiting(Arc::downgrade(self));
        let completed = self.completed.clone();
        tokio::spawn(async move {
            let disk = awaiting;
            #[allow(
                deprecated,
                reason = "unsound for types that change their descriptor; this does not, and `register` is unsafe"
            )]
            let Ok(completed) = AsyncFd::new(completed) else {
                return;
            };
            while let Ok(mut readable) = completed.readable().await {
                let _ = read(completed.get_ref(), &mut [0; 8]);
                readable.clear_ready();
                let Some(disk) = disk.0.upgrade() else {
                    return;
                };
                disk.reap();
            }
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The task that waits sees that there is nothing to wait for.
        let _ = write(&self.completed, &1u64.to_ne_bytes());
    }
}

/// What a task that waits for completions has. A runtime may end with it: whoever waits for a read sees to another one then.
struct Awaiting(Weak<Shared>);

impl Drop for Awaiting {
    fn drop(&mut self) {
        if let Some(disk) = self.0.upgrade() {
            disk.is_awaited.store(false, Ordering::Release);
            let wakers = disk.ring().all_wakers();
            for waker in wakers {
                waker.wake();
            }
        }
    }
}
