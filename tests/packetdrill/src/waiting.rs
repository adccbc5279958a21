//! Calls that wait. packetdrill plays its script in one thread, and a call that takes time in a second one. The first moves
//! the clock; the second sleeps on a condition variable, outside the world's lock, where packetdrill sees it sleep.
//!
//! Before a script's end, and before most calls, packetdrill waits for the second thread's call to be over, for at most a second of
//! real time. It moves no clock then: while the first thread is in that wait, the second moves on to what happens next.
//!
//! Time must not pass while a woken thread is on its way back: it has to read the clock first. So whoever changes something
//! lets every waiting thread look at it before going on, and waits for those that return until they have made their next
//! call, which is packetdrill's look at the clock.

use crate::adapter::{Adapter, Guard};
use crate::errno::Errno;
use crate::world::World;
use periplus_journey::Instant;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::thread::{self, ThreadId};
use std::time::Duration;

/// How long a thread is waited for that does not come back, in real time. It only ends a hang: nothing may be learnt from how long
/// a busy machine leaves a thread aside.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often, in real time, a thread that waits looks at what the driver does: it does not tell when it begins to wait elsewhere.
const LOOK: Duration = Duration::from_millis(10);

/// How long a call may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// Not at all: the error that says so.
    None(Errno),
    /// Until then.
    Until(Instant, Errno),
    /// For ever.
    Forever,
}

impl Limit {
    /// What a call that has waited until `now` is told, if that was long enough.
    fn over(self, now: Instant) -> Option<Errno> {
        match self {
            Limit::None(errno) => Some(errno),
            Limit::Until(deadline, errno) => (deadline <= now).then_some(errno),
            Limit::Forever => None,
        }
    }

    fn deadline(self) -> Option<Instant> {
        match self {
            Limit::Until(deadline, _) => Some(deadline),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Waiter {
    /// The last change it has looked at.
    seen: u64,
    deadline: Option<Instant>,
}

/// Who waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The thread that moves the clock, and the kernel's number of it.
    driver: ThreadId,
    driver_number: libc::pid_t,
    /// Counts the changes.
    changes: u64,
    waiters: HashMap<ThreadId, Waiter>,
    /// Threads whose call is over and that have not made another.
    returning: HashSet<ThreadId>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            driver: thread::current().id(),
            // SAFETY: no memory is involved.
            driver_number: unsafe { libc::gettid() },
            changes: 0,
            waiters: HashMap::new(),
            returning: HashSet::new(),
        }
    }
}

impl Waiting {
    fn is_driver(&self) -> bool {
        self.driver == thread::current().id()
    }

    /// Whether the driver waits for the second thread's call to be over: in a wait on memory that has an end, which is what
    /// `pthread_cond_timedwait` asks of the kernel. packetdrill waits for locks, for processes and for anything else without one.
    fn does_driver_wait(&self) -> bool {
        let path = format!("/proc/self/task/{}/syscall", self.driver_number);
        // the number of the call and its arguments, of which futex's fourth is where the time stands; or "running"
        fs::read_to_string(path).is_ok_and(|call| {
            let words: Vec<_> = call.split(' ').collect();
            words[0] == libc::SYS_futex.to_string()
                && words.get(4).is_some_and(|time| *time != "0x0")
        })
    }

    fn is_settled(&self) -> bool {
        self.returning.is_empty()
            && self
                .waiters
                .values()
                .all(|waiter| waiter.seen == self.changes)
    }

    /// When the first of them has waited long enough.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiters
            .values()
            .filter_map(|waiter| waiter.deadline)
            .min()
    }
}

impl Adapter {
    /// The world, for the calling thread's next call.
    pub(crate) fn enter(&self) -> Guard<'_> {
        let mut world = self.lock();
        if world.waiting.returning.remove(&thread::current().id()) {
            self.changed.notify_all();
        }
        world.read_sysctls();
        world
    }

    /// A call that does not wait.
    pub(crate) fn call<T>(
        &self,
        call: impl FnOnce(&mut World) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let mut world = self.enter();
        world.outbound.script_goes_on();
        let result = call(&mut world);
        world.run();
        drop(self.hand_over(world));
        result
    }

    /// A call that waits as long as `attempt` gives nothing. The first attempt is told `limit` for it.
    pub(crate) fn wait<T>(
        &self,
        limit: impl FnOnce(&mut World) -> Result<Limit, Errno>,
        mut attempt: impl FnMut(&mut World) -> Result<Option<T>, Errno>,
    ) -> Result<T, Errno> {
        let mut world = self.enter();
        world.outbound.script_goes_on();
        let limit = limit(&mut world)?;
        let result = loop {
            let outcome = attempt(&mut world);
            world.run();
            match outcome {
                Ok(Some(value)) => break Ok(value),
                Ok(None) => {}
                Err(errno) => break Err(errno),
            }
            if let Some(errno) = limit.over(world.now) {
                break Err(errno);
            }
            if world.waiting.is_driver() {
                let Some(next) = Instant::earliest([world.next_event(), limit.deadline()]) else {
                    break Err(Errno(libc::EDEADLK)); // it would never return
                };
                world = self.advance(world, next);
            } else {
                world = self.sleep(world, limit.deadline());
            }
        };
        let me = thread::current().id();
        if world.waiting.waiters.remove(&me).is_some() {
            world.waiting.returning.insert(me);
            self.changed.notify_all();
        }
        drop(self.hand_over(world));
        result
    }

    /// Sleeps until something has changed, or the driver waits for this call to be over and nobody would change anything.
    fn sleep<'a>(&'a self, mut world: Guard<'a>, deadline: Option<Instant>) -> Guard<'a> {
        let seen = world.waiting.changes;
        let waiter = Waiter { seen, deadline };
        world.waiting.waiters.insert(thread::current().id(), waiter);
        self.changed.notify_all();
        while world.waiting.changes == seen {
            let (woken, outcome) = self
                .changed
                .wait_timeout(world, LOOK)
                .expect("no call has panicked");
            world = woken;
            if outcome.timed_out()
                && world.waiting.changes == seen
                && world.waiting.is_settled()
                && world.waiting.does_driver_wait()
                && let Some(next) = world.next_event()
            {
                world.now = world.now.max(next);
                return world;
            }
        }
        world
    }

    /// Something has changed: every thread that waits looks at it, and those whose calls are over by it return.
    pub(crate) fn hand_over<'a>(&'a self, mut world: Guard<'a>) -> Guard<'a> {
        if !world.waiting.is_driver() {
            return world;
        }
        if !world.waiting.waiters.is_empty() {
            world.waiting.changes += 1;
            self.changed.notify_all();
        }
        while !world.waiting.is_settled() {
            let (settled, outcome) = self
                .changed
                .wait_timeout(world, PATIENCE)
                .expect("no call has panicked");
            world = settled;
            if outcome.timed_out() {
                world.waiting.returning.clear();
                break;
            }
        }
        world
    }

    /// Moves the clock to `end`. What happens on the way happens at its own moment, one after the other.
    pub(crate) fn advance<'a>(&'a self, mut world: Guard<'a>, end: Instant) -> Guard<'a> {
        world = self.hand_over(world);
        while let Some(next) = world.next_event().filter(|&next| next <= end) {
            world.now = world.now.max(next);
            world.run();
            world = self.hand_over(world);
        }
        world.now = world.now.max(end);
        world
    }
}
