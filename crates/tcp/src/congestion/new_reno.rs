//! Slow start and congestion avoidance (RFC 5681), with the window arithmetic of NewReno (RFC 6582).

use crate::loss::ProportionalRate;

/// The congestion window. Bytes throughout.
#[derive(Clone, Debug)]
pub(crate) struct NewReno {
    cwnd: u32,
    ssthresh: u32,
    smss: u32,
    /// Bytes acknowledged since cwnd last grew, in congestion avoidance.
    acked: u32,
    limited: bool,
}

impl NewReno {
    /// A new connection's window: ten segments (RFC 6928 2).
    pub(crate) fn new(smss: u32) -> Self {
        let initial = (10 * smss).min(14_600.max(2 * smss));
        Self {
            cwnd: initial,
            ssthresh: u32::MAX,
            smss,
            acked: 0,
            limited: true,
        }
    }

    /// SMSS is another, because the path is (RFC 5681 2). The window stays what it was (RFC 1191 6.4), but has room for a segment,
    /// or nothing would go out any more.
    pub(crate) fn set_segment_size(&mut self, smss: u32) {
        self.smss = smss;
        self.cwnd = self.cwnd.max(smss);
    }

    /// SMSS.
    pub(crate) fn segment_size(&self) -> u32 {
        self.smss
    }

    /// cwnd.
    pub(crate) fn cwnd(&self) -> u32 {
        self.cwnd
    }

    /// ssthresh, once there was a loss.
    pub(crate) fn ssthresh(&self) -> Option<u32> {
        (self.ssthresh != u32::MAX).then_some(self.ssthresh)
    }

    /// Whether the next ACKs may open the window: it was what limited the sender (RFC 7661).
    pub(crate) fn set_limited(&mut self, limited: bool) {
        self.limited = limited;
    }

    /// `acked` bytes were newly acknowledged. Counts bytes, as Linux counts segments, so that an ACK for many does not
    /// slow the start (RFC 5681 3.1 allows growth by what was acknowledged; RFC 3465).
    pub(crate) fn acknowledged(&mut self, acked: u32) {
        if !self.limited {
            return;
        }
        if self.cwnd < self.ssthresh {
            self.cwnd = self.cwnd.saturating_add(acked);
            return;
        }
        self.acked = self.acked.saturating_add(acked);
        if self.acked >= self.cwnd {
            self.acked -= self.cwnd;
            self.cwnd = self.cwnd.saturating_add(self.smss);
        }
    }

    /// The same, where `duplicate_acks` segments of it are known to have arrived earlier.
    pub(crate) fn acknowledged_but(&mut self, acked: u32, duplicate_acks: u32) {
        let known = duplicate_acks.saturating_mul(self.smss);
        self.acknowledged(acked.saturating_sub(known).max(acked.min(self.smss)));
    }

    /// Nothing was sent for so long that the window would have been halved so often: it is, though not below the initial one,
    /// and what it was is remembered as where to slow down (RFC 5681 4.1, RFC 2861 3).
    pub(crate) fn restart(&mut self, halvings: u32) {
        let initial = Self::new(self.smss).cwnd.min(self.cwnd);
        let three_quarters = self.cwnd / 2 + self.cwnd / 4;
        if self.ssthresh != u32::MAX {
            self.ssthresh = self.ssthresh.max(three_quarters);
        }
        self.cwnd = (self.cwnd >> halvings.min(31)).max(initial);
    }

    /// ssthresh becomes half of cwnd, in whole segments: not of what is in flight (RFC 5681 3.1), because a window that was not
    /// used does not grow here (RFC 9438 4.6 then allows cwnd; Linux).
    pub(crate) fn halve(&mut self) {
        let segments = self.cwnd / self.smss;
        self.ssthresh = (segments / 2).max(2) * self.smss;
        self.acked = 0;
    }

    /// A loss, or a mark that means the same (RFC 3168 6.1.2): ssthresh is halved at once, and cwnd comes down to it as what it
    /// returns says (RFC 9937).
    pub(crate) fn reduce(&mut self) -> ProportionalRate {
        self.halve();
        ProportionalRate::new(self.cwnd / self.smss)
    }

    /// cwnd on its way down.
    pub(crate) fn set_cwnd(&mut self, cwnd: u32) {
        self.cwnd = cwnd;
    }

    /// RFC 5681 3.2, step 3, after step 2 ([`halve`](Self::halve)).
    pub(crate) fn enter_recovery(&mut self, duplicate_acks: u32) {
        self.cwnd = self.ssthresh + duplicate_acks * self.smss;
    }

    /// It is down (RFC 9937 6, RFC 6675 5, step A).
    pub(crate) fn is_reduced(&mut self) {
        self.cwnd = self.ssthresh;
    }

    pub(crate) fn inflate(&mut self) {
        self.cwnd = self.cwnd.saturating_add(self.smss);
    }

    /// RFC 6582 3.2, step 3, partial acknowledgment.
    pub(crate) fn deflate(&mut self, acked: u32) {
        self.cwnd = self.cwnd.saturating_sub(acked).max(self.smss);
        if acked >= self.smss {
            self.cwnd += self.smss;
        }
    }

    /// RFC 6582 3.2, step 3, full acknowledgment: the first way, which avoids a burst.
    pub(crate) fn leave_recovery(&mut self, flight_size: u32) {
        self.cwnd = self.ssthresh.min(flight_size.max(self.smss) + self.smss);
    }

    /// The retransmission timer expired: the loss window (RFC 5681 3.1). ssthresh falls at the first time-out of a
    /// segment only.
    pub(crate) fn timed_out(&mut self, first: bool) {
        if first {
            self.halve();
        }
        self.cwnd = self.smss;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_doubles_and_avoidance_adds_a_segment_a_window() {
        let mut congestion = NewReno::new(1000);
        assert_eq!(congestion.cwnd(), 10_000);
        congestion.acknowledged(10_000);
        assert_eq!(congestion.cwnd(), 20_000);
        congestion.timed_out(true);
        assert_eq!((congestion.cwnd(), congestion.ssthresh), (1000, 10_000));
        congestion.acknowledged(9_000);
        congestion.acknowledged(10_000);
        assert_eq!(congestion.cwnd(), 11_000);
    }

    #[test]
    fn a_loss_halves_the_window_and_not_what_is_in_flight() {
        let mut congestion = NewReno::new(1000);
        congestion.acknowledged(1_500);
        let _ = congestion.reduce();
        assert_eq!(congestion.ssthresh(), Some(5_000), "in whole segments");
        congestion.is_reduced();
        congestion.acknowledged(5_000);
        assert_eq!(congestion.cwnd(), 6_000);
        congestion.timed_out(false);
        assert_eq!(
            congestion.ssthresh(),
            Some(5_000),
            "a recovery did it already"
        );
    }
}
