//! Runs a future by hand, so that a test sees when it is stuck.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

/// More polls without outside help than any honest future needs.
const TOO_MANY_POLLS: usize = 100_000;

/// A future and whether it has been woken since it was last polled.
pub(crate) struct Runner<F: Future> {
    /// Gone when it is done, as a task's future is.
    future: Option<Pin<Box<F>>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<F: Future> Runner<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future: Some(Box::pin(future)),
            woken: Arc::new(Woken(AtomicBool::new(true))),
        }
    }

    /// Polls until the future waits for something from outside. `true` if it is done.
    pub(crate) fn run(&mut self) -> bool {
        let waker = Waker::from(self.woken.clone());
        let mut polls = 0;
        while let Some(future) = &mut self.future
            && self.woken.0.swap(false, Ordering::Relaxed)
        {
            polls += 1;
            assert!(
                polls < TOO_MANY_POLLS,
                "the future keeps waking itself and gets nowhere"
            );
            if future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                self.future = None;
            }
        }
        self.future.is_none()
    }
}

/// Runs a test that needs tasks and timers. The clock stands still while anything can be done, and leaps when all waits.
pub(crate) fn block_on<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be made");
    tokio::task::LocalSet::new().block_on(&runtime, test)
}
