//! CUBIC (RFC 9438): after a loss the window returns to where it was, slowly near that point, and explores beyond it, all in
//! time instead of in round trips.
//!
//! Windows are in segments. Times are in units of 1/1024 s where they are cubed, so that whole numbers suffice.

use super::hystart::{HyStart, LOW_WINDOW};
use super::hystart_plus_plus::{HyStartPlusPlus, ParkedHyStart};
use super::window::{parked_time, woken_time};
use super::{AckSample, CongestionControl};
use periplus_journey::Instant;
use std::time::Duration;

/// The bit of `hystart_detect` that asks for RFC 9406 instead of what Linux does, and the one that asks for a suspicion beside it.
const PLUS_PLUS: u8 = 4;
const SUSPICIOUS: u8 = 8;
/// Beta_cubic, 0.7 (RFC 9438 4.6), in 1024ths, as Linux rounds it.
const BETA: u32 = 717;
/// Before a first loss tells where to return to, the window opens by a twentieth a round trip at least (Linux).
const SLOWEST_BEFORE_LOSS: u32 = 20;
/// After an idle time, or a recovery, the first second's round trips are those of queues that are not there yet or still.
const UNSETTLED: Duration = Duration::from_secs(1);
/// So long a reckoning holds while the window stays as it is, as on Linux.
const PAUSE: Duration = Duration::from_millis(31);

/// How slow start looks for its end.
#[derive(Clone, Copy, Debug)]
enum SlowStart {
    Unwatched,
    HyStart(HyStart),
    PlusPlus(HyStartPlusPlus),
}

/// RFC 9438's variables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cubic {
    /// W_max: the window before the last reduction, less if it had not come back to the one before (fast convergence); 0 where
    /// none is known.
    w_max: u32,
    /// cwnd_prior: the window before the last reduction; 0 where there was none.
    cwnd_prior: u32,
    epoch: Option<Epoch>,
    min_rtt: Option<Duration>,
    slow_start: SlowStart,
}

/// What a connection [at rest](crate::Parked) keeps of it that has not left its first slow start.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParkedCubic {
    min_rtt: u32,
    slow_start: ParkedHyStart,
}

impl ParkedCubic {
    /// `None` if there is more to keep.
    pub(super) fn of(cubic: &Cubic) -> Option<Self> {
        let SlowStart::PlusPlus(hystart) = &cubic.slow_start else {
            return None;
        };
        let began = cubic.w_max == 0 && cubic.cwnd_prior == 0 && cubic.epoch.is_none();
        began.then_some(Self {
            min_rtt: parked_time(cubic.min_rtt)?,
            slow_start: ParkedHyStart::of(hystart)?,
        })
    }

    pub(super) fn wake(self) -> Cubic {
        Cubic {
            w_max: 0,
            cwnd_prior: 0,
            epoch: None,
            min_rtt: woken_time(self.min_rtt),
            slow_start: SlowStart::PlusPlus(self.slow_start.wake()),
        }
    }
}

/// A stage of congestion avoidance.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    /// t_epoch.
    began: Instant,
    /// K, in 1/1024 s: when the window is back.
    k: u64,
    /// Where it is then.
    origin: u32,
    /// W_est: what Reno's window would be, and bytes acknowledged towards its next segment.
    w_est: u32,
    acked: u64,
    /// How many segments to be acknowledged were reckoned last.
    last: Option<Reckoning>,
}

/// Of a window, at a time.
#[derive(Clone, Copy, Debug)]
struct Reckoning {
    cwnd: u32,
    at: Instant,
    segments: u32,
}

impl Cubic {
    /// `hystart_detect`: the bits of Linux's parameter of this name, or 4 for HyStart++, 12 with a suspicion; 0 for neither.
    pub(super) fn new(hystart_detect: u8) -> Self {
        let slow_start = match hystart_detect {
            0 => SlowStart::Unwatched,
            detect if detect & (PLUS_PLUS | SUSPICIOUS) != 0 => {
                SlowStart::PlusPlus(HyStartPlusPlus::new(detect & SUSPICIOUS != 0))
            }
            detect => SlowStart::HyStart(HyStart::new(detect)),
        };
        Self {
            w_max: 0,
            cwnd_prior: 0,
            epoch: None,
            min_rtt: None,
            slow_start,
        }
    }

