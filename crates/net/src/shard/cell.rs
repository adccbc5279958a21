//! One shard, as its thread holds it.

use crate::clock;
use crate::driver::gap::GapMeter;
use crate::mailbox::Inbox;
use crate::shard::Recorder;
use crate::shard::registry::ShardId;
use crate::shard::shutdown::Closing;
use crate::shard::waiters::Waiters;
use periplus_journey::{Finished, Instant, Record};
use periplus_ring::Device;
use periplus_stack::Shard;
use std::cell::RefCell;
use std::sync::Arc;
use std::task::Waker;

/// A shard with its device, its waiters and its driver's bell. Found by id in the [registry](crate::shard::registry).
pub(crate) struct ShardCell {
    inbox: Arc<Inbox>,
    state: RefCell<State>,
    /// Apart from the state: it is called while the shard is not borrowed, and may call back.
    recorder: RefCell<Option<Recorder>>,
}

/// What a call borrows.
pub(crate) struct State {
    pub(crate) shard: Shard,
    pub(crate) device: Box<dyn Device>,
    pub(crate) waiters: Waiters,
    pub(crate) gaps: GapMeter,
    /// Set while the driver sleeps.
    pub(crate) sleeper: Option<Sleeper>,
    /// The driver has something to do that the shard's output does not show.
    pub(crate) errand: bool,
    /// The shard is to end.
    pub(crate) closing: Option<Closing>,
}

/// The sleeping driver.
pub(crate) struct Sleeper {
    pub(crate) waker: Waker,
    /// When its timer rings.
    pub(crate) until: Option<Instant>,
    /// The device's ring was full: more output is no reason to wake it.
    pub(crate) awaits_room: bool,
}

impl ShardCell {
    pub(crate) fn new(
        inbox: Arc<Inbox>,
        shard: Shard,
        device: Box<dyn Device>,
        recorder: Option<Recorder>,
    ) -> Self {
        let state = State {
            shard,
            device,
            waiters: Waiters::default(),
            gaps: GapMeter::default(),
            sleeper: None,
            errand: false,
            closing: None,
        };
        Self {
            inbox,
            state: RefCell::new(state),
            recorder: RefCell::new(recorder),
        }
    }

    pub(crate) fn id(&self) -> ShardId {
        self.inbox.shard()
    }

    pub(crate) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// A call from this thread: runs `call` with the shard borrowed, and wakes the driver if that left it something to do.
    /// Wakers fire, and old ones are dropped, when the borrow has ended.
    pub(crate) fn call<R>(&self, call: impl FnOnce(&mut State, Instant) -> R) -> R {
        let now = clock::now();
        let mut state = self.state.borrow_mut();
        let result = call(&mut state, now);
        let driver = state.driver_to_wake();
        let discarded = state.waiters.discarded.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        drop(discarded);
        result
    }

    /// The driver's own borrow. It fires wakers by itself, after it.
    pub(crate) fn drive<R>(&self, round: impl FnOnce(&mut State) -> R) -> R {
        round(&mut self.state.borrow_mut())
    }

    /// Gives the records of `finished` journeys to the recorder. The shard must not be borrowed: the recorder may call it.
    pub(crate) fn record(&self, finished: &mut Vec<Finished>) {
        if finished.is_empty() {
            return;
        }
        let recorder = self.recorder.borrow_mut().take();
        if let Some(mut recorder) = recorder {
            let records = finished.drain(..).map(Record::from);
            records.for_each(&mut recorder);
            *self.recorder.borrow_mut() = Some(recorder);
        }
        finished.clear();
    }
}

impl State {
    /// The driver, if it sleeps and has something to do: frames to send, or a deadline before the one it waits for.
    fn driver_to_wake(&mut self) -> Option<Waker> {
        let sleeper = self.sleeper.as_ref()?;
        let output = self.shard.has_output() && !sleeper.awaits_room;
        let earlier = || match (self.shard.next_timeout(), sleeper.until) {
            (Some(next), Some(until)) => next < until,
            (next, None) => next.is_some(),
            (None, Some(_)) => false,
        };
        if output || self.errand || earlier() {
            return self.sleeper.take().map(|sleeper| sleeper.waker);
        }
        None
    }
}
