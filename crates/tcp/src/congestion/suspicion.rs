//! A full path, suspected before the round-trip time of a whole round proves it. HyStart++ looks at the least time of a round, which
//! grows when the queue no longer empties: by then slow start has doubled the window once more, and Conservative Slow Start opens it to three
//! times that.
//!
//! A paced sender can know earlier. Its segments come to the bottleneck at twice the rate of the last round, and from half of the path's
//! capacity on the queue grows while they do. So where several ACKs in a row measure a longer time, the window stands still, until what is
//! sent meanwhile shows whether a queue stands, too. Jitter makes longer times, but it does not make the least of a round's times longer.

use super::AckSample;
use super::hystart::{SAMPLES, threshold};
use periplus_wire::SeqNum;
use std::num::NonZeroU8;
use std::time::Duration;

/// ACKs in a row that measured a longer time, before the first suspicion.
const IN_A_ROW: u32 = 8;
/// Longer is by this part of the least ever, and by this much at least: between hosts side by side a queue that short is none.
const PART: u32 = 8;
const LEAST: Duration = Duration::from_millis(1);

/// What is suspected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspicion {
    /// ACKs in a row that arouse it: after a false alarm twice as many as before.
    enough: u32,
    /// Those that have come.
    in_a_row: u32,
    /// The window stands still.
    proof: Option<Proof>,
}

/// What a connection [at rest](crate::Parked) keeps of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParkedSuspicion {
    /// ACKs that arouse it, as so many doublings of the first number.
    doublings: NonZeroU8,
    in_a_row: u8,
}

impl ParkedSuspicion {
    /// `None` if it holds, or does not fit.
    pub(super) fn of(suspicion: &Suspicion) -> Option<Self> {
        let times = suspicion.enough / IN_A_ROW;
        let fits =
            suspicion.proof.is_none() && suspicion.enough == IN_A_ROW << times.checked_ilog2()?;
        fits.then_some(Self {
            doublings: NonZeroU8::MIN.saturating_add(times.ilog2() as u8),
            in_a_row: suspicion.in_a_row.try_into().ok()?,
        })
    }

    pub(super) fn wake(self) -> Suspicion {
        Suspicion {
            enough: IN_A_ROW << (self.doublings.get() - 1),
            in_a_row: self.in_a_row.into(),
            proof: None,
        }
    }
}

/// What is looked at while the window stands still.
#[derive(Clone, Copy, Debug)]
struct Proof {
    /// What was sent up to here is acknowledged when the round trip is over.
    ends: SeqNum,
    /// What was sent before the window stood still is acknowledged.
    is_settled: bool,
    /// The least time of what was sent since, and how many ACKs measured one.
    least: Duration,
    samples: u8,
}

impl Suspicion {
    pub(super) fn new() -> Self {
        Self {
            enough: IN_A_ROW,
            in_a_row: 0,
            proof: None,
        }
    }

    /// Whether the window is to stand still.
    pub(super) fn holds(&self) -> bool {
        self.proof.is_some()
    }

    /// What came before says nothing of what comes now: the window was not filled.
    pub(super) fn forget(&mut self) {
        (self.in_a_row, self.proof) = (0, None);
    }

    /// An ACK measured `rtt`, where the least ever is `min_rtt`. Returns whether the path is full.
    pub(super) fn ack_arrives(
        &mut self,
        ack: &AckSample,
        rtt: Duration,
        min_rtt: Duration,
    ) -> bool {
        let Some(proof) = &mut self.proof else {
            let is_longer = rtt >= min_rtt + (min_rtt / PART).max(LEAST);
            self.in_a_row = if is_longer { self.in_a_row + 1 } else { 0 };
            if self.in_a_row >= self.enough {
                self.proof = Some(Proof::new(ack.max));
            }
            return false;
        };
        if !proof.is_over(ack, rtt) {
            return false;
        }
        // As long as what HyStart++ takes for a queue, or it was a false alarm.
        let is_full = proof.least >= min_rtt + threshold(min_rtt);
        if !is_full {
            self.forget();
            self.enough = self.enough.saturating_mul(2);
        }
        is_full
    }
}

