//! What a connection does when time passes.

use crate::connection::AckDue;
use crate::loss::TransmitTimer;
use crate::{Connection, Context, State, StreamError};
use periplus_journey::{Instant, Outcome};

impl Connection {
    /// The earliest moment at which [`Connection::timeout`] has something to do.
    #[inline]
    pub fn next_timeout(&self) -> Option<Instant> {
        let delayed_ack = match self.ack_due {
            AckDue::By(at) => Some(at),
            _ => None,
        };
        Instant::earliest([
            self.retransmit_at,
            self.state_ends_at,
            delayed_ack,
            self.keepalive.at,
            self.pacing.next_timeout(),
        ])
    }

    /// Does what is due at `context.now`.
    pub fn timeout(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        if let AckDue::By(at) = self.ack_due
            && at <= now
        {
            self.ack_due = AckDue::Now;
            self.delayed_ack_missed(context);
            self.counted().delayed_acks += 1;
            context.counters.delayed_acks += 1;
        }
        if self.state_ends_at.is_some_and(|at| at <= now) {
            self.finish(context); // FIN-WAIT-2 of an orphan, or TIME-WAIT
            return;
        }
        if self.pacing.next_timeout().is_some_and(|at| at <= now) {
            self.pacing_timeout();
        }
        if self.retransmit_at.is_some_and(|at| at <= now) {
            match self.transmit_timer {
                _ if self.persisting => self.persist_timeout(context),
                TransmitTimer::Reordering => self.reordering_timeout(context),
                TransmitTimer::Probe => self.probe_timeout(context),
                TransmitTimer::TimeOut => self.retransmission_timeout(context),
            }
        }
        if self.keepalive.at.is_some_and(|at| at <= now) {
            self.keepalive_timeout(context);
        }
    }

    /// Nothing acknowledges what is in flight (RFC 6298 5.4 to 5.6).
    fn retransmission_timeout(&mut self, context: &mut Context<'_>) {
        let opening = matches!(self.state, State::SynSent | State::SynReceived);
        let mut first = self.unanswered.retransmits == 0;
        // A peer that took back its window is alive, and a backend bears with it; once there is none, such peers would fill
        // the shard with what they never take.
        if self.snd.wnd == 0 && self.attached && !opening {
            first = self.retransmission_timer.back_off() == 0;
            if self.window_was_taken_back_for_long(context) {
                return self.give_up(context, "retransmission_limit");
            }
        } else {
            context.counters.tcp_timeouts += 1;
            if self.has_retransmitted_enough(context, opening) {
                return;
            }
            self.activity.total_rto += 1;
            let unanswered = &mut self.unanswered;
            unanswered.retransmits = unanswered.retransmits.saturating_add(1);
        }
        if opening {
            self.syn_due = true;
        } else {
            self.enter_loss(context, first);
        }
        // As on Linux, the first SYNs come at one interval: who asks first waits least.
        let linear = context.sysctls.tcp_syn_linear_timeouts;
        if self.state != State::SynSent || self.unanswered.retransmits > linear {
            self.retransmission_timer.expired();
        }
        self.unanswered.since.get_or_insert(context.now);
        let rto = self.retransmission_timer.rto();
        self.retransmit_at = Some(self.not_after_user_timeout(rto, context));
    }

    /// Gives the connection up if it was retransmitted to for long enough (R2, RFC 9293 3.8.3), and says whether it did.
    fn has_retransmitted_enough(&mut self, context: &mut Context<'_>, opening: bool) -> bool {
        let (now, sysctls) = (context.now, context.sysctls);
        let retransmits = self.unanswered.retransmits;
        let (enough, reason) = if opening {
            let mut retries = self.options.syn_count.unwrap_or(sysctls.tcp_syn_retries);
            if self.state == State::SynSent {
                retries = retries.saturating_add(sysctls.tcp_syn_linear_timeouts);
            }
            let user_timeout = self.user_timeout().is_some();
            let too_late = user_timeout && self.retransmitted_long_enough(retries, now);
            (retransmits >= retries || too_late, "retransmission_limit")
        } else if self.attached {
            let enough = self.retransmitted_long_enough(sysctls.tcp_retries2, now);
            (enough, "retransmission_limit")
        } else {
            let reset = self.is_worth_a_reset(context);
            if self.is_one_too_many(context, reset) {
                return true;
            }
            let retries = self.orphan_retries(sysctls);
            let enough = self.retransmitted_long_enough(retries, now);
            (enough, "tcp_orphan_retries")
        };
        if enough {
            self.give_up(context, reason);
            if opening {
                context.counters.tcp_attempt_fails += 1;
            }
        }
        enough
    }

    /// Whether a window that the peer took back has stayed closed for long, and the peer silent: two of the longest RTOs, as
    /// on Linux, or the user timeout, which answers do not stretch.
    fn window_was_taken_back_for_long(&self, context: &Context<'_>) -> bool {
        let [_, _, silent] = self.activity.since(context.now);
        let limit = 2 * crate::loss::MAXIMUM_RTO;
        self.user_timeout_is_over(context.now)
            || silent > limit && self.unanswered.lasted(context.now) > limit
    }

    /// A closed window is to be probed (RFC 9293 3.8.6.1). A peer that answers every probe may keep it closed as long as the
    /// backend bears with it (RFC 1122 4.2.2.17).
    fn persist_timeout(&mut self, context: &mut Context<'_>) {
        let (now, sysctls) = (context.now, context.sysctls);
        if self.release_held_back(context) {
            self.retransmission_timer.starts_anew();
            // It may have to wait for the ring, or for the next hop's link address.
            self.retransmit_at = Some(now + self.retransmission_timer.rto());
            return;
        }
        if self.user_timeout_is_over(now) {
            return self.give_up(context, "user_timeout");
        }
        self.unanswered.since.get_or_insert(now);
        let (limit, reason) = if self.attached {
            (sysctls.tcp_retries2, "probe_limit")
        } else {
            let alive = self.retransmission_timer.rto() < crate::loss::MAXIMUM_RTO;
            let retries = self.orphan_retries(sysctls);
            if !alive && self.retransmission_timer.back_off() >= retries.into() {
                return self.give_up(context, "tcp_orphan_retries");
            }
            if self.is_one_too_many(context, true) {
                return;
            }
            (retries, "tcp_orphan_retries")
        };
        if self.unanswered.probes >= limit {
            return self.give_up(context, reason);
        }
        self.unanswered.probes += 1;
        self.probe_due = true;
        self.retransmission_timer.expired();
        let rto = self.retransmission_timer.rto();
        self.retransmit_at = Some(self.not_after_user_timeout(rto, context));
    }

    /// The peer is taken for dead. It is not told: what it says next will be answered by a RST, as on Linux.
    fn give_up(&mut self, context: &mut Context<'_>, reason: &'static str) {
        context.counters.tcp_abort_on_timeout += 1;
        let reason = if self.user_timeout_is_over(context.now) {
            "user_timeout"
        } else {
            reason
        };
        self.fail(
            context,
            StreamError::TimedOut,
            Outcome::Timeout,
            Some(reason),
        );
    }
}
