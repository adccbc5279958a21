//! Pacing: a window does not go out as one burst, which every queue on the path would have to hold, but spread over the round
//! trip (Linux's pacing within TCP, `sk_pacing_status`).
//!
//! What is let out at one time takes its length divided by the pace, and what comes next departs when that is over:
//!
//! ```text
//!   let out   ▇▇▇▇        ▇▇▇▇          ▇▇▇▇        ▇▇▇▇
//!             |-- length/rate --|-- length/rate --|
//!             departure    departure   (late)   departure      time ─▶
//! ```
//!
//! Until then the connection waits on the shard's timer wheel. Who came late, because the wheel turns in ticks or the processor was
//! elsewhere, is early the next time by as much, up to half of the interval (as on Linux) and never by less than a tick of the
//! wheel: otherwise each tick would slow a fast connection down.

use crate::{Connection, Context, Sysctls};
use periplus_journey::Instant;
use std::time::Duration;

/// A tick of the timer wheel that connections wait on: what would wait for less goes at once. The debt is kept, so that on average
/// the pace is held. On a path as short as that nobody waits.
pub const TIMER_TICK: Duration = Duration::from_nanos(1 << 16);

/// What is sent again goes in bursts of what the pace makes in this time: as long as a super-frame of new text. A timer for each
/// segment would be of no use to anybody.
const BURST: Duration = Duration::from_nanos(1 << 20);

/// Segments with which a connection begins that are not paced: the initial window goes at once (RFC 6928 2, as with Linux's fq).
const UNPACED: u32 = 10;

/// When the next may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacing {
    /// When what was let out last has had its time.
    departure: Instant,
    /// Something waits for that.
    waits: bool,
}

impl Pacing {
    /// Nothing went yet.
    pub(crate) fn new() -> Self {
        Self {
            departure: Instant::ZERO,
            waits: false,
        }
    }

    /// When what was let out last has had its time, in nanoseconds from `latest` on, for a connection [at rest](crate::Parked).
    /// `None` if that does not fit, or something waits.
    pub(crate) fn parked(&self, latest: Instant) -> Option<i32> {
        let (departure, latest) = (self.departure.as_nanos(), latest.as_nanos());
        let distance = departure.wrapping_sub(latest) as i64;
        match (self.waits, departure) {
            (false, 0) => Some(i32::MIN),
            (false, _) => i32::try_from(distance).ok().filter(|&it| it > i32::MIN),
            (true, _) => None,
        }
    }

    /// The same awake.
    pub(crate) fn woken(distance: i32, latest: Instant) -> Self {
        let departure = latest.as_nanos().wrapping_add_signed(distance.into());
        Self {
            departure: match distance {
                i32::MIN => Instant::ZERO,
                _ => Instant::from_nanos(departure),
            },
            waits: false,
        }
    }

    /// When something goes that waits now.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.waits.then_some(self.departure)
    }

    /// Nothing waits any more.
    pub(crate) fn stop(&mut self) {
        self.waits = false;
    }

    /// Whether new text has to wait.
    #[inline]
    pub(crate) fn is_early(&self, now: Instant) -> bool {
        self.departure >= now + TIMER_TICK
    }

    /// Whether the next has to wait, being further away than `slack`. If so, its departure is a [time-out](Self::next_timeout).
    fn must_wait(&mut self, now: Instant, slack: Duration) -> bool {
        let is_early = self.departure >= now + slack;
        self.waits |= is_early;
        is_early
    }

    /// Something goes that takes `interval` at the pace.
    fn depart(&mut self, now: Instant, interval: Duration) {
        let credit = TIMER_TICK.max(interval / 2);
        self.departure = self.departure.max(now - credit) + interval;
    }
}

impl Connection {
    /// Bytes a second at which the window would go out evenly, with what it grows by, or as many as the backend allows
    /// (`SO_MAX_PACING_RATE`). `None` before the first measurement.
    pub(crate) fn pacing_rate(&self, sysctls: &Sysctls) -> Option<u64> {
        let most = self.options.max_pacing_rate;
        let Some(srtt) = self.retransmission_timer.srtt() else {
            return most;
        };
        let cwnd = self.congestion.cwnd();
        let starting = self
            .congestion
            .ssthresh()
            .is_none_or(|ssthresh| cwnd < ssthresh / 2);
        let ratio = if starting {
            sysctls.tcp_pacing_ss_ratio
        } else {
            sysctls.tcp_pacing_ca_ratio
        };
        // A window that came down at once, as after a time-out, says nothing of the path's speed until what is out has arrived.
        let out = self
            .send_buffers
            .packets_out
            .saturating_mul(self.largest_segment);
        let window = u64::from(cwnd.max(out)) * u64::from(ratio);
        let rate = window.saturating_mul(10_000) / srtt.as_micros().max(1) as u64;
        Some(rate.min(most.unwrap_or(u64::MAX)))
    }

