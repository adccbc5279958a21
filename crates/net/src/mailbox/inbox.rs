//! What foreign threads ask of a shard.

use super::{ListenerMailbox, Mailbox, UdpMailbox, lock};
use crate::shard::ShardCell;
use crate::shard::registry::ShardId;
use periplus_journey::StampedMark;
use periplus_stack::ConnectionId;
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// How many marks of foreign threads wait for a driver. A mark cannot wait for room, so one more is lost, and counted.
const MARKS: usize = 4096;

/// One thing asked of a shard by a foreign thread.
pub(crate) enum Call {
    /// The stream's queues have something to carry.
    Stream(Arc<Mailbox>),
    /// Someone wants to accept, or the listener was dropped.
    Listener(Arc<ListenerMailbox>),
    /// Datagrams are to be carried, or the UDP socket was dropped.
    Udp(Arc<UdpMailbox>),
    /// A journal of a stream that itself stayed on the shard's thread.
    Mark(ConnectionId, StampedMark),
    /// Anything else: binding, connecting, a look at the counters. Runs while the shard is not borrowed.
    Run(Box<dyn FnOnce(&ShardCell) + Send>),
}

/// The shard has ended.
pub(crate) struct ShardGone;

/// A shard's inbox. Bounded by what there is: a stream, listener or UDP socket is in it once at most, marks are counted, and a
/// [`Call::Run`] has a caller that waits.
pub(crate) struct Inbox {
    shard: ShardId,
    state: Mutex<InboxState>,
}

#[derive(Default)]
struct InboxState {
    calls: VecDeque<Call>,
    marks: usize,
    marks_lost: u64,
    driver: Option<Waker>,
    closed: bool,
}

impl Inbox {
    pub(crate) fn new(shard: ShardId) -> Arc<Self> {
        Arc::new(Self {
            shard,
            state: Mutex::default(),
        })
    }

    pub(crate) fn shard(&self) -> ShardId {
        self.shard
    }

    /// Puts a call in and wakes the driver.
    pub(crate) fn send(&self, call: Call) -> Result<(), ShardGone> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(ShardGone);
        }
        if let Call::Mark(..) = call {
            if state.marks == MARKS {
                state.marks_lost += 1;
                return Ok(());
            }
            state.marks += 1;
        }
        state.calls.push_back(call);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        Ok(())
    }

    /// The driver takes what there is, in exchange for an empty queue.
    pub(crate) fn take(&self, calls: &mut VecDeque<Call>) {
        let mut state = lock(&self.state);
        mem::swap(&mut state.calls, calls);
        state.marks = 0;
    }

    /// The driver goes to sleep, unless there is a call already.
    pub(crate) fn sleep(&self, driver: &Waker) -> bool {
        let mut state = lock(&self.state);
        if !state.calls.is_empty() {
            return false;
        }
        match &mut state.driver {
            Some(waker) => waker.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
        true
    }

    /// How many marks were lost because the driver did not come to take them.
    pub(crate) fn marks_lost(&self) -> u64 {
        lock(&self.state).marks_lost
    }

    /// The shard has ended: gives back what nobody will do any more.
    pub(crate) fn close(&self) -> VecDeque<Call> {
        let mut state = lock(&self.state);
        state.closed = true;
        mem::take(&mut state.calls)
    }
}
