//! The congestion window: slow start and congestion avoidance (RFC 5681), and the arithmetic of recoveries (RFC 6582).

use super::algorithm::{ParkedRunning, Running};
use super::{AckSample, CongestionAlgorithm, CongestionControl};
use crate::Sysctls;
use crate::loss::ProportionalRate;
use periplus_journey::Instant;
use std::time::Duration;

/// The congestion window. Bytes throughout.
#[derive(Clone, Debug)]
pub(crate) struct CongestionWindow {
    cwnd: u32,
    ssthresh: u32,
    smss: u32,
    /// Bytes acknowledged since cwnd last grew, in congestion avoidance.
    acked: u32,
    limited: bool,
    /// When the latest ACK came.
    now: Instant,
    /// What the last reduction took, while it may turn out to have been for nothing.
    prior: Option<Box<Prior>>,
    running: Running,
}

/// A window as it was.
#[derive(Clone, Debug)]
struct Prior {
    cwnd: u32,
    ssthresh: u32,
    running: Running,
}

/// What a connection [at rest](crate::Parked) keeps of it that knows of no loss.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ParkedWindow {
    cwnd: u32,
    ssthresh: u32,
    acked: u32,
    running: ParkedRunning,
}

impl ParkedWindow {
    /// `None` if there is more to keep; `smss` is what both ends agreed on.
    pub(crate) fn of(window: &CongestionWindow, smss: u32) -> Option<Self> {
        let nothing_else = window.smss == smss && window.prior.is_none();
        nothing_else.then_some(Self {
            cwnd: window.cwnd,
            ssthresh: window.ssthresh,
            acked: window.acked,
            running: ParkedRunning::of(&window.running)?,
        })
    }

    /// The next ACK tells when it comes, and what limited the sender.
    pub(crate) fn wake(self, smss: u32) -> CongestionWindow {
        CongestionWindow {
            cwnd: self.cwnd,
            ssthresh: self.ssthresh,
            smss,
            acked: self.acked,
            limited: true,
            now: Instant::ZERO,
            prior: None,
            running: self.running.wake(),
        }
    }
}

/// What stands for no time.
const NO_TIME: u32 = u32::MAX;

/// A measured time in nanoseconds, or that there is none. `None` if it does not fit.
pub(super) fn parked_time(time: Option<Duration>) -> Option<u32> {
    match time {
        None => Some(NO_TIME),
        Some(time) => u32::try_from(time.as_nanos())
            .ok()
            .filter(|&time| time < NO_TIME),
    }
}

/// The time that was [parked](parked_time).
pub(super) fn woken_time(nanoseconds: u32) -> Option<Duration> {
    (nanoseconds < NO_TIME).then(|| Duration::from_nanos(nanoseconds.into()))
}

/// A new connection's window: ten segments (RFC 6928 2).
fn initial_window(smss: u32) -> u32 {
    (10 * smss).min(14_600.max(2 * smss))
}

impl CongestionWindow {
    /// A new connection's, until it is [chosen](Self::choose) what it goes by.
    pub(crate) fn new(smss: u32) -> Self {
        Self {
            cwnd: initial_window(smss),
            ssthresh: u32::MAX,
            smss,
            acked: 0,
            limited: true,
            now: Instant::ZERO,
            prior: None,
            running: Running::new(CongestionAlgorithm::Reno, 0),
        }
    }

    /// Both ends agreed on segments of `smss` bytes; nothing was sent yet.
    pub(crate) fn agree(&mut self, smss: u32) {
        self.smss = smss;
        self.cwnd = initial_window(smss);
    }

    /// The handshake lost packets: the connection begins with one segment (RFC 5681 3.1).
    pub(crate) fn begin_with_one(&mut self) {
        self.cwnd = self.smss;
    }

