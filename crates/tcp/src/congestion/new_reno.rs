//! The congestion control of RFC 5681 with RFC 6582: half as much after a loss, and a segment more a round trip.

use super::CongestionControl;
use periplus_journey::Instant;

/// It remembers nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewReno;

impl CongestionControl for NewReno {
    /// RFC 5681 3.1, equation 3 in whole windows.
    fn avoidance(&mut self, cwnd: u32, _smss: u32, _acked: u32, _now: Instant) -> u32 {
        cwnd
    }

    /// RFC 5681 3.1, equation 4, but of cwnd instead of what is in flight: a window that is not used does not grow here (RFC 9438
    /// 4.6 then allows cwnd; Linux).
    fn ssthresh(&mut self, cwnd: u32) -> u32 {
        (cwnd / 2).max(2)
    }
}
