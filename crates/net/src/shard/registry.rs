//! The shards of this thread. Several may live on one: the gateway's client side beside the shard that serves.

use crate::shard::cell::ShardCell;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A shard, by a number that no other shard of the process ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShardId(u64);

impl ShardId {
    /// A number not given before.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

thread_local! {
    /// Searched from the front: a thread has one or two.
    static SHARDS: RefCell<Vec<Rc<ShardCell>>> = const { RefCell::new(Vec::new()) };
}

/// The shard `id`, if this is its thread and it has not ended. This is how a handle learns where it is called.
pub(crate) fn find(id: ShardId) -> Option<Rc<ShardCell>> {
    let found = |shards: &RefCell<Vec<Rc<ShardCell>>>| {
        shards.borrow().iter().find(|cell| cell.id() == id).cloned()
    };
    // Not accessible: the thread is ending, and its shards with it.
    SHARDS.try_with(found).ok().flatten()
}

/// Makes `cell` findable on this thread.
pub(crate) fn insert(cell: Rc<ShardCell>) {
    SHARDS.with(|shards| shards.borrow_mut().push(cell));
}

/// Takes the shard `id` away, if it is this thread's.
pub(crate) fn remove(id: ShardId) -> Option<Rc<ShardCell>> {
    let removed = |shards: &RefCell<Vec<Rc<ShardCell>>>| {
        let mut shards = shards.borrow_mut();
        let position = shards.iter().position(|cell| cell.id() == id)?;
        Some(shards.swap_remove(position))
    };
    SHARDS.try_with(removed).ok().flatten()
}
