//! Which congestion control a connection has.

use super::cubic::{Cubic, ParkedCubic};
use super::new_reno::NewReno;
use super::{AckSample, CongestionControl};
use periplus_journey::Instant;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A congestion control, by Linux's name for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CongestionAlgorithm {
    /// `cubic` (RFC 9438), with HyStart++ (RFC 9406).
    #[default]
    Cubic,
    /// `reno` (RFC 5681).
    Reno,
}

impl CongestionAlgorithm {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Cubic, Self::Reno];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cubic => "cubic",
            Self::Reno => "reno",
        }
    }
}

impl fmt::Display for CongestionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CongestionAlgorithm {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|algorithm| algorithm.name() == name).ok_or(())
    }
}

/// One of them at work.
#[derive(Clone, Debug)]
pub(super) enum Running {
    Cubic(Cubic),
    Reno(NewReno),
}

/// What a connection [at rest](crate::Parked) keeps of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum ParkedRunning {
    Cubic(ParkedCubic),
    #[default]
    Reno,
}

impl ParkedRunning {
    /// `None` if there is more to keep.
    pub(super) fn of(running: &Running) -> Option<Self> {
        match running {
            Running::Cubic(cubic) => ParkedCubic::of(cubic).map(Self::Cubic),
            Running::Reno(NewReno) => Some(Self::Reno),
        }
    }

    pub(super) fn wake(self) -> Running {
        match self {
            Self::Cubic(cubic) => Running::Cubic(cubic.wake()),
            Self::Reno => Running::Reno(NewReno),
        }
    }
}

impl Running {
    /// `hystart_detect` says how CUBIC's slow start looks for its end.
    pub(super) fn new(algorithm: CongestionAlgorithm, hystart_detect: u8) -> Self {
        match algorithm {
            CongestionAlgorithm::Cubic => Self::Cubic(Cubic::new(hystart_detect)),
            CongestionAlgorithm::Reno => Self::Reno(NewReno),
        }
    }

    fn control(&self) -> &dyn CongestionControl {
        match self {
            Self::Cubic(cubic) => cubic,
            Self::Reno(reno) => reno,
        }
    }

    fn control_mut(&mut self) -> &mut dyn CongestionControl {
        match self {
            Self::Cubic(cubic) => cubic,
            Self::Reno(reno) => reno,
        }
    }
}

impl CongestionControl for Running {
    fn ack_arrives(&mut self, ack: &AckSample, cwnd: u32, in_slow_start: bool) -> bool {
        self.control_mut().ack_arrives(ack, cwnd, in_slow_start)
    }

    fn slow_start(&self, acked: u32) -> u32 {
        self.control().slow_start(acked)
    }

    fn avoidance(&mut self, cwnd: u32, smss: u32, acked: u32, now: Instant) -> u32 {
        self.control_mut().avoidance(cwnd, smss, acked, now)
    }

    fn ssthresh(&mut self, cwnd: u32) -> u32 {
        self.control_mut().ssthresh(cwnd)
    }

    fn timed_out(&mut self) {
        self.control_mut().timed_out();
    }

    fn resumed(&mut self, idle: Duration, now: Instant) {
        self.control_mut().resumed(idle, now);
    }
}
