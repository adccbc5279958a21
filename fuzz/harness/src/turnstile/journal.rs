//! A journal that is a list.

use periplus_journey::{Instant, Mark};
use periplus_serve::Marks;
use std::sync::{Arc, Mutex, PoisonError};

/// Every mark, in the order in which it was set.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal(Arc<Mutex<Vec<Mark>>>);

impl Journal {
    pub(super) fn take(&self) -> Vec<Mark> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Marks for Journal {
    /// HTTP/1 has no streams.
    fn of_stream(&self, _: u32) -> Self {
        self.clone()
    }

    fn mark(&self, mark: Mark) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(mark);
    }

    fn acknowledged(&self) -> Option<u64> {
        None
    }

    fn now() -> Instant {
        Instant::ZERO
    }
}
