//! The retransmission timer of RFC 6298.

use super::round_trip_time::{ParkedRoundTripTime, RoundTripTime};
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

/// The round-trip time and the back-off.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetransmissionTimer {
    round_trip_time: Option<RoundTripTime>,
    min_rtt: Option<Duration>,
    established: bool,
    back_off: u8,
    /// When our SYN was sent, unless it was sent twice (Karn, RFC 6298 3).
    syn_sent: Option<Instant>,
    /// When something was last sent again.
    sent_again_at: Instant,
}

/// What a connection [at rest](crate::Parked) keeps of it that has not sent anything again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ParkedRoundTrips {
    round_trip_time: ParkedRoundTripTime,
    /// In nanoseconds; with a round-trip time only.
    min_rtt: u32,
}

impl ParkedRoundTrips {
    /// `None` if there is more to keep.
    pub(crate) fn of(timer: &RetransmissionTimer) -> Option<Self> {
        let nothing_else = timer.established
            && timer.back_off == 0
            && timer.syn_sent.is_none()
            && timer.sent_again_at == Instant::ZERO
            && timer.min_rtt.is_some() == timer.round_trip_time.is_some();
        let min_rtt = timer.min_rtt.unwrap_or_default();
        nothing_else.then_some(Self {
            round_trip_time: ParkedRoundTripTime::of(timer.round_trip_time.as_ref())?,
            min_rtt: min_rtt.as_nanos().try_into().ok()?,
        })
    }

    pub(crate) fn wake(self) -> RetransmissionTimer {
        let round_trip_time = self.round_trip_time.wake();
        let min_rtt = Duration::from_nanos(self.min_rtt.into());
        RetransmissionTimer {
            min_rtt: round_trip_time.is_some().then_some(min_rtt),
            round_trip_time,
            established: true,
            ..RetransmissionTimer::default()
        }
    }
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
    #[inline]
    pub(crate) fn rto(&self) -> Duration {
        let base = match &self.round_trip_time {
            Some(round_trip_time) => round_trip_time.rto(),
            None if self.established => FALLBACK_RTO.as_nanos() as u64,
            None => INITIAL_RTO.as_nanos() as u64,
        };
        let backed_off = base.saturating_mul(1 << self.back_off.min(16));
        Duration::from_nanos(backed_off.min(MAXIMUM_RTO.as_nanos() as u64))
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

    /// Our SYN was sent.
    pub(crate) fn syn_sent(&mut self, now: Instant) {
        self.syn_sent = Some(now);
    }

    /// Something was sent again: a SYN can no longer be told apart from its copy (Karn's algorithm).
    pub(crate) fn sent_again(&mut self, now: Instant) {
        self.syn_sent = None;
        self.sent_again_at = now;
    }

    /// Everything before `una` is acknowledged, `nxt` being the end of all that was sent. What was sent but once tells the
    /// `round_trips` of its oldest and its newest; else a SYN may; else `echoed` tells how old the timestamp is that came
    /// back (RFC 7323 4); with neither, the back-off stays (Karn's algorithm). A timestamp from before the last copy was echoed
    /// by an ACK whose predecessors were lost, and would count the wait for the timer as part of the round trip: Linux takes
    /// it, and its RTO grows with every lost ACK. Returns whether something was measured.
    #[inline]
    pub(crate) fn acknowledged(
        &mut self,
        una: SeqNum,
        nxt: SeqNum,
        now: Instant,
        round_trips: Option<(Duration, Duration)>,
        echoed: Option<Duration>,
    ) -> bool {
        let syn = self.syn_sent.take();
        let (oldest, newest) = match round_trips {
            Some(both) => both,
            None => {
                let syn = syn.map(|sent| now.since(sent));
                let one = syn.or_else(|| {
                    echoed.filter(|&age| age <= now.since(self.sent_again_at) + TIMESTAMP_TICK)
                });
                let Some(one) = one else {
                    return false;
                };
                (one, one)
            }
        };
        self.min_rtt = Some(self.min_rtt.map_or(newest, |least| least.min(newest)));
        self.measured(oldest, una, nxt);
        true
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
        let r = Duration::from_millis(100);
        timer.acknowledged(ONE + 1, ONE + 1, Instant::ZERO, Some((r, r)), None);
        assert_eq!(timer.rto(), Duration::from_millis(300));
    }

    #[test]
    fn what_was_sent_twice_is_measured_by_its_timestamp_or_not_at_all() {
        let mut timer = RetransmissionTimer::default();
        let seconds = |n| Some(Duration::from_secs(n));
        for (echoed, srtt) in [(None, None), (seconds(5), None), (seconds(1), seconds(1))] {
            timer.syn_sent(Instant::ZERO);
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
