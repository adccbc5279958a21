//! How long a peer is borne with that does not acknowledge: by the number of tries, as `tcp_retries2` says it, or by the time,
//! as TCP_USER_TIMEOUT does (RFC 5482, RFC 9293 3.8.3).

use crate::loss::{MAXIMUM_RTO, MINIMUM_RTO};
use crate::{Connection, Context};
use periplus_journey::Instant;
use std::time::Duration;

/// What was tried and not answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unanswered {
    /// Time-outs of the retransmission timer since SND.UNA moved (Linux's `icsk_retransmits`).
    pub(crate) retransmits: u8,
    /// Probes, of a closed window or to keep alive, since an ACK came (Linux's `icsk_probes_out`).
    pub(crate) probes: u8,
    /// When this began: the first retransmission of what is in flight, the first expiry of the persist timer, or the SYN.
    pub(crate) since: Option<Instant>,
}

impl Unanswered {
    /// Whether nothing is waited for.
    pub(crate) fn is_nothing(&self) -> bool {
        self.retransmits == 0 && self.probes == 0 && self.since.is_none()
    }

    /// SND.UNA moved.
    pub(crate) fn acknowledged(&mut self) {
        *self = Self::default();
    }

    /// An ACK came, and says whether it was waited for by a probe: the peer lives.
    pub(crate) fn heard(&mut self) -> bool {
        std::mem::take(&mut self.probes) > 0
    }

    /// How long this lasts.
    pub(crate) fn lasted(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Whether retransmitting has lasted `limit`.
    pub(crate) fn has_lasted(&self, limit: Duration, now: Instant) -> bool {
        self.retransmits > 0 && self.lasted(now) >= limit
    }
}

/// How long `boundary` retransmissions take whose first comes after the shortest RTO. As on Linux, a number of retries means
/// this time, however fast the path is: the connection is given up with the first time-out after it.
pub(crate) fn model_timeout(boundary: u8) -> Duration {
    let doublings = (MAXIMUM_RTO.as_nanos() / MINIMUM_RTO.as_nanos()).ilog2();
    let boundary = u32::from(boundary);
    let doubled = MINIMUM_RTO * ((2 << boundary.min(doublings)) - 1);
    doubled + MAXIMUM_RTO * boundary.saturating_sub(doublings)
}

impl Connection {
    /// The user timeout. 0 is none, as with Linux's TCP_USER_TIMEOUT: the number of tries decides.
    pub(crate) fn user_timeout(&self) -> Option<Duration> {
        self.options.user_timeout.filter(|limit| !limit.is_zero())
    }

    /// Whether what is in flight was sent again for as long as `retries` or the user timeout say.
    pub(crate) fn retransmitted_long_enough(&self, retries: u8, now: Instant) -> bool {
        let limit = self
            .user_timeout()
            .unwrap_or_else(|| model_timeout(retries));
        self.unanswered.has_lasted(limit, now)
    }

    /// Whether the user timeout is over. A window that stays closed counts from its first probe, answered or not.
    pub(crate) fn user_timeout_is_over(&self, now: Instant) -> bool {
        let lasted = self.unanswered.lasted(now);
        self.user_timeout()
            .is_some_and(|limit| self.unanswered.since.is_some() && lasted >= limit)
    }

    /// When the timer expires that was set to `wait`: not after the end of the user timeout, so that this is kept to the tick.
    pub(crate) fn not_after_user_timeout(&self, wait: Duration, context: &Context<'_>) -> Instant {
        let left = match (self.user_timeout(), self.unanswered.since) {
            (Some(limit), Some(_)) => limit.saturating_sub(self.unanswered.lasted(context.now)),
            _ => wait,
        };
        context.now + wait.min(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_retries_are_924_6_seconds() {
        assert_eq!(model_timeout(0), Duration::from_millis(200));
        assert_eq!(model_timeout(3), Duration::from_millis(3000));
        assert_eq!(model_timeout(8), Duration::from_millis(102_200));
        assert_eq!(model_timeout(9), Duration::from_millis(204_600));
        assert_eq!(model_timeout(15), Duration::from_millis(924_600));
        assert_eq!(model_timeout(u8::MAX), Duration::from_millis(29_724_600));
    }
}
