//! How large a congestion window may be at the most, whichever of the RFCs' ways to open it was taken.
//!
//! Sizes are in bytes. The bound is opened by everything that opens the window of RFC 5681 or RFC 9438, and by the most that
//! either allows, so that a sender that keeps to one of them is below it.

use super::scoreboard::Delivered;
use periplus_journey::Instant;
use std::time::Duration;

/// RFC 9438 5.1.
const CUBIC_C: f64 = 0.4;

/// Since when CUBIC's curve is climbed, and what it aims for (RFC 9438 4.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch {
    pub(super) began: Instant,
    /// W_max.
    pub(super) maximum: f64,
    /// The window after the reduction.
    pub(super) reduced: f64,
}

/// The bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowBound {
    pub(super) size: f64,
    /// ssthresh.
    pub(super) threshold: f64,
    pub(super) epoch: Option<Epoch>,
}

impl WindowBound {
    /// RFC 6928 2: min(10 * SMSS, max(2 * SMSS, 14600)).
    pub(super) fn initial(segment: f64) -> Self {
        Self {
            size: (10.0 * segment).min((2.0 * segment).max(14_600.0)),
            threshold: f64::INFINITY,
            epoch: None,
        }
    }

    /// An ACK told of what was delivered.
    pub(super) fn grow(
        &mut self,
        delivered: &Delivered,
        segment: f64,
        now: Instant,
        trip: Duration,
    ) {
        if delivered.pieces == 0 {
            return;
        }
        // Who counts segments opens the window by a whole one for a short one.
        let whole = (delivered.bytes as f64).max(delivered.pieces as f64 * segment);
        if self.size < self.threshold {
            // RFC 5681 3.1, and RFC 9406, which opens it more slowly. What is acknowledged beyond ssthresh may count as well.
            self.size = (self.size + whole).min(self.threshold + segment);
            return;
        }
        // RFC 5681 3.1, equation 3, for each segment that is acknowledged; RFC 9438 4.3 comes to no more.
        self.size += segment * whole.max(segment) / self.size;
        if let Some(epoch) = &self.epoch {
            self.size = self.size.max(epoch.window(now + trip, segment));
        }
    }
}

impl Epoch {
    /// RFC 9438 4.2: W_cubic. What W_max really was is not seen; the window at a time is the greatest either for the greatest
    /// W_max that is possible, or for the least, as the curve is convex in K.
    fn window(&self, at: Instant, segment: f64) -> f64 {
        let time = at.since(self.began).as_secs_f64();
        let (maximum, reduced) = (self.maximum / segment, self.reduced / segment);
        let inflection = ((maximum - reduced).max(0.0) / CUBIC_C).cbrt();
        let aims_high = CUBIC_C * (time - inflection).powi(3) + maximum;
        let aims_low = CUBIC_C * time.powi(3) + reduced;
        aims_high.max(aims_low) * segment
    }
}