    /// Goes on by `algorithm`, or by what the knobs say.
    pub(crate) fn choose(&mut self, algorithm: Option<CongestionAlgorithm>, sysctls: &Sysctls) {
        let algorithm = algorithm.unwrap_or(sysctls.tcp_congestion_control);
        self.running = Running::new(algorithm, sysctls.hystart_detect);
        self.prior = None; // of another's window, as on Linux
    }

    /// SMSS is another, because the path is (RFC 5681 2). The window stays what it was (RFC 1191 6.4), but has room for a segment,
    /// or nothing would go out any more; so has what a recovery comes down to (RFC 5681 3.1, equation 4).
    pub(crate) fn set_segment_size(&mut self, smss: u32) {
        self.smss = smss;
        self.cwnd = self.cwnd.max(smss);
        self.ssthresh = self.ssthresh.max(2 * smss);
    }

    /// cwnd.
    pub(crate) fn cwnd(&self) -> u32 {
        self.cwnd
    }

    /// ssthresh, once there was a loss.
    pub(crate) fn ssthresh(&self) -> Option<u32> {
        (self.ssthresh != u32::MAX).then_some(self.ssthresh)
    }

    /// Whether it opens by slow start.
    pub(crate) fn is_in_slow_start(&self) -> bool {
        self.cwnd < self.ssthresh
    }

    /// An ACK came. It may open the window if the window was what limited the sender.
    pub(crate) fn ack_arrives(&mut self, ack: &AckSample) {
        (self.limited, self.now) = (ack.limited, ack.now);
        let (segments, in_slow_start) = (self.cwnd / self.smss, self.is_in_slow_start());
        if self.running.ack_arrives(ack, segments, in_slow_start) {
            self.ssthresh = self.cwnd;
        }
    }

    /// Something is sent after nothing was in flight since `latest` was.
    pub(crate) fn resumed(&mut self, latest: Instant, now: Instant) {
        self.running.resumed(now.since(latest), now);
    }

    /// `acked` bytes were newly acknowledged. Counts bytes, as Linux counts segments, so that an ACK for many does not
    /// slow the start (RFC 5681 3.1 allows growth by what was acknowledged; RFC 3465).
    pub(crate) fn acknowledged(&mut self, acked: u32) {
        if !self.limited {
            return;
        }
        let mut acked = acked;
        if self.is_in_slow_start() {
            let opened = self.running.slow_start(acked);
            let room = self.ssthresh - self.cwnd;
            self.cwnd = self.cwnd.saturating_add(opened.min(room));
            acked = opened.saturating_sub(room);
            if acked == 0 {
                return;
            }
        }
        let segments = (self.cwnd / self.smss).max(1);
        let needed = self
            .running
            .avoidance(segments, self.smss, acked, self.now)
            .saturating_mul(self.smss);
        if self.acked >= needed {
            // It was saved up while more was needed: not all at once.
            self.acked = 0;
            self.cwnd = self.cwnd.saturating_add(self.smss);
        }
        self.acked = self.acked.saturating_add(acked);
        let more = self.acked / needed;
        self.acked -= more * needed;
        self.cwnd = self.cwnd.saturating_add(more.saturating_mul(self.smss));
    }

    /// Nothing was sent for so long that the window would have been halved so often: it is, though not below the initial one,
    /// and what it was is remembered as where to slow down (RFC 5681 4.1, RFC 2861 3).
    pub(crate) fn restart(&mut self, halvings: u32) {
        let initial = initial_window(self.smss).min(self.cwnd);
        let three_quarters = self.cwnd / 2 + self.cwnd / 4;
        if self.ssthresh != u32::MAX {
            self.ssthresh = self.ssthresh.max(three_quarters);
        }
        self.cwnd = (self.cwnd >> halvings.min(31)).max(initial);
    }

    /// ssthresh comes down, in whole segments (RFC 5681 3.1).
    pub(crate) fn reduce_ssthresh(&mut self) {
        let segments = (self.cwnd / self.smss).max(1);
        self.prior = Some(Box::new(Prior {
            cwnd: self.cwnd,
            ssthresh: self.ssthresh,
            running: self.running.clone(),
        }));
        self.ssthresh = self.running.ssthresh(segments) * self.smss;
        self.acked = 0;
    }

