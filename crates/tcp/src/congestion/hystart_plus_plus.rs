//! The end of slow start before a loss: HyStart++ (RFC 9406). Where the round-trip time grows, the window goes on more slowly for
//! some round trips (Conservative Slow Start), and slow start is over only if that did not pass.

use super::AckSample;
use super::hystart::{LOW_WINDOW, SAMPLES, threshold};
use super::suspicion::{ParkedSuspicion, Suspicion};
use super::window::{parked_time, woken_time};
use periplus_wire::SeqNum;
use std::time::Duration;

/// CSS_GROWTH_DIVISOR.
const GROWTH_DIVISOR: u32 = 4;
/// CSS_ROUNDS.
const ROUNDS: u8 = 5;

/// The variables of RFC 9406 4.2. Its limit L on what one ACK may open the window by is left out, as Linux's slow start has none: a
/// receiver that coalesces acknowledges dozens of segments at once, and the start to it would be slow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HyStartPlusPlus {
    /// windowEnd.
    window_end: Option<SeqNum>,
    last_round_min_rtt: Option<Duration>,
    current_round_min_rtt: Option<Duration>,
    rtt_sample_count: u8,
    conservative: Option<Conservative>,
    /// Ours: a look at single ACKs beside that at rounds.
    suspicion: Option<Suspicion>,
}

/// What a connection [at rest](crate::Parked) keeps of it that has not seen the round-trip time grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParkedHyStart {
    window_end: SeqNum,
    last_round_min_rtt: u32,
    current_round_min_rtt: u32,
    rtt_sample_count: u8,
    has_window_end: bool,
    suspicion: Option<ParkedSuspicion>,
}

impl ParkedHyStart {
    /// `None` if there is more to keep.
    pub(super) fn of(hystart: &HyStartPlusPlus) -> Option<Self> {
        let suspicion = match &hystart.suspicion {
            Some(suspicion) => Some(ParkedSuspicion::of(suspicion)?),
            None => None,
        };
        hystart.conservative.is_none().then_some(Self {
            window_end: hystart.window_end.unwrap_or_default(),
            last_round_min_rtt: parked_time(hystart.last_round_min_rtt)?,
            current_round_min_rtt: parked_time(hystart.current_round_min_rtt)?,
            rtt_sample_count: hystart.rtt_sample_count,
            has_window_end: hystart.window_end.is_some(),
            suspicion,
        })
    }

    pub(super) fn wake(self) -> HyStartPlusPlus {
        HyStartPlusPlus {
            window_end: self.has_window_end.then_some(self.window_end),
            last_round_min_rtt: woken_time(self.last_round_min_rtt),
            current_round_min_rtt: woken_time(self.current_round_min_rtt),
            rtt_sample_count: self.rtt_sample_count,
            conservative: None,
            suspicion: self.suspicion.map(ParkedSuspicion::wake),
        }
    }
}

/// Conservative Slow Start.
#[derive(Clone, Copy, Debug)]
struct Conservative {
    baseline_min_rtt: Duration,
    /// Round trips that it lasts.
    rounds: u8,
}

impl HyStartPlusPlus {
    /// RFC 9406's, and a [suspicion](super::suspicion) beside it if `suspicious`.
    pub(super) fn new(suspicious: bool) -> Self {
        Self {
            suspicion: suspicious.then(Suspicion::new),
            ..Self::default()
        }
    }

    /// An ACK in slow start with a window of `cwnd` segments measured `rtt`; the least ever is `min_rtt`. Returns whether slow start is
    /// over.
    pub(super) fn ack_arrives(
        &mut self,
        ack: &AckSample,
        cwnd: u32,
        rtt: Duration,
        min_rtt: Duration,
    ) -> bool {
        self.is_proved_full(ack, cwnd, rtt, min_rtt) || self.round_is_full(ack, rtt)
    }