    fn begin_epoch(&self, cwnd: u32, now: Instant) -> Epoch {
        // RFC 9438 4.2; after a time-out, and before any loss, K is 0 and the window begins where it is (4.8).
        let missing = self.w_max.saturating_sub(cwnd);
        Epoch {
            began: now,
            k: time_to_grow(missing),
            origin: self.w_max.max(cwnd),
            w_est: cwnd,
            acked: 0,
            last: None,
        }
    }

    /// Segments to be acknowledged for one more, by the cubic function a round trip ahead (RFC 9438 4.2, 4.4, 4.5).
    fn by_cubic(&self, epoch: &Epoch, cwnd: u32, now: Instant) -> u32 {
        let t = ticks(now.since(epoch.began) + self.min_rtt.unwrap_or_default());
        let grown = growth(t.abs_diff(epoch.k));
        let target = if t < epoch.k {
            epoch.origin.saturating_sub(grown)
        } else {
            epoch.origin.saturating_add(grown)
        };
        let count = match target.checked_sub(cwnd) {
            None | Some(0) => cwnd.saturating_mul(100), // hardly at all
            Some(more) => cwnd / more,
        };
        if self.w_max == 0 {
            count.min(SLOWEST_BEFORE_LOSS)
        } else {
            count
        }
    }
}

impl Epoch {
    /// Reno's window after what was acknowledged (RFC 9438 4.3), and how fast the window has to open to be there too.
    fn by_reno(&mut self, cwnd: u32, cwnd_prior: u32, smss: u32) -> u32 {
        loop {
            // alpha is 3 (1 - beta) / (1 + beta), that is 9/17, until Reno's window has come back; then 1.
            let window = u64::from(cwnd) * u64::from(smss);
            let is_back = cwnd_prior > 0 && self.w_est >= cwnd_prior;
            let needed = if is_back { window } else { window * 17 / 9 };
            if self.acked <= needed.max(1) {
                break;
            }
            self.acked -= needed.max(1);
            self.w_est = self.w_est.saturating_add(1);
        }
        match self.w_est.checked_sub(cwnd) {
            None | Some(0) => u32::MAX,
            Some(more) => cwnd / more,
        }
    }
}

impl CongestionControl for Cubic {
    fn ack_arrives(&mut self, ack: &AckSample, cwnd: u32, in_slow_start: bool) -> bool {
        let unsettled = |epoch: &Epoch| ack.now.since(epoch.began) < UNSETTLED;
        let Some(rtt) = ack.rtt else { return false };
        if self.epoch.as_ref().is_some_and(unsettled) {
            return false;
        }
        let min_rtt = self.min_rtt.map_or(rtt, |least| least.min(rtt));
        self.min_rtt = Some(min_rtt);
        if !in_slow_start {
            return false;
        }
        match &mut self.slow_start {
            SlowStart::HyStart(hystart) if cwnd >= LOW_WINDOW => {
                hystart.ack_arrives(ack, rtt, min_rtt)
            }
            // For the first slow start only (RFC 9406 4.3), not for one after a loss, or after an idle time.
            SlowStart::PlusPlus(hystart) if self.cwnd_prior == 0 => {
                let is_over = hystart.ack_arrives(ack, cwnd, rtt, min_rtt);
                if is_over {
                    self.slow_start = SlowStart::Unwatched;
                }
                is_over
            }
            _ => false,
        }
    }

    fn slow_start(&self, acked: u32) -> u32 {
        match &self.slow_start {
            SlowStart::PlusPlus(hystart) if self.cwnd_prior == 0 => hystart.growth(acked),
            _ => acked,
        }
    }

