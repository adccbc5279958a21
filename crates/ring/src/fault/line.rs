//! The frames that are on the link: how long each takes, and in what order they come out.

use super::FaultOptions;
use crate::Arrival;
use periplus_journey::Instant;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Default)]
pub(super) struct Line {
    /// By when they are due; of those due at once the first to enter leaves first.
    frames: BTreeMap<(Instant, u64), Arrival>,
    /// Frames that entered so far.
    entered: u64,
    /// When the last bit of what entered will have been sent.
    busy_until: Instant,
}

impl Line {
    /// Puts a frame on the link at `now`, to arrive `delay` after its last bit was sent. False, and it is lost,
    /// when there are too many.
    pub(super) fn enter(
        &mut self,
        options: &FaultOptions,
        mut arrival: Arrival,
        now: Instant,
        delay: Duration,
    ) -> bool {
        let longest = options.longest_wait.unwrap_or(Duration::MAX);
        if self.frames.len() >= options.limit || self.waiting_time(now) > longest {
            return false;
        }
        let sent = self.busy_until.max(now) + sending_time(options.rate, arrival.frame.len());
        self.busy_until = sent;
        let due = sent + delay;
        arrival.arrived = arrival.arrived.map(|_| due);
        self.frames.insert((due, self.entered), arrival);
        self.entered += 1;
        true
    }

    /// The next frame that has arrived by `now`.
    pub(super) fn leave(&mut self, now: Instant) -> Option<Arrival> {
        let next = self.frames.first_entry()?;
        (next.key().0 <= now).then(|| next.remove())
    }

    /// When the next frame arrives.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.frames.first_key_value().map(|(&(due, _), _)| due)
    }

    /// Frames on the link.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// How long a frame that comes now waits until those before it are sent.
    pub(super) fn waiting_time(&self, now: Instant) -> Duration {
        self.busy_until.since(now)
    }
}

fn sending_time(rate: Option<u64>, bytes: usize) -> Duration {
    let Some(rate) = rate else {
        return Duration::ZERO;
    };
    let nanoseconds = bytes as u128 * 8 * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