    /// The loss that the last reduction was for was none: the windows are what they were (RFC 4015 3.2), and so is what the
    /// algorithm goes by (RFC 9438 4.9). Returns false where the reduction is to [stay](Self::keep_reduction).
    pub(crate) fn undo(&mut self) -> bool {
        let Some(prior) = self.prior.take() else {
            return false;
        };
        self.cwnd = self.cwnd.max(prior.cwnd);
        self.ssthresh = self.ssthresh.max(prior.ssthresh);
        self.running = prior.running;
        true
    }

    /// Whether [`undo`](Self::undo) would give anything back.
    pub(crate) fn may_undo(&self) -> bool {
        self.prior.is_some()
    }

    /// The last reduction was right, or is history.
    pub(crate) fn keep_reduction(&mut self) {
        self.prior = None;
    }

    /// A loss, or a mark that means the same (RFC 3168 6.1.2): ssthresh falls at once, and cwnd comes down to it as what it
    /// returns says (RFC 9937).
    pub(crate) fn reduce(&mut self) -> ProportionalRate {
        self.reduce_ssthresh();
        ProportionalRate::new(self.cwnd / self.smss)
    }

    /// cwnd on its way down.
    pub(crate) fn set_cwnd(&mut self, cwnd: u32) {
        self.cwnd = cwnd;
    }

    /// It is down (RFC 9937 6, RFC 6675 5, step A).
    pub(crate) fn is_reduced(&mut self) {
        self.cwnd = self.ssthresh;
    }

    /// The retransmission timer expired: the loss window (RFC 5681 3.1). ssthresh falls at the first time-out of a
    /// segment only.
    pub(crate) fn timed_out(&mut self, first: bool) {
        if first {
            self.reduce_ssthresh();
        }
        self.running.timed_out();
        self.cwnd = self.smss;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_doubles_and_avoidance_adds_a_segment_a_window() {
        let mut congestion = CongestionWindow::new(1000);
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
    fn slow_start_ends_at_ssthresh_and_what_is_left_of_an_ack_counts_for_avoidance() {
        let mut congestion = CongestionWindow::new(1000);
        congestion.timed_out(true);
        congestion.acknowledged(6_000); // ssthresh is 5,000: two of them are left
        assert_eq!(congestion.cwnd(), 5_000);
        congestion.acknowledged(3_000);
        assert_eq!(congestion.cwnd(), 6_000);
    }

    #[test]
    fn a_loss_halves_the_window_and_not_what_is_in_flight() {
        let mut congestion = CongestionWindow::new(1000);
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

    #[test]
    fn a_reduction_is_given_back_once_and_only_while_it_may_be() {
        let mut congestion = CongestionWindow::new(1000);
        let _ = congestion.reduce();
        congestion.is_reduced();
        assert!(congestion.undo());
        assert_eq!((congestion.cwnd(), congestion.ssthresh()), (10_000, None));
        congestion.timed_out(false);
        assert!(!congestion.undo(), "nothing was taken since");
        congestion.timed_out(true);
        congestion.keep_reduction();
        assert!(!congestion.undo());
        assert_eq!(congestion.cwnd(), 1000);
    }

    /// An hour after a router asked for short ones, segments are long again.
    #[test]
    fn a_window_that_comes_down_has_room_for_segments_that_have_become_longer() {
        let mut congestion = CongestionWindow::new(500);
        congestion.timed_out(true);
        congestion.timed_out(true);
        assert_eq!(congestion.ssthresh(), Some(1000));
        let _ = congestion.reduce();
        congestion.set_segment_size(1460);
        congestion.is_reduced();
        assert!(congestion.cwnd() >= 1460);
    }
}