    /// The connection is idle: an ACK that comes is not the next in a row.
    pub(super) fn resumed(&mut self) {
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.forget();
        }
    }

    fn is_proved_full(
        &mut self,
        ack: &AckSample,
        cwnd: u32,
        rtt: Duration,
        min_rtt: Duration,
    ) -> bool {
        let Some(suspicion) = &mut self.suspicion else {
            return false;
        };
        // Of one who is not paced each burst makes a queue, and waits in it.
        if !ack.paced || !ack.limited || cwnd < LOW_WINDOW {
            suspicion.forget();
            return false;
        }
        suspicion.ack_arrives(ack, rtt, min_rtt)
    }

    /// RFC 9406 4.2.
    fn round_is_full(&mut self, ack: &AckSample, rtt: Duration) -> bool {
        if self.window_end.is_none_or(|end| ack.una.at_or_after(end)) && self.begin_round(ack.max) {
            return true;
        }
        let current = self
            .current_round_min_rtt
            .map_or(rtt, |least| least.min(rtt));
        self.current_round_min_rtt = Some(current);
        self.rtt_sample_count = self.rtt_sample_count.saturating_add(1);
        if self.rtt_sample_count < SAMPLES {
            return false;
        }
        match &self.conservative {
            Some(conservative) if current < conservative.baseline_min_rtt => {
                self.conservative = None; // it grew for another reason
            }
            Some(_) => {}
            None => {
                let last = self.last_round_min_rtt;
                if last.is_some_and(|last| current >= last + threshold(last)) {
                    self.conservative = Some(Conservative {
                        baseline_min_rtt: current,
                        rounds: 0,
                    });
                }
            }
        }
        false
    }

    /// Returns whether Conservative Slow Start has lasted its time.
    fn begin_round(&mut self, window_end: SeqNum) -> bool {
        self.window_end = Some(window_end);
        self.last_round_min_rtt = self.current_round_min_rtt.take();
        self.rtt_sample_count = 0;
        self.conservative.as_mut().is_some_and(|conservative| {
            conservative.rounds += 1;
            conservative.rounds >= ROUNDS
        })
    }

    /// By how many bytes the window opens for `acked`.
    pub(super) fn growth(&self, acked: u32) -> u32 {
        if self.suspicion.is_some_and(|suspicion| suspicion.holds()) {
            0
        } else if self.conservative.is_some() {
            acked / GROWTH_DIVISOR
        } else {
            acked
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periplus_journey::Instant;

    /// Plays a round trip of ten ACKs that each measure `rtt` milliseconds. Returns whether slow start ended.
    fn round(hystart: &mut HyStartPlusPlus, number: u32, rtt: u64) -> bool {
        (0..10).any(|ack| {
            let ack = AckSample {
                now: Instant::ZERO,
                una: SeqNum::new(number * 10 + ack),
                max: SeqNum::new(number * 10 + 10),
                rtt: None,
                burst: Duration::ZERO,
                paced: false,
                limited: true,
            };
            hystart.ack_arrives(&ack, 10, Duration::from_millis(rtt), Duration::ZERO)
        })
    }

    #[test]
    fn a_growing_round_trip_slows_the_start_and_ends_it_after_five_rounds() {
        let mut hystart = HyStartPlusPlus::default();
        assert!(!round(&mut hystart, 0, 100));
        assert!(!round(&mut hystart, 1, 112), "an eighth is 12.5 ms");
        assert_eq!(hystart.growth(4000), 4000);
        assert!(!round(&mut hystart, 2, 126));
        assert_eq!(hystart.growth(4000), 1000);
        for number in 3..7 {
            assert!(!round(&mut hystart, number, 126));
        }
        assert!(round(&mut hystart, 7, 126));
    }

    #[test]
    fn a_round_trip_that_falls_again_was_a_false_alarm() {
        let mut hystart = HyStartPlusPlus::default();
        round(&mut hystart, 0, 100);
        round(&mut hystart, 1, 120);
        assert_eq!(hystart.growth(4000), 1000);
        round(&mut hystart, 2, 101);
        assert_eq!(hystart.growth(4000), 4000);
        for number in 3..20 {
            assert!(!round(&mut hystart, number, 101));
        }
    }

    #[test]
    fn under_suspicion_the_window_stands_still() {
        let mut hystart = HyStartPlusPlus::new(true);
        let mut ack = AckSample {
            now: Instant::ZERO,
            una: SeqNum::new(0),
            max: SeqNum::new(1000),
            rtt: None,
            burst: Duration::ZERO,
            paced: true,
            limited: true,
        };
        let min_rtt = Duration::from_millis(100);
        for _ in 0..8 {
            assert_eq!(hystart.growth(4000), 4000);
            assert!(!hystart.ack_arrives(&ack, 100, min_rtt * 2, min_rtt));
        }
        assert_eq!(hystart.growth(4000), 0);
        // Nor does one last of whom there was nothing to send.
        ack.limited = false;
        assert!(!hystart.ack_arrives(&ack, 100, min_rtt * 2, min_rtt));
        assert_eq!(hystart.growth(4000), 4000);
    }

    /// Every sample is up to 20 ms late, by chance (xorshift64*), which is more than the threshold of 6.25 ms.
    #[test]
    fn jitter_does_not_end_slow_start() {
        const MIN_RTT: Duration = Duration::from_millis(50);
        let mut held = 0;
        for seed in 1..=200u64 {
            let mut hystarts = [false, true].map(HyStartPlusPlus::new);
            let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut sent = 0;
            for window in [10, 20, 40, 80, 160, 320, 640, 1280] {
                let end = sent + window;
                while sent < end {
                    sent += 1;
                    random ^= random >> 12;
                    random ^= random << 25;
                    random ^= random >> 27;
                    let late = random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
                    let rtt = MIN_RTT + Duration::from_micros(late % 20_000);
                    let ack = AckSample {
                        now: Instant::ZERO,
                        una: SeqNum::new(sent),
                        max: SeqNum::new(sent + window),
                        rtt: None,
                        burst: Duration::ZERO,
                        paced: true,
                        limited: true,
                    };
                    for hystart in &mut hystarts {
                        let is_over = hystart.ack_arrives(&ack, window, rtt, MIN_RTT);
                        assert!(!is_over, "{seed}: {window}");
                    }
                    held += u32::from(hystarts[1].growth(4000) == 0);
                }
            }
            assert_eq!(hystarts[0].growth(4000), 4000, "{seed}");
        }
        assert!(held > 0, "it is suspicious");
    }

    #[test]
    fn the_threshold_lies_between_4_and_16_ms() {
        let threshold = |least| threshold(Duration::from_millis(least)).as_millis();
        assert_eq!([1, 80, 1000].map(threshold), [4, 10, 16]);
    }
}
