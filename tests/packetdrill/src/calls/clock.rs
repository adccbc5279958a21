//! The network and the clock: how packetdrill plays the peer, and how time passes.

use crate::accounting::Packet;
use crate::adapter::Adapter;
use crate::errno::Errno;
use periplus_journey::Instant;
use std::time::Duration;

/// The moment where the clock begins, in seconds since 1970: any would do.
const EPOCH: Duration = Duration::from_secs(1_700_000_000);
/// What a look at the clock costs: packetdrill waits for the last microseconds by looking.
const LOOK: Duration = Duration::from_micros(1);

/// The time of day.
pub(crate) fn time_of_day(now: Instant) -> Duration {
    EPOCH + now.since(Instant::ZERO)
}

impl Adapter {
    /// An IP packet arrives.
    pub(crate) fn netdev_send(&self, packet: &[u8]) -> Result<(), Errno> {
        let mut world = self.enter();
        let result = world.deliver(packet);
        drop(self.hand_over(world));
        result
    }

    /// The next packet that leaves the stack. Time passes until there is one; `None`, if nothing will ever happen.
    pub(crate) fn netdev_receive(&self) -> Option<Packet> {
        let mut world = self.enter();
        loop {
            world.outbound.script_goes_on();
            if let Some(packet) = world.outbound.pop() {
                return Some(packet);
            }
            let next = world.next_event()?;
            world = self.advance(world, next);
        }
    }

    /// Time passes.
    pub(crate) fn usleep(&self, duration: Duration) {
        let world = self.enter();
        let end = world.now + duration;
        drop(self.advance(world, end));
    }

    /// What time it is.
    pub(crate) fn look_at_clock(&self) -> Duration {
        let world = self.enter();
        let end = world.now + LOOK;
        time_of_day(self.advance(world, end).now)
    }
}
