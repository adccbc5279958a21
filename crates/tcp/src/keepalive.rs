//! Keepalive (RFC 9293 3.8.4, RFC 1122 4.2.3.6): a peer that has said nothing for long is asked whether it is still there.
//!
//! The timer is not set anew by every segment: when it expires, it looks how long the silence really is.

use crate::{Connection, Context, State, StreamError, Sysctls};
use periplus_journey::{Instant, Outcome};
use std::time::Duration;

/// The shortest wait between two looks or two probes, as on Linux, which knows whole seconds only: without any, the timer would expire with
/// every tick, and an orphan whose FIN is in flight be looked at for minutes.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// A connection's keepalive timer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keepalive {
    /// When to look. `None`: it is off, or the connection not established.
    pub(crate) at: Option<Instant>,
    /// When the peer was last heard.
    heard_at: Instant,
    /// A probe is to be sent.
    pub(crate) probe_due: bool,
}

impl Keepalive {
    /// Of a connection that begins now.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            at: None,
            heard_at: now,
            probe_due: false,
        }
    }

    /// When the peer was last heard.
    pub(crate) fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// An ACK or text came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// The connection is over.
    pub(crate) fn stop(&mut self) {
        self.at = None;
        self.probe_due = false;
    }
}

impl Connection {
    fn keep_idle(&self, sysctls: &Sysctls) -> Duration {
        let asked = self.options.keep_idle;
        asked.unwrap_or(sysctls.tcp_keepalive_time).max(LEAST_WAIT)
    }

    /// Starts the timer if the option is set and both ends are in touch.
    pub(crate) fn start_keepalive(&mut self, context: &Context<'_>) {
        let in_touch = !matches!(
            self.state,
            State::SynSent | State::SynReceived | State::TimeWait | State::Closed
        );
        if self.options.keep_alive && in_touch {
            self.keepalive.at = Some(context.now + self.keep_idle(context.sysctls));
        }
    }

    /// An option was changed that the timer depends on. A silence that has lasted is counted.
    pub(crate) fn adjust_keepalive(&mut self, context: &Context<'_>) {
        if !self.options.keep_alive {
            self.keepalive.stop();
        } else if self.keepalive.at.is_none() {
            self.start_keepalive(context);
        } else {
            let due = self.keepalive.heard_at + self.keep_idle(context.sysctls);
            self.keepalive.at = Some(due.max(context.now));
        }
    }

    /// The timer expired.
    pub(crate) fn keepalive_timeout(&mut self, context: &mut Context<'_>) {
        let (now, sysctls) = (context.now, context.sysctls);
        let idle = self.keep_idle(sysctls);
        if self.snd.una != self.snd.nxt || !self.send_queue.is_empty() {
            self.keepalive.at = Some(now + idle); // other timers look after what is in flight
            return;
        }
        let silence = now.since(self.keepalive.heard_at);
        if silence < idle {
            self.keepalive.at = Some(self.keepalive.heard_at + idle);
            return;
        }
        // As on Linux, the user timeout takes the place of the number of probes.
        let probes = self.unanswered.probes;
        let count = self
            .options
            .keep_count
            .unwrap_or(sysctls.tcp_keepalive_probes);
        let given_up = match self.user_timeout() {
            Some(limit) => silence >= limit && probes > 0,
            None => probes >= count,
        };
        if given_up {
            context.counters.tcp_abort_on_timeout += 1;
            self.send_reset(context);
            self.fail(
                context,
                StreamError::TimedOut,
                Outcome::Timeout,
                Some("keepalive"),
            );
            return;
        }
        self.keepalive.probe_due = true;
        self.unanswered.probes = probes.saturating_add(1);
        let interval = self.options.keep_interval;
        let interval = interval.unwrap_or(sysctls.tcp_keepalive_intvl);
        self.keepalive.at = Some(now + interval.max(LEAST_WAIT));
    }
}
