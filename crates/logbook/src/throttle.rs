//! The first journey, then at most one a second.

use periplus_journey::Instant;
use std::time::Duration;

/// Decides which journeys are shown to somebody who reads along: the first at once, then at most one in each interval,
/// and how many were not shown is told. Deterministic: `now` is an argument.
#[derive(Clone, Debug)]
pub struct Throttle {
    interval: Duration,
    /// When the next may be shown; `None` before the first.
    free_at: Option<Instant>,
    not_shown: u64,
}

impl Throttle {
    /// At most one in `interval`.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            free_at: None,
            not_shown: 0,
        }
    }

    /// Whether a journey that comes `now` is shown. If not, it is counted.
    pub fn admits(&mut self, now: Instant) -> bool {
        let admitted = self.free_at.is_none_or(|free_at| now >= free_at);
        if admitted {
            self.free_at = Some(now + self.interval);
        } else {
            self.not_shown += 1;
        }
        admitted
    }

    /// How many were not shown since this was last asked.
    pub fn take_not_shown(&mut self) -> u64 {
        std::mem::take(&mut self.not_shown)
    }

    /// When to say how many were not shown, if nothing is shown before that; `None` if there were none.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.free_at.filter(|_| self.not_shown > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Instant {
        Instant::from_millis(milliseconds)
    }

    #[test]
    fn the_first_is_shown_then_one_a_second_and_the_rest_is_counted() {
        let mut throttle = Throttle::new(Duration::from_secs(1));
        assert!(throttle.admits(at(50)));
        assert_eq!(throttle.next_timeout(), None);
        assert!(!throttle.admits(at(60)));
        assert!(!throttle.admits(at(1_049)));
        assert_eq!(throttle.next_timeout(), Some(at(1_050)));
        assert!(throttle.admits(at(1_050)));
        assert_eq!(throttle.take_not_shown(), 2);
        assert_eq!(throttle.take_not_shown(), 0);
        assert_eq!(throttle.next_timeout(), None);
        assert!(!throttle.admits(at(1_051)));
        assert_eq!(throttle.next_timeout(), Some(at(2_050)));
    }

    #[test]
    fn the_first_is_shown_even_at_the_clocks_start() {
        assert!(Throttle::new(Duration::from_secs(1)).admits(Instant::ZERO));
    }
}