impl Proof {
    /// Everything up to `max` was sent before.
    fn new(max: SeqNum) -> Self {
        Self {
            ends: max,
            is_settled: false,
            least: Duration::MAX,
            samples: 0,
        }
    }

    /// Whether a round trip was measured often enough.
    fn is_over(&mut self, ack: &AckSample, rtt: Duration) -> bool {
        if ack.una.after(self.ends) {
            if self.is_settled && self.samples >= SAMPLES {
                return true;
            }
            (self.is_settled, self.ends) = (true, ack.max);
        }
        if self.is_settled {
            self.least = self.least.min(rtt);
            self.samples = self.samples.saturating_add(1);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periplus_journey::Instant;

    const MIN_RTT: Duration = Duration::from_millis(80);

    /// ACKs one after the other, while a window of ten segments is out.
    struct Path {
        suspicion: Suspicion,
        una: u32,
    }

    impl Path {
        fn new() -> Self {
            Self {
                suspicion: Suspicion::new(),
                una: 0,
            }
        }

        /// The next ACK measures `rtt` milliseconds. Returns whether the path is full.
        fn ack(&mut self, rtt: u64) -> bool {
            self.una += 1;
            let ack = AckSample {
                now: Instant::ZERO,
                una: SeqNum::new(self.una),
                max: SeqNum::new(self.una + 10),
                rtt: None,
                burst: Duration::ZERO,
                paced: true,
                limited: true,
            };
            let rtt = Duration::from_millis(rtt);
            self.suspicion.ack_arrives(&ack, rtt, MIN_RTT)
        }

        /// How many ACKs come until the window stands still.
        fn until_it_holds(&mut self, rtt: u64) -> u32 {
            let before = self.una;
            while !self.suspicion.holds() {
                assert!(!self.ack(rtt));
            }
            self.una - before
        }
    }

    #[test]
    fn a_queue_that_stands_is_proved_by_what_was_sent_since() {
        let mut path = Path::new();
        assert_eq!(path.until_it_holds(90), 8);
        // Ten that were sent before may have been short or long, and ten that were sent since are long.
        for _ in 0..10 {
            assert!(!path.ack(80));
        }
        for _ in 0..11 {
            assert!(!path.ack(90));
        }
        assert!(path.ack(90));
    }

    #[test]
    fn one_short_time_is_enough_against_it_and_the_next_time_it_takes_twice_as_many() {
        let mut path = Path::new();
        for alarm in [8, 16, 32] {
            assert_eq!(path.until_it_holds(100), alarm);
            for ack in 0..22 {
                assert!(!path.ack(if ack == 15 { 89 } else { 100 }));
            }
            assert!(!path.suspicion.holds());
        }
    }

    #[test]
    fn a_few_times_prove_nothing() {
        let mut path = Path::new();
        path.until_it_holds(90);
        path.una += 100; // one ACK for all that was sent before, and then one for each flight
        for _ in 0..8 {
            path.una += 10;
            assert!(!path.ack(90));
        }
        path.una += 10;
        assert!(path.ack(90));
    }

    #[test]
    fn times_that_are_longer_now_and_then_say_nothing() {
        let mut path = Path::new();
        for ack in 0..1000 {
            assert!(!path.ack(if ack % 8 == 0 { 89 } else { 200 }));
            assert!(!path.suspicion.holds());
        }
    }

    #[test]
    fn less_than_a_millisecond_is_no_queue() {
        let mut suspicion = Suspicion::new();
        for una in 0..1000 {
            let ack = AckSample {
                now: Instant::ZERO,
                una: SeqNum::new(una),
                max: SeqNum::new(una + 10),
                rtt: None,
                burst: Duration::ZERO,
                paced: true,
                limited: true,
            };
            let rtt = Duration::from_micros(1_090);
            assert!(!suspicion.ack_arrives(&ack, rtt, Duration::from_micros(100)));
        }
        assert!(!suspicion.holds());
    }
}