    fn avoidance(&mut self, cwnd: u32, smss: u32, acked: u32, now: Instant) -> u32 {
        let mut epoch = self.epoch.unwrap_or_else(|| self.begin_epoch(cwnd, now));
        epoch.acked += u64::from(acked);
        let holds = |last: &Reckoning| last.cwnd == cwnd && now.since(last.at) <= PAUSE;
        let last = epoch.last.filter(holds).unwrap_or_else(|| {
            let by_cubic = self.by_cubic(&epoch, cwnd, now);
            let by_reno = epoch.by_reno(cwnd, self.cwnd_prior, smss);
            Reckoning {
                cwnd,
                at: now,
                // RFC 9438 4.4: at most half as much again a round trip.
                segments: by_cubic.min(by_reno).max(2),
            }
        });
        epoch.last = Some(last);
        self.epoch = Some(epoch);
        last.segments
    }

    fn ssthresh(&mut self, cwnd: u32) -> u32 {
        self.epoch = None;
        self.cwnd_prior = cwnd;
        // RFC 9438 4.7: who did not come back to where it was leaves room for others.
        self.w_max = if cwnd < self.w_max {
            (u64::from(cwnd) * u64::from(1024 + BETA) / 2048) as u32
        } else {
            cwnd
        };
        ((u64::from(cwnd) * u64::from(BETA) / 1024) as u32).max(2)
    }

    /// RFC 9438 4.8: what is known of the path may be of another one.
    fn timed_out(&mut self) {
        (self.w_max, self.epoch, self.min_rtt) = (0, None, None);
        if let SlowStart::HyStart(hystart) = &mut self.slow_start {
            hystart.begin_anew();
        }
    }

    /// RFC 9438 4.2: a time in which the window was not used does not count.
    fn resumed(&mut self, idle: Duration, now: Instant) {
        if let Some(epoch) = &mut self.epoch {
            epoch.began = (epoch.began + idle).min(now);
        }
        if let SlowStart::PlusPlus(hystart) = &mut self.slow_start {
            hystart.resumed();
        }
    }
}

/// In units of 1/1024 s.
fn ticks(time: Duration) -> u64 {
    // A window that was not reduced for an hour has long been beyond any bound.
    let time = time.min(Duration::from_secs(3600));
    (time.as_micros() as u64) * 1024 / 1_000_000
}

/// C t³ (RFC 9438 4.2) in segments, with C = 0.4 (5.1) and `t` in 1/1024 s.
fn growth(t: u64) -> u32 {
    let cube = u128::from(t).pow(3);
    u32::try_from((cube * 4 / 10) >> 30).unwrap_or(u32::MAX)
}

/// K, in 1/1024 s: the cube root of `missing` / C.
fn time_to_grow(missing: u32) -> u64 {
    cube_root((u64::from(missing) << 30) / 4 * 10)
}

