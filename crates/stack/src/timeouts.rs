//! The verbs of time: when the shard wants to be called, and what it does then.

use crate::Shard;
use crate::handle::{Handle, Tag};
use crate::passive_open::unpack;
use crate::shard::BoundListener;
use crate::slab::Index;
use periplus_journey::{Instant, Outcome};
use periplus_ring::BURST;
use periplus_tcp::listen::SynAckTimeout;

/// SYN/ACKs repeated between two looks at the ring. A flood fills the SYN queue in a few milliseconds, and one, three and seven
/// seconds later all of it is due together: done in one go, that would keep the shard from its ring for longer than the ring
/// has room, and who then finds none is an honest client, for a second.
const REPEATED: usize = BURST;
/// The same while the ring may hold more than was taken from it: those who just come go before those who did not answer. That
/// is a sixteenth of the work, and lets a full SYN queue be done within half a second.
const REPEATED_BESIDE_A_FULL_BURST: usize = 4;

impl Shard {
    /// When [`Shard::timeout`] next has something to do.
    pub fn next_timeout(&self) -> Option<Instant> {
        Instant::earliest([
            self.timers.next_timeout(),
            self.syn_ack_timers.next_timeout(),
            self.neighbours.next_timeout(),
        ])
    }

    /// Does what is due at `now`, or of the SYN/ACKs a part: the rest is due at once, after another look at the ring. Answers
    /// wait for [`Shard::transmit`].
    pub fn timeout(&mut self, now: Instant) {
        let mut expired = Vec::new();
        self.timers.expire(now, usize::MAX, &mut expired);
        let repeated = if self.ring_may_hold_more {
            REPEATED_BESIDE_A_FULL_BURST
        } else {
            REPEATED
        };
        self.syn_ack_timers.expire(now, repeated, &mut expired);
        for handle in expired {
            match handle.tag() {
                Tag::Established => self.connection_times_out(now, handle.index()),
                Tag::HalfOpen => self.half_open_times_out(now, handle.index()),
                Tag::TimeWait => self.time_wait_times_out(now, handle.index()),
            }
        }
        if self.neighbours.next_timeout().is_some_and(|at| at <= now) {
            self.neighbours_time_out(now);
        }
    }

    fn connection_times_out(&mut self, now: Instant, index: Index) {
        let Some(flow) = self.flows.get_mut(index) else {
            return;
        };
        flow.armed = Instant::FAR_FUTURE;
        flow.timer = None;
        if flow.retry_at.is_some_and(|at| at <= now) {
            flow.retry_at = None;
            self.unresolved.retain(|&(_, waiting)| waiting != index);
            flow.is_unresolved = false;
        }
        flow.connection.timeout(&mut self.environment.context(now));
        self.settle(index);
    }

    /// The SYN/ACK goes out again, or has often enough.
    fn half_open_times_out(&mut self, now: Instant, index: Index) {
        let Some(entry) = self.half_open.get_mut(index) else {
            return;
        };
        let was_young = entry.record.is_young();
        let listener = self.listeners.get_mut(unpack(entry.record.listener));
        let Some(BoundListener { listener, .. }) = listener else {
            return;
        };
        self.environment.counters.tcp_timeouts += 1;
        let retries = listener.max_syn_ack_retries(&self.environment.sysctls);
        let deferring = listener.deferring_timeouts();
        let outcome = entry.record.time_out(retries, deferring);
        if was_young && outcome != SynAckTimeout::GiveUp {
            listener.syn_queue.grow_old();
        }
        match outcome {
            SynAckTimeout::Repeat => self.repeat_syn_ack(now, index),
            SynAckTimeout::Wait => self.await_ack(now, index),
            // Linux does not count it as TcpAttemptFails, unlike RFC 4022.
            SynAckTimeout::GiveUp => {
                self.forget_half_open(now, index, Outcome::Timeout, "tcp_synack_retries");
            }
        }
    }

    fn time_wait_times_out(&mut self, now: Instant, index: Index) {
        let Some(entry) = self.time_wait.get_mut(index) else {
            return;
        };
        if entry.record.ends_at <= now {
            self.forget_time_wait(index);
        } else {
            entry.timer = self.timers.arm(
                None,
                entry.record.ends_at,
                Handle::new(Tag::TimeWait, index),
            );
        }
    }
}
