//! The end of slow start before a loss, as Linux finds it: HyStart by Ha and Rhee ("Taming the elephants: New TCP slow start",
//! 2011).

use super::AckSample;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::time::Duration;

/// Look at how long a train of ACKs is.
pub(crate) const ACK_TRAIN: u8 = 1;
/// Look at how the round-trip time grows.
pub(super) const DELAY: u8 = 2;

/// A smaller window says nothing, in segments.
pub(super) const LOW_WINDOW: u32 = 16;
/// ACKs that follow each other within this time are a train.
const ACK_DELTA: Duration = Duration::from_millis(2);
/// So many samples make a round trip's least.
pub(super) const SAMPLES: u8 = 8;

/// How much the round-trip time has to grow over `least` (RFC 9406 4.2 has the same).
pub(super) fn threshold(least: Duration) -> Duration {
    (least / 8).clamp(Duration::from_millis(4), Duration::from_millis(16))
}

/// What it knows of this round trip.
#[derive(Clone, Copy, Debug)]
pub(super) struct HyStart {
    detect: u8,
    round: Option<Round>,
    /// It found the end: where ssthresh has it is not changed by another slow start after an idle time.
    found: bool,
}

#[derive(Clone, Copy, Debug)]
struct Round {
    /// It is over when more than this is acknowledged.
    ends: SeqNum,
    began: Instant,
    last_ack: Instant,
    least: Duration,
    samples: u8,
}

impl HyStart {
    pub(super) fn new(detect: u8) -> Self {
        Self {
            detect,
            round: None,
            found: false,
        }
    }

    /// What was measured is of another path, or of queues that are gone.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::new(self.detect);
    }

    /// An ACK in slow start measured `rtt`; the least ever is `min_rtt`. Returns whether slow start is over.
    pub(super) fn ack_arrives(
        &mut self,
        ack: &AckSample,
        rtt: Duration,
        min_rtt: Duration,
    ) -> bool {
        if self.found {
            return false;
        }
        let round = self.round.filter(|round| !ack.una.after(round.ends));
        let mut round = round.unwrap_or(Round {
            ends: ack.max,
            began: ack.now,
            last_ack: ack.now,
            least: Duration::MAX,
            samples: 0,
        });
        if self.detect & ACK_TRAIN != 0 && ack.now.since(round.last_ack) <= ACK_DELTA {
            round.last_ack = ack.now;
            let full = min_rtt + ack.burst;
            // Half of it: the train of a full pipe is as long as the way there. The pace may have made half of that by itself.
            let enough = if ack.paced { full } else { full / 2 };
            self.found |= ack.now.since(round.began) > enough;
        }
        if self.detect & DELAY != 0 {
            round.least = round.least.min(rtt);
            if round.samples < SAMPLES {
                round.samples += 1;
            } else {
                self.found |= round.least > min_rtt + threshold(min_rtt);
            }
        }
        self.round = Some(round);
        self.found
    }
}
