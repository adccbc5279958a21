//! The retransmission timer of RFC 6298.

use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::time::Duration;

/// The RTO before a round-trip time is known (RFC 6298 2.1).
pub(crate) const INITIAL_RTO: Duration = Duration::from_secs(1);
/// RFC 6298 2.4 asks for a second; Linux and FreeBSD, with finer clocks than that document had in mind, use 200 ms and
/// 230 ms. We side with Linux.
const MINIMUM_RTO: Duration = Duration::from_millis(200);
/// RFC 6298 2.5 allows any bound of at least 60 s; Linux's TCP_RTO_MAX.
const MAXIMUM_RTO: Duration = Duration::from_secs(120);
/// G, the clock's granularity: a tick of the timer wheel.
const GRANULARITY: Duration = Duration::from_nanos(1 << 16);

/// SRTT, RTTVAR and RTO, the segment being timed, and the back-off.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetransmissionTimer {
    srtt: Option<Duration>,
    rttvar: Duration,
    min_rtt: Option<Duration>,
    back_off: u32,
    /// The end of the segment being timed and when it was sent. One at a time; none that was sent twice (Karn, RFC 6298 3).
    timed: Option<(SeqNum, Instant)>,
}

impl RetransmissionTimer {
    /// SRTT, once measured.
    pub(crate) fn srtt(&self) -> Option<Duration> {
        self.srtt
    }

    /// RTTVAR, once measured.
    pub(crate) fn rttvar(&self) -> Option<Duration> {
        self.srtt.map(|_| self.rttvar)
    }

    /// The least round-trip time measured.
    pub(crate) fn min_rtt(&self) -> Option<Duration> {
        self.min_rtt
    }

    /// RTO with the back-off applied.
    pub(crate) fn rto(&self) -> Duration {
        let base = match self.srtt {
            None => INITIAL_RTO,
            Some(srtt) => (srtt + GRANULARITY.max(4 * self.rttvar)).max(MINIMUM_RTO),
        };
        base.saturating_mul(1u32 << self.back_off.min(16))
            .min(MAXIMUM_RTO)
    }

    /// How often in a row the timer expired.
    pub(crate) fn back_off(&self) -> u32 {
        self.back_off
    }

    /// New data that ends at `end` was sent.
    pub(crate) fn sent(&mut self, end: SeqNum, now: Instant) {
        if self.timed.is_none() {
            self.timed = Some((end, now));
        }
    }

    /// Something was sent again: what is being timed can no longer be told apart from its copy (Karn's algorithm).
    pub(crate) fn sent_again(&mut self) {
        self.timed = None;
    }

    /// Everything before `ack` is acknowledged. Takes the measurement, if that was what was timed.
    pub(crate) fn acknowledged(&mut self, ack: SeqNum, now: Instant) {
        self.back_off = 0;
        if let Some((end, sent)) = self.timed
            && ack.at_or_after(end)
        {
            self.timed = None;
            self.measured(now.since(sent));
        }
    }

    /// A round-trip time was measured (RFC 6298 2.2, 2.3: alpha 1/8, beta 1/4).
    pub(crate) fn measured(&mut self, r: Duration) {
        self.min_rtt = Some(self.min_rtt.map_or(r, |least| least.min(r)));
        match self.srtt {
            None => {
                self.srtt = Some(r);
                self.rttvar = r / 2;
            }
            Some(srtt) => {
                self.rttvar = (3 * self.rttvar + srtt.abs_diff(r)) / 4;
                self.srtt = Some((7 * srtt + r) / 8);
            }
        }
    }

    /// The timer expired (RFC 6298 5.5).
    pub(crate) fn expired(&mut self) {
        self.back_off += 1;
        self.timed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn the_first_measurement_sets_both_and_later_ones_are_smoothed() {
        let mut timer = RetransmissionTimer::default();
        assert_eq!(timer.rto(), INITIAL_RTO);
        timer.measured(milliseconds(400));
        assert_eq!(
            (timer.srtt(), timer.rttvar),
            (Some(milliseconds(400)), milliseconds(200))
        );
        assert_eq!(timer.rto(), milliseconds(1200));
        timer.measured(milliseconds(480));
        assert_eq!(
            (timer.srtt(), timer.rttvar),
            (Some(milliseconds(410)), milliseconds(170))
        );
    }

    #[test]
    fn back_off_doubles_to_the_bound_and_an_ack_ends_it() {
        let mut timer = RetransmissionTimer::default();
        for expected in [2, 4, 8, 16, 32, 64, 120, 120] {
            timer.expired();
            assert_eq!(timer.rto(), Duration::from_secs(expected));
        }
        timer.acknowledged(SeqNum::new(1), Instant::ZERO);
        assert_eq!(timer.rto(), INITIAL_RTO);
    }

    #[test]
    fn what_was_sent_twice_is_not_measured() {
        let mut timer = RetransmissionTimer::default();
        timer.sent(SeqNum::new(100), Instant::ZERO);
        timer.sent_again();
        timer.acknowledged(SeqNum::new(100), Instant::from_millis(5000));
        assert_eq!(timer.srtt(), None);
    }
}
