//! A thread's own lists of buffers that came home to pools of that thread.

use super::Buffer;
use super::home::Home;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

struct Local {
    /// This thread's number, never that of another.
    thread: u64,
    /// One a pool, and so few: a search from the front is fastest.
    lists: RefCell<Vec<List>>,
}

struct List {
    /// [`Home::number`] of the pool.
    home: u64,
    buffers: Vec<Buffer>,
}

thread_local! {
    static LOCAL: Local = {
        static NEXT_THREAD: AtomicU64 = AtomicU64::new(1);
        Local {
            thread: NEXT_THREAD.fetch_add(1, Ordering::Relaxed),
            lists: RefCell::default(),
        }
    };
}

/// The calling thread's number.
pub(super) fn thread_number() -> u64 {
    LOCAL.with(|local| local.thread)
}

pub(super) fn is_own_thread(home: &Home) -> bool {
    home.thread() == thread_number()
}

/// Keeps `buffer` in the thread's list, or gives it back: it is another thread's, has no pool, or somebody
/// waits for it.
pub(super) fn keep(buffer: Buffer) -> Result<(), Buffer> {
    let mut unkept = Some(buffer);
    // fails when the thread is ending: not kept then
    let _ = LOCAL.try_with(|local| local.keep(&mut unkept));
    unkept.map_or(Ok(()), Err)
}

/// Moves what came home to `free`.
pub(super) fn collect(home: &Home, free: &mut Vec<Buffer>) {
    LOCAL.with(|local| {
        if let Some(list) = find(&mut local.lists.borrow_mut(), home) {
            free.append(&mut list.buffers);
        }
    });
}

/// How many came home.
pub(super) fn count(home: &Home) -> usize {
    LOCAL.with(|local| {
        find(&mut local.lists.borrow_mut(), home).map_or(0, |list| list.buffers.len())
    })
}

/// Frees what came home to a pool that is gone.
pub(super) fn forget(home: &Home) {
    let _ = LOCAL.try_with(|local| {
        local
            .lists
            .borrow_mut()
            .retain(|list| list.home != home.number);
    });
}

fn find<'a>(lists: &'a mut [List], home: &Home) -> Option<&'a mut List> {
    lists.iter_mut().find(|list| list.home == home.number)
}

impl Local {
    fn keep(&self, unkept: &mut Option<Buffer>) {
        let Some(home) = unkept.as_ref().and_then(Buffer::home) else {
            return;
        };
        if home.thread() != self.thread || home.is_wanted() {
            return;
        }
        let mut lists = self.lists.borrow_mut();
        if let Some(list) = find(&mut lists, home) {
            list.buffers.extend(unkept.take());
        } else {
            lists.push(List {
                home: home.number,
                buffers: unkept.take().into_iter().collect(),
            });
        }
    }
}

/// When the thread ends, what it kept goes to where the pool, on another thread by now, can take it.
impl Drop for List {
    fn drop(&mut self) {
        for buffer in self.buffers.drain(..) {
            if let Some(home) = buffer.home().cloned() {
                home.share(buffer);
            }
        }
    }
}
