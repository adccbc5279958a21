//! Static files from a folder.
//!
//! * [`Files`] answers GET and HEAD with what lies under its root, which is [`named`] and may come to be another folder; [`handler`] is the
//!   straight line through the rest.
//! * [`target`] makes a path under the root of a request's target, or refuses it.
//! * [`beneath`] finds and opens such a path without ever leaving the root, [`locate`] all that a target leads to.
//! * [`coding`] says what a client accepts, [`negotiation`] which of a file's representations it gets.
//! * [`representation`] is a file in one coding, with its header lines: [`entity_tag`] and [`validators`] tell it from others.
//! * [`precondition`] and [`range`] say what of it is asked for, [`reply`] what is answered.
//! * [`cache`] keeps what was asked for, as long as it is what is there; a [`root`] is what it is kept of.
//! * [`read`] reads a file that must be what it was when it was opened, as [`status`] tells.
//! * [`memory`] bounds what is read and not yet delivered.
//! * [`patience`] says whether that may wait for a disk: what the kernel has at hand is read on the shard's thread, at once.
//! * [`pool`] runs such jobs off the shard's thread, a bounded number at a time, or on it, and notes how long each took.
//! * [`reading`] has io_uring read in its place, where the host has that.
//! * [`listing`] answers with what is in a folder that has no index.
//! * [`body`] sends a file's bytes, reading ahead; [`made`] those that are compressed on the way, by [`compress`].

mod beneath;
mod body;
mod cache;
mod coding;
mod compress;
mod entity_tag;
mod fingerprints;
mod handler;
mod kept;
mod listing;
mod locate;
mod made;
mod media_type;
mod memory;
mod named;
mod negotiation;
mod offer;
mod options;
mod patience;
mod pool;
mod precondition;
mod range;
mod read;
mod reading;
mod refusal;
mod reply;
mod representation;
mod root;
mod status;
mod store;
mod target;
mod validators;

pub use body::FilesBody;
pub use named::Files;
pub use options::{EntityTags, FilesOptions, FolderOptions, ReadMode};
pub(crate) use refusal::not_fetched;
pub use store::Store;

#[cfg(test)]
mod tests;
