//! The task that joins a shard to a device.
//!
//! A round of it: what has arrived goes in, due timers run, foreign calls are served, what is to be sent goes out. When a
//! round finds nothing left to do, the driver sleeps until the device has a frame or, if that was what was missing, room;
//! until the next deadline; or until a call leaves it something to do. An idle shard costs nothing.

pub(crate) mod gap;
mod pump;
mod round;
mod timer;

pub(crate) use timer::Timer;

use crate::clock;
use crate::mailbox::{Call, Inbox};
use crate::shard::registry;
use crate::shard::waiters::Discarded;
use crate::shard::{ShardCell, Snapshot};
use periplus_journey::Finished;
use periplus_ring::RxBurst;
use periplus_stack::Ready;
use round::Next;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// How many rounds are made before the runtime's other tasks get their turn.
const ROUNDS: usize = 4;

/// The driver of one shard. The shard itself lies in its thread's registry, so that this is `Send` and an ordinary task.
pub(crate) struct Driver {
    inbox: Arc<Inbox>,
    timer: Timer,
    burst: RxBurst,
    calls: VecDeque<Call>,
    ready: Vec<Ready>,
    finished: Vec<Finished>,
    wakers: Vec<Waker>,
    discarded: Option<Box<Discarded>>,
}

impl Driver {
    pub(crate) fn new(inbox: Arc<Inbox>, timer: Timer) -> Self {
        Self {
            inbox,
            timer,
            burst: RxBurst::default(),
            calls: VecDeque::new(),
            ready: Vec::new(),
            finished: Vec::new(),
            wakers: Vec::new(),
            discarded: None,
        }
    }

    /// What a round left to be done outside: tasks are woken, calls run and records are given away while the shard is not
    /// borrowed, because all of them may call it.
    fn settle(&mut self, cell: &ShardCell) {
        self.wakers.drain(..).for_each(Waker::wake);
        self.discarded = None;
        for call in self.calls.drain(..) {
            if let Call::Run(call) = call {
                call(cell);
            }
        }
        cell.record(&mut self.finished);
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        // Not found: the runtime is driven from another thread than the one the shard lives on.
        let Some(cell) = registry::find(driver.inbox.shard()) else {
            return Poll::Ready(());
        };
        for _ in 0..ROUNDS {
            let next = driver.round(&cell, context);
            driver.settle(&cell);
            match next {
                Next::Round => continue,
                Next::Sleep => return Poll::Pending,
                Next::End => return Poll::Ready(()),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The shard ends with its driver, whether that came to its end or the runtime was dropped: the last records are flushed,
/// and whoever waits is told.
impl Drop for Driver {
    fn drop(&mut self) {
        let mut calls = self.inbox.close();
        calls.extend(self.calls.drain(..));
        if let Some(cell) = registry::remove(self.inbox.shard()) {
            let (snapshot, closing) = cell.drive(|state| {
                // No journey is lost in silence, not even when the runtime is dropped under it.
                state.shard.cut_off(clock::now());
                state.shard.take_finished(&mut self.finished);
                state.waiters.end_all(&mut self.wakers);
                (Snapshot::of(state, &self.inbox), state.closing.take())
            });
            cell.record(&mut self.finished);
            for reply in closing.into_iter().flat_map(|closing| closing.replies) {
                let _ = reply.send(snapshot.clone());
            }
        }
        for call in calls {
            match call {
                Call::Stream(mailbox) => mailbox.end(&mut self.wakers),
                Call::Listener(mailbox) => mailbox.end(&mut self.wakers),
                Call::Udp(mailbox) => mailbox.end(&mut self.wakers),
                // Their callers see that nobody answers.
                Call::Mark(..) | Call::Run(_) => {}
            }
        }
        self.wakers.drain(..).for_each(Waker::wake);
    }
}
