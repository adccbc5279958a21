//! A journal that is a list.

use crate::marks::Marks;
use periplus_journey::{Instant, Mark};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Keeps every mark in the order it was set.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListJournal {
    marks: Arc<Mutex<Vec<(u32, Mark)>>>,
    acknowledged: Arc<Mutex<Option<u64>>>,
    stream: u32,
}

impl ListJournal {
    pub(crate) fn marks(&self) -> Vec<Mark> {
        self.marks_by_stream()
            .into_iter()
            .map(|(_, mark)| mark)
            .collect()
    }

    /// Each with the stream that it is of.
    pub(crate) fn marks_by_stream(&self) -> Vec<(u32, Mark)> {
        self.marks
            .lock()
            .expect("no test panics while it sets a mark")
            .clone()
    }
}

impl ListJournal {
    /// From now on it is known what the peer has acknowledged: so many bytes.
    pub(crate) fn acknowledge(&self, bytes: u64) {
        *self
            .acknowledged
            .lock()
            .expect("no test panics while it acknowledges") = Some(bytes);
    }
}

impl Marks for ListJournal {
    fn of_stream(&self, stream: u32) -> Self {
        Self {
            stream,
            ..self.clone()
        }
    }

    fn mark(&self, mark: Mark) {
        self.marks
            .lock()
            .expect("no test panics while it sets a mark")
            .push((self.stream, mark));
    }

    fn acknowledged(&self) -> Option<u64> {
        *self
            .acknowledged
            .lock()
            .expect("no test panics while it acknowledges")
    }

    fn now() -> Instant {
        static TICKS: AtomicU64 = AtomicU64::new(0);
        Instant::from_nanos(TICKS.fetch_add(1, Ordering::Relaxed))
    }
}
