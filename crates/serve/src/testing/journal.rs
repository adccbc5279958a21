//! A journal that is a list.

use crate::marks::Marks;
use periplus_journey::{Instant, Mark};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Keeps every mark in the order it was set.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListJournal(Arc<Mutex<Vec<Mark>>>);

impl ListJournal {
    pub(crate) fn marks(&self) -> Vec<Mark> {
        self.0
            .lock()
            .expect("no test panics while it sets a mark")
            .clone()
    }
}

impl Marks for ListJournal {
    fn mark(&self, mark: Mark) {
        self.0
            .lock()
            .expect("no test panics while it sets a mark")
            .push(mark);
    }

    fn acknowledged(&self) -> Option<u64> {
        None
    }

    fn now() -> Instant {
        static TICKS: AtomicU64 = AtomicU64::new(0);
        Instant::from_nanos(TICKS.fetch_add(1, Ordering::Relaxed))
    }
}
