//! What a connection's data waited for: the times that Linux calls a chronograph.

use periplus_journey::Instant;
use std::time::Duration;

/// What holds up the data that is written and not yet acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// There is none.
    Idle,
    /// The network: it is on its way, or the congestion window is full.
    Busy,
    /// The peer's window.
    ReceiveWindow,
    /// All of it is out, the windows have room, and the backend waits for room in the send queue.
    SendBuffer,
}

/// How long each limit was the one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chronograph {
    since: Instant,
    /// Nanoseconds of [`Limit::Busy`], [`Limit::ReceiveWindow`] and [`Limit::SendBuffer`].
    spent: [u64; 3],
    limit: Limit,
}

impl Chronograph {
    /// Stopped.
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::ZERO,
            spent: [0; 3],
            limit: Limit::Idle,
        }
    }

    /// Whether the window or the send buffer ever held the backend up.
    pub(crate) fn was_held_up(&self) -> bool {
        self.spent[1..] != [0, 0]
    }

    /// Nanoseconds with data waiting that neither held up: all there is to say of a connection [at rest](crate::Parked) of which that was
    /// never so.
    pub(crate) fn busy(&self) -> u64 {
        self.spent[0]
    }

    /// That connection's.
    pub(crate) fn woken(busy: u64) -> Self {
        Self {
            spent: [busy, 0, 0],
            ..Self::new()
        }
    }

    /// What holds up now.
    pub(crate) fn limit(&self) -> Limit {
        self.limit
    }

    /// From now on it is this.
    pub(crate) fn turn(&mut self, now: Instant, limit: Limit) {
        if self.limit == limit {
            return;
        }
        self.spent = self.times(now);
        self.since = now;
        self.limit = limit;
    }

    fn times(&self, now: Instant) -> [u64; 3] {
        let mut spent = self.spent;
        let running = match self.limit {
            Limit::Idle => return spent,
            Limit::Busy => 0,
            Limit::ReceiveWindow => 1,
            Limit::SendBuffer => 2,
        };
        spent[running] += now.since(self.since).as_nanos() as u64;
        spent
    }

    /// Times with data waiting: all of it, held up by the peer's window, held up by the send buffer.
    pub(crate) fn read(&self, now: Instant) -> [Duration; 3] {
        let [busy, window, buffer] = self.times(now);
        [busy + window + buffer, window, buffer].map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_holds_the_limited_times() {
        let at = Instant::from_millis;
        let mut chronograph = Chronograph::new();
        chronograph.turn(at(10), Limit::Busy);
        chronograph.turn(at(13), Limit::ReceiveWindow);
        chronograph.turn(at(13), Limit::ReceiveWindow);
        chronograph.turn(at(18), Limit::SendBuffer);
        chronograph.turn(at(20), Limit::Idle);
        chronograph.turn(at(100), Limit::Busy);
        assert_eq!(
            chronograph.read(at(101)),
            [11, 5, 2].map(Duration::from_millis)
        );
    }
}
