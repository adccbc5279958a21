//! What the folders of a server share: who reads, and what is kept.

use super::cache::Cache;
use super::entity_tag::Fingerprint;
use super::fingerprints::{Fingerprints, of_content};
use super::locate::Opened;
use super::memory::Memory;
use super::options::FilesOptions;
use super::pool::{FileRead, Pool};
use crate::marks::Marks;
use rustix::process::{Resource, getrlimit};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::Semaphore;

/// The largest file that is kept, however much may be.
const LARGEST_KEPT: usize = 1 << 20;
/// The part of all that may be kept that one file may have.
const SHARE: usize = 64;
/// Large texts that are put into a coding at a time; more are sent as they are.
const ENCODERS: usize = 32;

/// What the folders of a server share: who reads, and what is kept. Clones are the same.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) pool: Pool,
    /// For files that are kept whole.
    pub(super) kept: Memory,
    cache: Arc<Mutex<Cache>>,
    pub(super) encoders: Arc<Semaphore>,
    largest_kept: usize,
    fingerprints: Arc<Mutex<Fingerprints>>,
}

impl Store {
    /// As the options ask.
    pub fn new(options: &FilesOptions) -> Self {
        let kept = Memory::new(options.cache);
        let cache = Cache::new(kept.clone(), most_open(options.open_files));
        Self {
            pool: Pool::new(options),
            cache: Arc::new(Mutex::new(cache)),
            kept,
            encoders: Arc::new(Semaphore::new(ENCODERS)),
            largest_kept: (options.cache / SHARE).min(LARGEST_KEPT),
            fingerprints: Arc::default(),
        }
    }

    /// Says that files are not read as was asked, and why; `None` where they are. It is for the operator, once.
    pub fn refused(&self) -> Option<&str> {
        self.pool.refused()
    }

    /// What is kept. Nothing is waited for while it is held.
    pub(super) fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a file of `length` bytes is small enough to be kept.
    pub(super) fn is_small(&self, length: u64) -> bool {
        length <= self.largest_kept as u64
    }

    /// The fingerprint of a file's content: read, if it is not known of what the file is now. The read is `file_read`, if there
    /// was one.
    pub(super) async fn fingerprint<M: Marks>(
        &self,
        opened: &Opened,
    ) -> io::Result<(Fingerprint, Option<FileRead>)> {
        let known = || {
            self.fingerprints
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(fingerprint) = known().get(&opened.status) {
            return Ok((fingerprint, None));
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // One who rewrites the file in the same tick of its file system's clock leaves no trace.
        let is_settled = opened.status.is_settled(now.unwrap_or_default());
        let job = opened.clone();
        let (fingerprint, file_read) = self.pool.run::<M, _, _>(move || of_content(&job)).await;
        let fingerprint = fingerprint?;
        if is_settled {
            known().remember(opened.status, fingerprint);
        }
        Ok((fingerprint, Some(file_read)))
    }
}

/// As many as asked for, but for what connections need of the descriptors that the process may have.
fn most_open(asked: usize) -> usize {
    let may_have = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    asked.min(usize::try_from(may_have / 4).unwrap_or(usize::MAX))
}

impl Default for Store {
    fn default() -> Self {
        Self::new(&FilesOptions::default())
    }
}
