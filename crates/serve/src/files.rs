//! Static files from a folder.
//!
//! * [`Files`] answers GET and HEAD with what lies under its root.
//! * [`target`] makes a path under the root of a request's target, or refuses it.
//! * [`beneath`] opens such a path without ever leaving the root.
//! * [`load`] does in one job on the pool what a request needs of a file: open, stat, the first bytes.
//! * [`memory`] bounds what is read and not yet delivered.
//! * [`patience`] says whether that may wait for a disk: what the kernel has at hand is read on the shard's thread, at once.
//! * [`pool`] runs such jobs off the shard's thread, a bounded number at a time, or on it, and notes how long each took.
//! * [`body`] sends a file's bytes, reading ahead.

mod beneath;
mod body;
mod handler;
mod load;
mod media_type;
mod memory;
mod options;
mod patience;
mod pool;
mod target;
mod validators;

pub use body::FilesBody;
pub use handler::{Files, Store};
pub use options::{EntityTags, FilesOptions, FolderOptions, ReadMode};

#[cfg(test)]
mod tests;
