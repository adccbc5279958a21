//! A folder that is served.

use super::beneath::open_root;
use super::options::FolderOptions;
use super::store::Store;
use rustix::fs::{Stat, fstat, stat};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A folder, and its number among those that files are kept of. What is kept of it goes with it.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) folder: OwnedFd,
    pub(super) number: usize,
    /// Its device and inode.
    identity: (u64, u64),
    store: Store,
}

impl Root {
    pub(super) fn open(path: &Path, options: &FolderOptions, store: &Store) -> io::Result<Self> {
        let folder = open_root(path)?;
        let identity = identity(&fstat(&folder)?);
        let number = store.cache().add_root(&options.index);
        Ok(Self {
            folder,
            number,
            identity,
            store: store.clone(),
        })
    }

    /// Whether this is what `path` names.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        stat(path).is_ok_and(|stat| identity(&stat) == self.identity)
    }
}

#[allow(
    clippy::unnecessary_cast,
    reason = "the fields differ in their types from one architecture to another"
)]
fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

impl Drop for Root {
    fn drop(&mut self) {
        self.store.cache().remove_root(self.number);
    }
}