    /// Whether its departures have times at all.
    pub(crate) fn is_paced(&self, sysctls: &Sysctls) -> bool {
        sysctls.tcp_pacing || self.options.max_pacing_rate.is_some()
    }

    /// Whether new text has to wait for its time. The connection is woken then.
    pub(crate) fn text_is_early(&mut self, now: Instant) -> bool {
        self.pacing.must_wait(now, TIMER_TICK)
    }

    /// Whether what is to be sent again has to.
    pub(crate) fn copy_is_early(&mut self, now: Instant) -> bool {
        self.pacing.must_wait(now, BURST)
    }

    /// `length` bytes of new text were let out: whatever waited for that is looked at again.
    pub(crate) fn text_departs(&mut self, context: &Context<'_>, length: u32) {
        self.pacing.stop();
        self.departs(context, length);
    }

    /// `length` bytes go, new or again.
    pub(crate) fn departs(&mut self, context: &Context<'_>, length: u32) {
        let sysctls = context.sysctls;
        let unpaced = u64::from(UNPACED * self.largest_segment);
        if !self.is_paced(sysctls) || self.send_buffers.released < unpaced {
            return;
        }
        if self.options.max_pacing_rate.is_none() {
            let srtt = self.retransmission_timer.srtt();
            if srtt.is_none_or(|srtt| srtt < TIMER_TICK) {
                return; // all that the window allows is over within a tick
            }
            // A burst that anybody may begin with. Where losses keep the window that small, a wait for the pace comes on top of
            // that for the ACK: it cost a tenth of the goodput at 5 % loss.
            let is_small = self.congestion.cwnd() < UNPACED * self.largest_segment;
            if is_small && !self.congestion.is_in_slow_start() {
                return;
            }
        }
        if let Some(rate) = self.pacing_rate(sysctls).filter(|&rate| rate > 0) {
            let interval = u64::from(length) * 1_000_000_000 / rate;
            let interval = Duration::from_nanos(interval);
            self.pacing.depart(context.now, interval);
        }
    }

    /// Its time has come.
    pub(crate) fn pacing_timeout(&mut self) {
        self.pacing.stop();
        self.note_opportunity();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn at(milliseconds: u64) -> Instant {
        Instant::from_millis(milliseconds)
    }

    #[test]
    fn the_next_departs_when_the_last_has_had_its_time() {
        let mut pacing = Pacing::new();
        assert!(!pacing.must_wait(at(1000), TIMER_TICK));
        pacing.depart(at(1000), 4 * MILLISECOND);
        // After a silence, half of the interval is given.
        assert!(pacing.must_wait(at(1000), TIMER_TICK));
        assert_eq!(pacing.next_timeout(), Some(at(1002)));
        pacing.stop();
        assert!(!pacing.must_wait(at(1002), TIMER_TICK));
        pacing.depart(at(1002), 4 * MILLISECOND);
        assert!(pacing.must_wait(at(1003), TIMER_TICK));
        assert_eq!(pacing.next_timeout(), Some(at(1006)));
        assert!(!pacing.must_wait(at(1006) - TIMER_TICK / 2, TIMER_TICK));
    }

    #[test]
    fn who_is_late_is_early_the_next_time_by_half_an_interval_at_most() {
        for (late, next) in [(1, 1008), (2, 1008), (3, 1009), (50, 1056)] {
            let mut pacing = Pacing::new();
            pacing.departure = at(1004);
            pacing.depart(at(1004 + late), 4 * MILLISECOND);
            assert_eq!(pacing.departure, at(next), "{late} ms late");
        }
    }

    /// Ten gigabits: a super-frame takes 52 µs, less than the wheel can tell.
    #[test]
    fn ticks_do_not_slow_down_who_needs_less_than_one() {
        let interval = Duration::from_micros(52);
        let mut pacing = Pacing::new();
        let mut departed = 0;
        for tick in 1000..2000u64 {
            let now = Instant::from_nanos(tick << 16);
            while !pacing.must_wait(now, Duration::ZERO) {
                pacing.depart(now, interval);
                departed += 1;
            }
        }
        let expected = 1000 * (1 << 16) / 52_000;
        assert!(
            (expected..expected + 4).contains(&departed),
            "{departed} of {expected}"
        );
    }
}
