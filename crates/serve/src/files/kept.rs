//! An answer with a file that is kept may be given again for as long as the cache would.

use super::cache::Place;
use super::representation::{Content, Representation};
use super::store::Store;
use crate::ready::Good;
use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A representation that was answered with. The cache holds it, and may let go of it.
pub(super) struct Kept {
    store: Store,
    place: Place,
    representation: Weak<Representation>,
}

impl Kept {
    /// Of what is at a `place` of the cache now.
    pub(super) fn new(store: &Store, place: Place, representation: &Arc<Representation>) -> Self {
        Self {
            store: store.clone(),
            place,
            representation: Arc::downgrade(representation),
        }
    }
}

impl Good for Kept {
    fn content(&self) -> Option<Bytes> {
        let representation = self.representation.upgrade()?;
        let mut cache = self.store.cache();
        if !cache.is_good(self.place, &representation, monotonic()) {
            return None;
        }
        match &representation.content {
            Content::Here(bytes) => Some(bytes.clone()),
            Content::File(_) | Content::Made(..) => None,
        }
    }
}

/// The time by a clock that nobody sets, as of its last tick: it costs nothing to look at.
pub(super) fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}
