//! Reading files: at once what the kernel has at hand, the rest off the shard's thread or on it.

use super::memory::Memory;
use super::options::{FilesOptions, ReadMode};
use super::patience::WOULD_WAIT;
use super::reading::open_disk;
use crate::marks::Marks;
use periplus_journey::{Instant, Mark, Station};
use periplus_nic::disk::Disk;
use rustix::io::Errno;
use std::io;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

/// Runs jobs that may wait for a disk: on tokio's threads for such, a bounded number at a time, where more wait their
/// turn; or at once on the thread that asks, which then does nothing else.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    mode: ReadMode,
    turns: Arc<Semaphore>,
    /// The host's io_uring, or why there is none.
    pub(super) disk: Result<Disk, Option<Arc<str>>>,
    /// Where what is read lies.
    pub(super) memory: Memory,
}

/// What may wait for a disk. Boxed, and the clock it is timed by a function: there are thirty kinds of it, and all that runs them
/// would be built for each.
type Job<T> = Box<dyn FnOnce() -> io::Result<T> + Send>;

/// How long a job took, from its submission to its result: the station `file_read`.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileRead {
    start: Instant,
    end: Instant,
}

impl FileRead {
    /// From `start` until now.
    pub(super) fn since<M: Marks>(start: Instant) -> Self {
        let end = M::now();
        Self { start, end }
    }

    /// This and another that followed it.
    pub(super) fn until(self, later: Self) -> Self {
        Self {
            start: self.start,
            end: later.end,
        }
    }

    /// Tells the request's journal of it.
    pub(super) fn record<M: Marks>(self, journal: &M) {
        journal.mark(Mark::Overlay {
            station: Station::FileRead,
            start: self.start,
            end: self.end,
        });
    }
}

impl Pool {
    /// As the options ask.
    pub(super) fn new(options: &FilesOptions) -> Self {
        Self {
            mode: options.read,
            memory: Memory::new(options.memory),
            disk: open_disk(options.read, options.reads_in_flight)
                .map_err(|refused| refused.map(Arc::from)),
            turns: Arc::new(Semaphore::new(options.reads_in_flight.max(1))),
        }
    }

    /// Why there is no io_uring, where it was asked for.
    pub(super) fn refused(&self) -> Option<&str> {
        self.disk.as_ref().err()?.as_deref()
    }

    /// Runs a job that waits for nothing, here and now: `None` if it would have had to wait. A thread is woken and a result
    /// awaited for a hundred times what it takes to read a page that is in memory.
    pub(super) fn run_at_once<M, J, T>(&self, job: J) -> Option<(io::Result<T>, FileRead)>
    where
        M: Marks,
        J: FnOnce() -> io::Result<T>,
    {
        if self.mode == ReadMode::Blocking {
            return None;
        }
        let start = M::now();
        let result = job();
        let waits = |error: &io::Error| Errno::from_io_error(error) == Some(WOULD_WAIT);
        if result.as_ref().is_err_and(waits) {
            return None;
        }
        let end = M::now();
        Some((result, FileRead { start, end }))
    }

    /// Runs a job, its wait for a turn included.
    pub(super) fn run<M, J, T>(&self, job: J) -> impl Future<Output = (io::Result<T>, FileRead)>
    where
        M: Marks,
        J: FnOnce() -> io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.run_in_turn(Box::new(job), M::now)
    }

    async fn run_in_turn<T: Send + 'static>(
        &self,
        job: Job<T>,
        now: fn() -> Instant,
    ) -> (io::Result<T>, FileRead) {
        let start = now();
        let turn = match self.mode {
            ReadMode::Blocking => None,
            // The pool never closes its semaphore; a job without a turn would be no harm but to the bound.
            ReadMode::Async => self.turns.clone().acquire_owned().await.ok(),
        };
        self.start(job, turn, start, now).await
    }

    /// Begins a job whose result is not asked for yet, if there is a turn at once. It must not wait for one: a turn that came
    /// to a future which nobody polls would be lost to all others.
    pub(super) fn run_ahead<M, J, T>(
        &self,
        job: J,
    ) -> Option<impl Future<Output = (io::Result<T>, FileRead)> + use<M, J, T>>
    where
        M: Marks,
        J: FnOnce() -> io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let turn = match self.mode {
            ReadMode::Blocking => None,
            ReadMode::Async => Some(self.turns.clone().try_acquire_owned().ok()?),
        };
        Some(self.start(Box::new(job), turn, M::now(), M::now))
    }

    /// Runs the job here and now, or hands it to a thread that holds its turn until it is done.
    fn start<T: Send + 'static>(
        &self,
        job: Job<T>,
        turn: Option<OwnedSemaphorePermit>,
        start: Instant,
        now: fn() -> Instant,
    ) -> impl Future<Output = (io::Result<T>, FileRead)> + use<T> {
        let running = match self.mode {
            ReadMode::Blocking => Err((job(), now())),
            ReadMode::Async => Ok(spawn_blocking(move || {
                let result = job();
                // Held by the job, not by who waits for it: a request that was given up still reads.
                drop(turn);
                (result, now())
            })),
        };
        async move {
            let (result, end) = match running {
                Err(done) => done,
                Ok(running) => match running.await {
                    Ok(done) => done,
                    Err(panicked) => (Err(io::Error::other(panicked)), now()),
                },
            };
            (result, FileRead { start, end })
        }
    }
}

#[cfg(test)]
mod tests;
