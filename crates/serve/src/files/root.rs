//! A folder that is served.

use super::beneath::open_root;
use super::options::FolderOptions;
use super::store::Store;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A folder, and its number among those that files are kept of. What is kept of it goes with it.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) folder: OwnedFd,
    pub(super) number: usize,
    store: Store,
}

impl Root {
    pub(super) fn open(path: &Path, options: &FolderOptions, store: &Store) -> io::Result<Self> {
        let folder = open_root(path)?;
        let number = store.cache().add_root(&options.index);
        Ok(Self {
            folder,
            number,
            store: store.clone(),
        })
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        self.store.cache().remove_root(self.number);
    }
}
