//! A thread's own lists of buffers that came home to pools of that thread.

use super::Buffer;
use super::home::Home;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

struct List {
    /// [`Home::number`] of the pool.
    home: u64,
    #[expect(clippy::vec_box, reason = "buffers stay where they were made")]
    buffers: Vec<Box<Buffer>>,
}

thread_local! {
    /// This thread's number, never that of another; 0 before it was asked for. Apart from the lists, since what is dropped
    /// at a thread's end costs a look at each access.
    static THREAD: Cell<u64> = const { Cell::new(0) };
    /// One a pool.
    static LISTS: RefCell<Vec<List>> = const { RefCell::new(Vec::new()) };
}

/// The calling thread's number.
#[inline]
pub(super) fn thread_number() -> u64 {
    match THREAD.get() {
        0 => name_thread(),
        number => number,
    }
}

#[cold]
fn name_thread() -> u64 {
    static NEXT_THREAD: AtomicU64 = AtomicU64::new(1);
    let number = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
    THREAD.set(number);
    number
}

#[inline]
pub(super) fn is_own_thread(home: &Home) -> bool {
    home.thread() == thread_number()
}

/// Keeps `buffer` in the thread's list, or gives it back: it is another thread's, has no pool, or somebody
/// waits for it.
#[inline]
pub(super) fn keep(buffer: Box<Buffer>) -> Result<(), Box<Buffer>> {
    let Some(home) = buffer.home() else {
        return Err(buffer);
    };
    // a thread without a number is not the home of any pool
    if home.thread() != THREAD.get() || home.is_wanted() {
        return Err(buffer);
    }
    let mut unkept = Some(buffer);
    // fails when the thread is ending: not kept then
    let _ = LISTS.try_with(|lists| {
        let mut lists = lists.borrow_mut();
        if let Some(buffer) = unkept.take() {
            list_of(&mut lists, buffer);
        }
    });
    unkept.map_or(Ok(()), Err)
}

#[inline]
fn list_of(lists: &mut Vec<List>, buffer: Box<Buffer>) {
    let Some(home) = buffer.home() else { return };
    let place = home.place.load(Ordering::Relaxed);
    match lists.get_mut(place) {
        Some(list) if list.home == home.number => list.buffers.push(buffer),
        _ => list_anew(lists, buffer),
    }
}

/// The list is not where it was last, or is not there yet.
#[cold]
fn list_anew(lists: &mut Vec<List>, buffer: Box<Buffer>) {
    let Some(home) = buffer.home() else { return };
    let number = home.number;
    let known = lists.iter().position(|list| list.home == number);
    home.place
        .store(known.unwrap_or(lists.len()), Ordering::Relaxed);
    match known {
        Some(place) => lists[place].buffers.push(buffer),
        None => lists.push(List {
            home: number,
            buffers: vec![buffer],
        }),
    }
}

/// Moves what came home to `free`.
#[expect(clippy::vec_box, reason = "buffers stay where they were made")]
pub(super) fn collect(home: &Home, free: &mut Vec<Box<Buffer>>) {
    LISTS.with(|lists| {
        if let Some(list) = find(&mut lists.borrow_mut(), home) {
            if free.is_empty() {
                std::mem::swap(free, &mut list.buffers);
            } else {
                free.append(&mut list.buffers);
            }
        }
    });
}

/// How many came home.
pub(super) fn count(home: &Home) -> usize {
    LISTS.with(|lists| find(&mut lists.borrow_mut(), home).map_or(0, |list| list.buffers.len()))
}

/// Frees what came home to a pool that is gone.
pub(super) fn forget(home: &Home) {
    let _ = LISTS.try_with(|lists| lists.borrow_mut().retain(|list| list.home != home.number));
}

fn find<'a>(lists: &'a mut [List], home: &Home) -> Option<&'a mut List> {
    let place = home.place.load(Ordering::Relaxed);
    let is_there = lists
        .get(place)
        .is_some_and(|list| list.home == home.number);
    if is_there {
        lists.get_mut(place)
    } else {
        lists.iter_mut().find(|list| list.home == home.number)
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
