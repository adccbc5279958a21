//! Orphans: connections that the backend let go of, and that still have something to deliver or a FIN to wait for. Nobody waits
//! for them, so they are borne with for a shorter time, and there are only so many.

use crate::loss::MAXIMUM_RTO;
use crate::time_wait::TIME_WAIT_LENGTH;
use crate::user_timeout::model_timeout;
use crate::{Connection, Context, State, StreamError, Sysctls};
use periplus_journey::Outcome;
use std::time::Duration;

/// What `tcp_orphan_retries` 0 means for an orphan whose RTO has not reached its bound, as on Linux: more than 100 s.
const DEFAULT_RETRIES: u8 = 8;

/// The longest wait in FIN-WAIT-2 that a socket may ask for (Linux's TCP_FIN_TIMEOUT_MAX).
const LONGEST_FIN_WAIT_2: Duration = Duration::from_secs(120);

impl Connection {
    /// Whether the backend let go of it and it is not over, nor only kept for the peer's sake.
    pub fn is_orphan(&self) -> bool {
        !self.attached && !matches!(self.state, State::TimeWait | State::Closed)
    }

    /// How many retransmissions or window probes an orphan is worth: none any more, if nothing else is said, once its RTO has
    /// reached its bound.
    pub(crate) fn orphan_retries(&self, sysctls: &Sysctls) -> u8 {
        let alive = self.retransmission_timer.rto() < MAXIMUM_RTO;
        match sysctls.tcp_orphan_retries {
            0 if alive => DEFAULT_RETRIES,
            retries => retries,
        }
    }

    /// Whether retransmitting to the peer has not lasted too long for a RST.
    pub(crate) fn is_worth_a_reset(&self, context: &Context<'_>) -> bool {
        let alive = self.retransmission_timer.rto() < MAXIMUM_RTO;
        let limit = model_timeout(self.orphan_retries(context.sysctls));
        alive || !self.unanswered.has_lasted(limit, context.now)
    }

    /// Ends an orphan whose timer expired while there are too many of them, and says whether it did. One whose peer has not
    /// taken anything for long counts twice, as on Linux.
    pub(crate) fn is_one_too_many(&mut self, context: &mut Context<'_>, reset: bool) -> bool {
        let [silent, ..] = self.activity.since(context.now);
        let weight = 1 + usize::from(silent > 2 * MAXIMUM_RTO || !reset);
        if context.orphans * weight <= context.sysctls.tcp_max_orphans {
            return false;
        }
        let window_closed = self.snd.wnd == 0 && self.snd.una == self.snd.nxt;
        let reset = reset || silent <= TIME_WAIT_LENGTH || window_closed;
        self.abort_on_memory(context, reset);
        true
    }

    /// Ends a connection that has just become an orphan if there are as many as may be, `context` not counting it yet.
    pub(crate) fn limit_orphans(&mut self, context: &mut Context<'_>) {
        if self.is_orphan() && context.orphans >= context.sysctls.tcp_max_orphans {
            self.abort_on_memory(context, true);
        }
    }

    fn abort_on_memory(&mut self, context: &mut Context<'_>, reset: bool) {
        context.counters.tcp_abort_on_memory += 1;
        if reset {
            self.send_reset(context);
        }
        self.fail(
            context,
            StreamError::Aborted,
            Outcome::Shed,
            Some("orphan_limit"),
        );
    }

    /// How long the orphan waits in FIN-WAIT-2 (`tcp_fin_timeout`, TCP_LINGER2), at least 3.5 RTO as on Linux. `None`: not at
    /// all.
    pub(crate) fn fin_timeout(&self, sysctls: &Sysctls) -> Option<Duration> {
        let asked = match self.options.linger2 {
            None => sysctls.tcp_fin_timeout,
            Some(Duration::ZERO) => return None,
            Some(asked) => asked.min(LONGEST_FIN_WAIT_2),
        };
        Some(asked.max(self.retransmission_timer.rto() * 7 / 2))
    }
}
