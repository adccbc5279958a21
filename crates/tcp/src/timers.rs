//! What a connection does when time passes.

use crate::connection::AckDue;
use crate::{Connection, Context, State, StreamError};
use periplus_journey::{Instant, Outcome};

impl Connection {
    /// The earliest moment at which [`Connection::timeout`] has something to do.
    pub fn next_timeout(&self) -> Option<Instant> {
        let delayed_ack = match self.ack_due {
            AckDue::By(at) => Some(at),
            _ => None,
        };
        Instant::earliest([self.retransmit_at, self.state_ends_at, delayed_ack])
    }

    /// Does what is due at `context.now`.
    pub fn timeout(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        if let AckDue::By(at) = self.ack_due
            && at <= now
        {
            self.ack_due = AckDue::Now;
            self.counted().delayed_acks += 1;
            context.counters.delayed_acks += 1;
        }
        if self.state_ends_at.is_some_and(|at| at <= now) {
            self.finish(context); // FIN-WAIT-2 of an orphan, or TIME-WAIT
            return;
        }
        if self.retransmit_at.is_some_and(|at| at <= now) {
            self.retransmission_timeout(context);
        }
    }

    fn retransmission_timeout(&mut self, context: &mut Context<'_>) {
        let opening = matches!(self.state, State::SynSent | State::SynReceived);
        let limit = if opening {
            context.sysctls.tcp_syn_retries
        } else {
            context.sysctls.tcp_retries2
        };
        if self.silent_timeouts >= limit {
            context.counters.tcp_abort_on_timeout += 1;
            if opening {
                context.counters.tcp_attempt_fails += 1;
            }
            self.fail(
                context,
                StreamError::TimedOut,
                Outcome::Timeout,
                Some("retransmission_limit"),
            );
            return;
        }
        // A peer that answers every probe with a closed window is not silent. A backend may bear with it as long as it likes
        // (RFC 1122 4.2.2.17); once there is none, such peers would fill the shard with what they never take.
        let stuck = self.retransmission_timer.back_off();
        if !self.attached && stuck >= u32::from(context.sysctls.tcp_orphan_retries) {
            context.counters.tcp_abort_on_timeout += 1;
            self.send_reset(context);
            self.fail(
                context,
                StreamError::TimedOut,
                Outcome::Timeout,
                Some("tcp_orphan_retries"),
            );
            return;
        }
        if self.persisting && self.release_held_back(context) {
            self.retransmission_timer.starts_anew();
            return;
        }
        self.silent_timeouts += 1;
        if self.persisting {
            self.probe_due = true;
        } else {
            context.counters.tcp_timeouts += 1;
            self.activity.total_rto += 1;
            let first = self.retransmission_timer.back_off() == 0;
            self.congestion
                .timed_out(self.snd.max - self.snd.una, first);
            self.recovery.timed_out(self.snd.max);
            self.snd.nxt = self.snd.una; // everything after it is taken for lost (RFC 6298 5.4)
            self.retransmit_first = false;
        }
        self.retransmission_timer.expired();
        self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
    }
}
