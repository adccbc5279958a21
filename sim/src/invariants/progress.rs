//! On a good network everything comes to its end, and something happens until it does.

use super::{Broken, Invariant};
use crate::world::World;
use periplus_journey::Instant;
use std::time::Duration;

/// The longest that a retransmission or a probe waits (RFC 6298 2.5 leaves its bound to us), and what users pause.
const PATIENCE: Duration = Duration::from_secs(120 + 60);

/// When the last connection has to be over, whatever its pace.
const END: Duration = Duration::from_secs(3600);

/// Watches a healed network.
#[derive(Debug)]
pub struct Progress {
    healed: Instant,
    /// How long the network was bad: timers have backed off as far as that.
    bad: Duration,
    seen: u64,
    last: Instant,
}

impl Progress {
    /// The network heals now, after having been bad for so long.
    pub fn new(now: Instant, bad: Duration) -> Self {
        Self {
            healed: now,
            bad,
            seen: 0,
            last: now,
        }
    }

    /// How long nothing happened.
    pub fn quiet(&self, now: Instant) -> Duration {
        now.since(self.last)
    }

    /// After each step: something may have happened.
    pub fn watch(&mut self, world: &World) {
        let seen = world.flows.iter().map(|flow| {
            let ends = [&flow.opener, &flow.acceptor];
            let over = ends.iter().filter(|user| user.is_over()).count() as u64;
            let held = ends.iter().filter(|user| user.connection().is_some());
            flow.delivered() + over + held.count() as u64 + u64::from(flow.attempts)
        });
        let peer = world.peer.iter().flat_map(|peer| &peer.connections);
        let received: u64 = peer.map(|connection| connection.received()).sum();
        let seen = seen.sum::<u64>() + received;
        if seen != self.seen {
            self.seen = seen;
            self.last = world.now;
        }
    }

    /// After each step.
    ///
    /// # Errors
    /// That nothing happens any more, or everything takes too long.
    pub fn check(&mut self, world: &World) -> Result<(), Broken> {
        self.watch(world);
        let now = world.now;
        if self.quiet(now) > PATIENCE + 2 * self.bad {
            let what = format!(
                "nothing has happened since {:?}: {}",
                self.last,
                open(world)
            );
            return Err(Invariant::Progress.broken(now, what));
        }
        if now.since(self.healed) > END {
            let what = format!(
                "{:?} after it healed: {}",
                now.since(self.healed),
                open(world)
            );
            return Err(Invariant::Progress.broken(now, what));
        }
        Ok(())
    }
}

/// The flows that are not over, in words.
pub fn open(world: &World) -> String {
    let open = world.flows.iter().filter(|flow| !flow.is_over());
    let words = open.map(|flow| {
        let user = |user: &crate::world::User| {
            format!(
                "read {}, written {} of {}, end {:?}",
                user.read,
                user.written,
                user.plan().sends,
                user.end
            )
        };
        format!(
            "flow {} is {:?}: opener {}; acceptor {}",
            flow.number,
            flow.stage,
            user(&flow.opener),
            user(&flow.acceptor)
        )
    });
    words.collect::<Vec<_>>().join("; ")
}
