//! How much may be in flight.
//!
//! [`CongestionWindow`] has the mechanics that all algorithms share: slow start, the ways down, the restart after a silence. What
//! distinguishes one algorithm from another is a [`CongestionControl`].

mod algorithm;
mod cubic;
mod hystart;
mod hystart_plus_plus;
mod new_reno;
mod suspicion;
mod validation;
mod window;

pub use algorithm::CongestionAlgorithm;
pub(crate) use hystart::ACK_TRAIN;
pub(crate) use validation::CwndValidation;
pub(crate) use window::{CongestionWindow, ParkedWindow};

use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::time::Duration;

/// What an ACK tells of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckSample {
    pub(crate) now: Instant,
    /// SND.UNA, the ACK taken.
    pub(crate) una: SeqNum,
    /// SND.NXT.
    pub(crate) max: SeqNum,
    /// The round-trip time of the newest segment that it acknowledged, unless that was sent again.
    pub(crate) rtt: Option<Duration>,
    /// How long a burst that the sender itself makes may last, where [trains of ACKs](ACK_TRAIN) are looked at.
    pub(crate) burst: Duration,
    /// What it acknowledged went out at a pace, if it was not among the first segments, and comes back at it.
    pub(crate) paced: bool,
    /// The congestion window was what limited the sender (RFC 7661).
    pub(crate) limited: bool,
}

/// What distinguishes one congestion control from another: when slow start ends, how the window opens after it, and how far it
/// falls at a loss.
pub(crate) trait CongestionControl {
    /// An ACK came; it is heard before it opens the window of `cwnd` segments. Returns whether slow start is over with it.
    fn ack_arrives(&mut self, _ack: &AckSample, _cwnd: u32, _in_slow_start: bool) -> bool {
        false
    }

    /// In slow start, by how many bytes the window opens where `acked` were acknowledged.
    fn slow_start(&self, acked: u32) -> u32 {
        acked
    }

    /// In congestion avoidance, how many segments have to be acknowledged for a window of `cwnd` segments of `smss` bytes to open
    /// by one. `acked` bytes are.
    fn avoidance(&mut self, cwnd: u32, smss: u32, acked: u32, now: Instant) -> u32;

    /// A loss, or a mark: what a window of `cwnd` segments comes down to.
    fn ssthresh(&mut self, cwnd: u32) -> u32;

    /// The retransmission timer expired, after [`ssthresh`](Self::ssthresh) where that is asked for.
    fn timed_out(&mut self) {}

    /// Something is sent after nothing was in flight for `idle`.
    fn resumed(&mut self, _idle: Duration, _now: Instant) {}
}