/// The largest number whose cube is not more than `of`.
fn cube_root(of: u64) -> u64 {
    let mut root = 0u64;
    for bit in (0..=21).rev() {
        let next = root | 1 << bit;
        if u128::from(next).pow(3) <= u128::from(of) {
            root = next;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use periplus_wire::SeqNum;

    const SMSS: u32 = 1000;

    #[test]
    fn roots_and_cubes_are_each_others_inverse() {
        for of in [0, 1, 7, 8, 26, 27, u64::MAX] {
            let root = u128::from(cube_root(of));
            assert!(root.pow(3) <= u128::from(of) && (root + 1).pow(3) > u128::from(of));
        }
        for missing in [1, 3, 30, 3000, 1 << 20] {
            let back = growth(time_to_grow(missing));
            assert!(missing - back <= 1 + missing / 1000, "{missing}: {back}");
        }
    }

    /// The window after `seconds` of a full one in avoidance, at a round trip of `rtt` milliseconds.
    fn after(cubic: &mut Cubic, cwnd: u32, rtt: u64, seconds: u64) -> Vec<u32> {
        let mut now = Instant::ZERO;
        cubic.min_rtt = Some(Duration::from_millis(rtt));
        let (mut cwnd, mut credit) = (cwnd, 0);
        let mut at_seconds = Vec::new();
        for round in 0..seconds * 1000 / rtt {
            let flight = cwnd;
            for _ in 0..flight {
                now += Duration::from_micros(rtt * 1000 / u64::from(flight));
                let per_segment = cubic.avoidance(cwnd, SMSS, SMSS, now);
                credit += 1;
                if credit >= per_segment {
                    credit = 0;
                    cwnd += 1;
                }
            }
            if ((round + 1) * rtt).is_multiple_of(1000) {
                at_seconds.push(cwnd);
            }
        }
        at_seconds
    }

    #[test]
    fn the_window_comes_back_by_the_cube_of_the_time_that_is_left() {
        let mut cubic = Cubic::new(0);
        let ssthresh = cubic.ssthresh(1000);
        assert_eq!(ssthresh, 700);
        // K is the cube root of 300 / 0.4, that is 9.1 s.
        let windows = after(&mut cubic, ssthresh, 100, 12);
        for (second, window) in (1u64..).zip(&windows) {
            let left = second as f64 - 9.086;
            let expected = 1000.0 + 0.4 * left.powi(3);
            let off = (f64::from(*window) - expected).abs();
            assert!(off < 12.0, "{second} s: {window}, {expected}");
        }
    }

    #[test]
    fn a_short_path_grows_as_reno_would() {
        let mut cubic = Cubic::new(0);
        let ssthresh = cubic.ssthresh(20);
        // 400 round trips of 10 ms: 9/17 of a segment each until it is back, then one; by the cube it would be at 45.
        let windows = after(&mut cubic, ssthresh, 10, 4);
        let expected = 20 + (400 - (20 - ssthresh) * 17 / 9);
        let reached = windows[3];
        assert!(reached.abs_diff(expected) < 20, "{reached}, {expected}");
    }

    #[test]
    fn who_did_not_come_back_aims_lower() {
        let mut cubic = Cubic::new(0);
        cubic.ssthresh(100);
        assert_eq!(cubic.w_max, 100);
        assert_eq!(cubic.ssthresh(80), 56);
        assert_eq!(cubic.w_max, 68);
        cubic.timed_out();
        assert_eq!(cubic.w_max, 0);
    }

    #[test]
    fn an_idle_time_does_not_count() {
        let at = Instant::from_millis;
        let mut cubic = Cubic::new(0);
        let cwnd = cubic.ssthresh(1000);
        cubic.avoidance(cwnd, SMSS, SMSS, at(0));
        let busy = cubic.avoidance(cwnd, SMSS, SMSS, at(1000));
        cubic.resumed(Duration::from_secs(8), at(9000));
        assert_eq!(cubic.avoidance(cwnd, SMSS, SMSS, at(9000)), busy);
    }

    /// Plays a round trip of forty ACKs in slow start that each measure `rtt` milliseconds. Returns whether it ended.
    fn round(cubic: &mut Cubic, number: u32, rtt: u64) -> bool {
        (0..40).any(|ack| {
            let ack = AckSample {
                now: Instant::from_millis(1000 * u64::from(number) + 3 * u64::from(ack)),
                una: SeqNum::new(number * 40 + ack + 1),
                max: SeqNum::new(number * 40 + 40),
                rtt: Some(Duration::from_millis(rtt)),
                burst: Duration::ZERO,
                paced: true,
                limited: true,
            };
            cubic.ack_arrives(&ack, 40, true)
        })
    }

    /// RFC 9406 4.3: after an idle time the window goes back to where it had to stop, whatever the queue.
    #[test]
    fn only_the_first_slow_start_ends_by_the_round_trip() {
        for hystart_detect in [2, 4, 12] {
            let mut cubic = Cubic::new(hystart_detect);
            assert!(!round(&mut cubic, 0, 100), "{hystart_detect}");
            assert!((1..10).any(|number| round(&mut cubic, number, 130)));
            assert!(!(10..30).any(|number| round(&mut cubic, number, 130)));
            assert_eq!(cubic.slow_start(4000), 4000);
        }
    }

    /// As on Linux: a time-out begins anew, and Linux's HyStart with it.
    #[test]
    fn after_a_time_out_linux_looks_again() {
        let mut cubic = Cubic::new(2);
        round(&mut cubic, 0, 100);
        assert!(round(&mut cubic, 1, 130));
        cubic.ssthresh(40);
        cubic.timed_out();
        round(&mut cubic, 2, 100);
        assert!(round(&mut cubic, 3, 130));
    }
}
