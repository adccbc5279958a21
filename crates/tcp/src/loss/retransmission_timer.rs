//! The retransmission timer of RFC 6298.

use super::round_trip_time::RoundTripTime;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::time::Duration;

/// The RTO before a round-trip time is known (RFC 6298 2.1).
pub(crate) const INITIAL_RTO: Duration = Duration::from_secs(1);
/// The RTO of a connection whose handshake told no round-trip time because a SYN was sent again (RFC 6298 5.7).
const FALLBACK_RTO: Duration = Duration::from_secs(3);
/// RFC 6298 2.5 allows any bound of at least 60 s; Linux's TCP_RTO_MAX.
pub(crate) const MAXIMUM_RTO: Duration = Duration::from_secs(120);

/// Timestamps are milliseconds.
const TIMESTAMP_TICK: Duration = Duration::from_millis(1);

/// The round-trip time, the segment being timed, and the back-off.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetransmissionTimer {
    round_trip_time: Option<RoundTripTime>,
    min_rtt: Option<Duration>,
    established: bool,
    back_off: u8,
    /// The end of the segment being timed and when it was sent. One at a time; none that was sent twice (Karn, RFC 6298 3).
    timed: Option<(SeqNum, Instant)>,
    /// When something was last sent again.
    sent_again_at: Instant,
}

impl RetransmissionTimer {
    /// SRTT, once measured.
    pub(crate) fn srtt(&self) -> Option<Duration> {
        self.round_trip_time.as_ref().map(RoundTripTime::smoothed)
    }

    /// The mean deviation of the round-trip time (RFC 6298's RTTVAR), once measured.
    pub(crate) fn rttvar(&self) -> Option<Duration> {
        self.round_trip_time.as_ref().map(RoundTripTime::deviation)
    }

    /// The least round-trip time measured.
    pub(crate) fn min_rtt(&self) -> Option<Duration> {
        self.min_rtt
    }

    /// RTO with the back-off applied.
    pub(crate) fn rto(&self) -> Duration {
        let base = match &self.round_trip_time {
            Some(round_trip_time) => round_trip_time.rto(),
            None if self.established => FALLBACK_RTO,
            None => INITIAL_RTO,
        };
        base.saturating_mul(1u32 << self.back_off.min(16))
            .min(MAXIMUM_RTO)
    }

    /// How often in a row the timer expired.
    pub(crate) fn back_off(&self) -> u32 {
        self.back_off.into()
    }

    /// The handshake is complete: its losses say nothing of the time to come.
    pub(crate) fn established(&mut self) {
        self.back_off = 0;
        self.established = true;
    }

    /// What is waited for is no acknowledgment any more, or another one.
    pub(crate) fn starts_anew(&mut self) {
        self.back_off = 0;
    }

    /// New data that ends at `end` was sent.
    pub(crate) fn sent(&mut self, end: SeqNum, now: Instant) {
        if self.timed.is_none() {
            self.timed = Some((end, now));
        }
    }

    /// Something was sent again: what is being timed can no longer be told apart from its copy (Karn's algorithm).
    pub(crate) fn sent_again(&mut self, now: Instant) {
        self.timed = None;
        self.sent_again_at = now;
    }

    /// The round-trip time of what was sent at `sent` and is acknowledged `now`, unless something was sent again since (Karn).
    pub(crate) fn round_trip(&self, sent: Instant, now: Instant) -> Option<Duration> {
        (sent > self.sent_again_at).then(|| now.since(sent))
    }

    /// Everything before `ack` is acknowledged, `max` being the end of all that was sent, and `oldest` when the first of what
    /// is newly acknowledged was sent. Every ACK measures, unless something was sent again since; else the segment that is timed
    /// does. While nothing is, because something was sent again, `echoed` tells how old the timestamp is that came
    /// back (RFC 7323 4); with neither, the back-off stays (Karn's algorithm). A timestamp from before the last copy was echoed
    /// by an ACK whose predecessors were lost, and would count the wait for the timer as part of the round trip: Linux takes
    /// it, and its RTO grows with every lost ACK.
    pub(crate) fn acknowledged(
        &mut self,
        ack: SeqNum,
        max: SeqNum,
        now: Instant,
        oldest: Option<Instant>,
        echoed: Option<Duration>,
    ) {
        let measured = match self.timed {
            _ if oldest.is_some_and(|at| at > self.sent_again_at) => oldest.map(|at| now.since(at)),
            Some((end, sent)) if ack.at_or_after(end) => Some(now.since(sent)),
            Some(_) => None,
            None => echoed.filter(|&age| age <= now.since(self.sent_again_at) + TIMESTAMP_TICK),
        };
        if let Some(r) = measured {
            self.timed = None;
            self.measured(r, ack, max);
        }
    }

    /// A round-trip time was measured by the acknowledgment of all before `una`, which ends the back-off.
    pub(crate) fn measured(&mut self, r: Duration, una: SeqNum, max: SeqNum) {
        self.back_off = 0;
        self.min_rtt = Some(self.min_rtt.map_or(r, |least| least.min(r)));
        match &mut self.round_trip_time {
            None => self.round_trip_time = Some(RoundTripTime::new(r, max)),
            Some(round_trip_time) => round_trip_time.measured(r, una, max),
        }
    }

    /// The timer expired (RFC 6298 5.5).
    pub(crate) fn expired(&mut self) {
        self.back_off = self.back_off.saturating_add(1);
        self.timed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SeqNum = SeqNum::new(1);

    #[test]
    fn back_off_doubles_to_the_bound_and_a_measurement_ends_it() {
        let mut timer = RetransmissionTimer::default();
        for expected in [2, 4, 8, 16, 32, 64, 120, 120] {
            timer.expired();
            assert_eq!(timer.rto(), Duration::from_secs(expected));
        }
        timer.acknowledged(ONE, ONE, Instant::ZERO, None, None);
        assert_eq!(timer.rto(), Duration::from_secs(120), "which copy was it?");
        timer.sent(ONE + 1, Instant::ZERO);
        timer.acknowledged(ONE + 1, ONE + 1, Instant::from_millis(100), None, None);
        assert_eq!(timer.rto(), Duration::from_millis(300));
    }

    #[test]
    fn what_was_sent_twice_is_measured_by_its_timestamp_or_not_at_all() {
        let mut timer = RetransmissionTimer::default();
        let seconds = |n| Some(Duration::from_secs(n));
        for (echoed, srtt) in [(None, None), (seconds(5), None), (seconds(1), seconds(1))] {
            timer.sent(ONE, Instant::ZERO);
            timer.sent_again(Instant::from_millis(4000));
            timer.acknowledged(ONE, ONE, Instant::from_millis(5000), None, echoed);
            assert_eq!(timer.srtt(), srtt, "{echoed:?}");
        }
    }

    #[test]
    fn a_handshake_that_told_nothing_makes_the_timer_slower() {
        let mut timer = RetransmissionTimer::default();
        timer.expired();
        timer.established();
        assert_eq!(timer.rto(), FALLBACK_RTO);
        timer.measured(Duration::from_millis(100), ONE, ONE);
        timer.established();
        assert_eq!(timer.rto(), Duration::from_millis(300));
    }
}
