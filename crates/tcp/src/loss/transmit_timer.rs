//! The timer of what is out: one, set for what comes first (Linux's `icsk_pending`).

use crate::{Connection, Context};
use periplus_journey::Instant;
use std::time::Duration;

const LEAST_WAIT_FOR_RENEGED: Duration = Duration::from_millis(10);

/// What the timer is set for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TransmitTimer {
    /// The retransmission time-out (RFC 6298).
    #[default]
    TimeOut,
    /// The end of the reordering window (RFC 8985 6.3).
    Reordering,
    /// The tail loss probe (RFC 8985 7.2).
    Probe,
}

impl TransmitTimer {
    /// It expired.
    pub(super) fn expired(&mut self) {
        *self = Self::TimeOut;
    }
}

impl Connection {
    /// What is only perhaps late is waited for.
    pub(super) fn wait_for_reordering(&mut self, context: &Context<'_>, wait: Duration) {
        let wait = wait.min(self.retransmission_timer.rto());
        self.transmit_timer = TransmitTimer::Reordering;
        self.retransmit_at = Some(context.now + wait);
    }

    /// The peer seems to have thrown away what it had SACKed: what it now lacks may still come in the ACKs on their way. Half a
    /// round-trip time, 10 ms at least, as on Linux.
    pub(super) fn wait_for_reneged(&mut self, context: &Context<'_>) {
        let srtt = self.retransmission_timer.srtt().unwrap_or_default();
        self.transmit_timer = TransmitTimer::TimeOut;
        self.retransmit_at = Some(context.now + (srtt / 2).max(LEAST_WAIT_FOR_RENEGED));
    }

    /// When the retransmission timer expires for the oldest segment, which did not begin anew while it was set for something else.
    pub(super) fn time_out_of_oldest(&self, now: Instant) -> Instant {
        let rto = self.retransmission_timer.rto();
        let oldest = self.send_buffers.oldest().unwrap_or(now);
        (oldest + rto).max(now)
    }

    /// The timer is set for a time-out (RFC 6298 5.2, 5.3; Linux's `tcp_rearm_rto`).
    pub(crate) fn restart_retransmission_timer(&mut self, context: &Context<'_>) {
        let now = context.now;
        self.retransmit_at = if self.send_buffers.packets_out == 0 {
            None
        } else if self.transmit_timer == TransmitTimer::TimeOut {
            Some(now + self.retransmission_timer.rto())
        } else {
            Some(self.time_out_of_oldest(now))
        };
        self.transmit_timer = TransmitTimer::TimeOut;
    }

    /// The oldest segment was sent again before the timer expired: it must not go a third time earlier than a time-out after that
    /// (RFC 6298 5; Linux's `tcp_xmit_retransmit_queue`).
    pub(crate) fn restart_for_the_oldest(&mut self, context: &Context<'_>) {
        if self.transmit_timer != TransmitTimer::Reordering {
            self.transmit_timer = TransmitTimer::TimeOut;
            let rto = self.retransmission_timer.rto();
            self.retransmit_at = Some(self.not_after_user_timeout(rto, context));
        }
    }

    /// An ACK came that tells of progress: the timer begins anew (Linux's `tcp_set_xmit_timer`).
    pub(crate) fn set_transmit_timer(&mut self, context: &Context<'_>) {
        let rto_at = context.now + self.retransmission_timer.rto();
        if !self.arm_probe(context, rto_at) {
            self.restart_retransmission_timer(context);
        }
    }
}
