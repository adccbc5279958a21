//! The estimate of the round-trip time (RFC 6298 2), smoothed as Linux does it.
//!
//! Where the RFC says `RTTVAR`, Linux keeps four times the mean deviation and never lets it fall below the shortest RTO: the
//! timer always stands that far behind SRTT, and no delayed ACK lies beyond it.

use periplus_wire::SeqNum;
use std::time::Duration;

/// RFC 6298 2.4 asks for an RTO of a second at least; Linux and FreeBSD, with finer clocks than that document had in mind, use
/// 200 ms and 230 ms. We side with Linux (TCP_RTO_MIN), also in that it is a bound of the variation, not of the sum.
pub(crate) const MINIMUM_RTO: Duration = Duration::from_millis(200);

/// [`MINIMUM_RTO`] in nanoseconds.
const LEAST_VARIATION: u64 = MINIMUM_RTO.as_nanos() as u64;
/// No round trip counts as longer than an hour: sums of several never overflow.
const LONGEST: u64 = 3_600_000_000_000;

/// SRTT and what it varies by, in nanoseconds: they are reckoned anew with nearly every ACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTripTime {
    srtt: u64,
    /// Four times the mean deviation.
    deviation: u64,
    /// The largest `deviation` of this round trip.
    largest_deviation: u64,
    /// Four times RTTVAR: follows the largest deviation at once when it grows, and slowly when it falls.
    variation: u64,
    /// A round trip ends when this is acknowledged.
    round_trip_ends: SeqNum,
}

/// The same in half of the memory, while no round trip takes longer than four seconds: what a connection [at
/// rest](crate::Parked) keeps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ParkedRoundTripTime {
    srtt: u32,
    deviation: u32,
    largest_deviation: u32,
    /// 0 where nothing was measured yet: it is never so small.
    variation: u32,
    round_trip_ends: SeqNum,
}

impl ParkedRoundTripTime {
    /// `None` if it does not fit.
    pub(super) fn of(measured: Option<&RoundTripTime>) -> Option<Self> {
        let Some(measured) = measured else {
            return Some(Self::default());
        };
        Some(Self {
            srtt: measured.srtt.try_into().ok()?,
            deviation: measured.deviation.try_into().ok()?,
            largest_deviation: measured.largest_deviation.try_into().ok()?,
            variation: measured.variation.try_into().ok()?,
            round_trip_ends: measured.round_trip_ends,
        })
    }

    pub(super) fn wake(self) -> Option<RoundTripTime> {
        (self.variation > 0).then(|| RoundTripTime {
            srtt: self.srtt.into(),
            deviation: self.deviation.into(),
            largest_deviation: self.largest_deviation.into(),
            variation: self.variation.into(),
            round_trip_ends: self.round_trip_ends,
        })
    }
}

fn nanoseconds(r: Duration) -> u64 {
    let whole = r.as_secs().min(LONGEST / 1_000_000_000) * 1_000_000_000;
    whole + u64::from(r.subsec_nanos())
}

impl RoundTripTime {
    /// The first measurement (RFC 6298 2.2), while `max` is the end of what is in flight.
    pub(crate) fn new(r: Duration, max: SeqNum) -> Self {
        let r = nanoseconds(r);
        let variation = (2 * r).max(LEAST_VARIATION);
        Self {
            srtt: r,
            deviation: 2 * r,
            largest_deviation: variation,
            variation,
            round_trip_ends: max,
        }
    }

    /// Another measurement (RFC 6298 2.3: alpha 1/8, beta 1/4).
    #[inline]
    pub(crate) fn measured(&mut self, r: Duration, una: SeqNum, max: SeqNum) {
        let r = nanoseconds(r);
        let error = r.abs_diff(self.srtt);
        let quarter = self.deviation / 4;
        if error > quarter && r < self.srtt {
            // A sudden fall must not look like a growing variation (RFC 3522's authors on Linux's timer).
            self.deviation += (error - quarter) / 8;
        } else {
            self.deviation = self.deviation + error - quarter;
        }
        self.srtt = (7 * self.srtt + r) / 8;
        self.largest_deviation = self.largest_deviation.max(self.deviation);
        self.variation = self.variation.max(self.largest_deviation);
        if una.after(self.round_trip_ends) {
            self.variation -= (self.variation - self.largest_deviation) / 4;
            self.round_trip_ends = max;
            self.largest_deviation = LEAST_VARIATION;
        }
    }

    /// SRTT.
    #[inline]
    pub(crate) fn smoothed(&self) -> Duration {
        Duration::from_nanos(self.srtt)
    }

    /// The mean deviation.
    pub(crate) fn deviation(&self) -> Duration {
        Duration::from_nanos(self.deviation / 4)
    }

    /// The RTO without a back-off (RFC 6298 2.3), in nanoseconds.
    #[inline]
    pub(crate) fn rto(&self) -> u64 {
        self.srtt + self.variation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn at(n: u32) -> SeqNum {
        SeqNum::new(n)
    }

    #[test]
    fn the_first_measurement_makes_an_rto_of_three_times_itself() {
        let rtt = RoundTripTime::new(milliseconds(400), at(1));
        assert_eq!(rtt.smoothed(), milliseconds(400));
        assert_eq!(rtt.deviation(), milliseconds(200));
        assert_eq!(rtt.rto(), nanoseconds(milliseconds(1200)));
    }

    #[test]
    fn later_ones_are_smoothed() {
        let mut rtt = RoundTripTime::new(milliseconds(400), at(1));
        rtt.measured(milliseconds(480), at(1), at(2));
        assert_eq!(rtt.smoothed(), milliseconds(410));
        assert_eq!(rtt.deviation(), milliseconds(170));
        assert_eq!(rtt.rto(), nanoseconds(milliseconds(410 + 800))); // the variation falls only when the round trip is over
        rtt.measured(milliseconds(410), at(2), at(3));
        assert_eq!(rtt.rto(), nanoseconds(milliseconds(410 + 800)));
    }

    #[test]
    fn on_a_fast_path_the_timer_stays_200_ms_behind() {
        let mut rtt = RoundTripTime::new(milliseconds(10), at(1));
        for n in 1..100 {
            rtt.measured(milliseconds(10), at(n + 1), at(n + 1));
        }
        assert_eq!(rtt.rto(), nanoseconds(milliseconds(210)));
    }

    #[test]
    fn a_sudden_fall_of_the_round_trip_time_hardly_raises_the_rto() {
        let mut rtt = RoundTripTime::new(milliseconds(400), at(1));
        for n in 1..40 {
            rtt.measured(milliseconds(400), at(n + 1), at(n + 1));
        }
        let before = rtt.rto();
        rtt.measured(milliseconds(100), at(50), at(50));
        assert!(rtt.rto() < before, "{:?} after {before:?}", rtt.rto());
    }
}
