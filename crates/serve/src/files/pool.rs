//! Reading files, off the shard's thread or on it.

use super::options::{FilesOptions, ReadMode};
use crate::marks::Marks;
use periplus_journey::{Instant, Mark, Station};
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Runs jobs that may wait for a disk: on tokio's threads for such, a bounded number at a time, where more wait their
/// turn; or at once on the thread that asks, which then does nothing else.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    mode: ReadMode,
    turns: Arc<Semaphore>,
}

/// How long a job took, from its submission to its result: the station `file_read`.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileRead {
    start: Instant,
    end: Instant,
}

impl FileRead {
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
            turns: Arc::new(Semaphore::new(options.reads_in_flight.max(1))),
        }
    }

    /// Runs a job, its wait for a turn included.
    pub(super) async fn run<M, J, T>(&self, job: J) -> (io::Result<T>, FileRead)
    where
        M: Marks,
        J: FnOnce() -> io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let start = M::now();
        if self.mode == ReadMode::Blocking {
            let result = job();
            let end = M::now();
            return (result, FileRead { start, end });
        }
        // The pool never closes its semaphore; a job without a turn would be no harm but to the bound.
        let turn = self.turns.clone().acquire_owned().await.ok();
        let joined = spawn_blocking(move || {
            let result = job();
            // Held by the job, not by who waits for it: a request that was given up still reads.
            drop(turn);
            (result, M::now())
        })
        .await;
        match joined {
            Ok((result, end)) => (result, FileRead { start, end }),
            Err(panicked) => (
                Err(io::Error::other(panicked)),
                FileRead {
                    start,
                    end: M::now(),
                },
            ),
        }
    }
}

#[cfg(test)]
mod tests;
