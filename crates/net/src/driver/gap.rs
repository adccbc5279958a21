//! How long frames waited in the ring because the shard was elsewhere.

use periplus_journey::{Histogram, Instant};

/// Measures `shard_gap`: the time between two looks at the ring while frames were waiting. A shard that is busy elsewhere
/// does not stamp what it does not do; this is how its overload is seen all the same.
#[derive(Default)]
pub(crate) struct GapMeter {
    histogram: Histogram,
    /// The last look, unless the driver slept since.
    last_look: Option<Instant>,
}

impl GapMeter {
    /// The driver looked at the ring at `now`. `waiting_since` says since when its oldest frame was there; `None` if it was
    /// empty, or the device does not say.
    pub(crate) fn look(&mut self, now: Instant, found: bool, waiting_since: Option<Instant>) {
        if found {
            let from = match (self.last_look, waiting_since) {
                (Some(look), Some(arrival)) => Some(look.max(arrival)),
                (look, arrival) => arrival.or(look),
            };
            // Without either, a device that does not stamp woke a sleeping driver: nothing is known of the wait.
            if let Some(from) = from {
                self.histogram.record(now.since(from));
            }
        }
        self.last_look = Some(now);
    }

    /// The ring was empty and the driver goes to sleep: time until it wakes is not a gap.
    pub(crate) fn sleep(&mut self) {
        self.last_look = None;
    }

    /// The gaps so far.
    pub(crate) fn histogram(&self) -> &Histogram {
        &self.histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(milliseconds: u64) -> Instant {
        Instant::from_millis(milliseconds)
    }

    #[test]
    fn the_gap_of_a_busy_shard_is_the_time_since_its_last_look() {
        let mut gaps = GapMeter::default();
        gaps.look(at(10), false, None);
        gaps.look(at(17), true, None);
        assert_eq!(gaps.histogram().max(), Duration::from_millis(7));
    }

    #[test]
    fn a_frame_that_came_since_counts_from_its_arrival() {
        let mut gaps = GapMeter::default();
        gaps.look(at(10), false, None);
        gaps.look(at(17), true, Some(at(15)));
        assert_eq!(gaps.histogram().max(), Duration::from_millis(2));
    }

    #[test]
    fn sleep_is_no_gap() {
        let mut gaps = GapMeter::default();
        gaps.look(at(10), false, None);
        gaps.sleep();
        gaps.look(at(5000), true, None);
        assert_eq!(gaps.histogram().count(), 0);
        gaps.sleep();
        gaps.look(at(9000), true, Some(at(8999)));
        assert_eq!(gaps.histogram().max(), Duration::from_millis(1));
    }
}
