//! `TCP_DEFER_ACCEPT`: the accept queue is for those who have said something.

use super::{HalfOpen, Listener};
use crate::Segment;
use crate::loss::{INITIAL_RTO, MAXIMUM_RTO};
use std::time::Duration;

/// The SYN/ACK's timer ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynAckTimeout {
    /// The SYN/ACK goes out again.
    Repeat,
    /// It was answered already, and data is waited for.
    Wait,
    /// The record is given up.
    GiveUp,
}

impl<H> Listener<H> {
    /// How often the SYN/ACK's timer runs out while a bare ACK is not enough: the number that covers the option's time, as on
    /// Linux (`secs_to_retrans`). 0 without the option.
    pub fn deferring_timeouts(&self) -> u8 {
        let asked = self.options.defer_accept.unwrap_or_default();
        let (mut timeouts, mut wait, mut covered) = (0, INITIAL_RTO, Duration::ZERO);
        while covered < asked && timeouts < u8::MAX {
            timeouts += 1;
            covered += wait;
            wait = (wait * 2).min(MAXIMUM_RTO);
        }
        timeouts
    }
}

impl<A> HalfOpen<A> {
    /// Whether the segment that would complete the handshake is not let do it: it brings nothing, and the client has time left.
    pub fn defers(&mut self, segment: &Segment, deferring_timeouts: u8) -> bool {
        let is_bare = segment.seq + segment.len() == self.irs + 1;
        let defers = is_bare && self.timeouts < deferring_timeouts;
        if defers {
            self.said.set_acknowledged();
        }
        defers
    }

    /// The SYN/ACK's time is over. It is sent again [so often](Listener::max_syn_ack_retries) at most; to a client that only
    /// has nothing to say not before [its time](Listener::deferring_timeouts) is nearly over, and its answer is taken then
    /// (Linux's `syn_ack_recalc`).
    pub fn time_out(&mut self, max_syn_ack_retries: u8, deferring_timeouts: u8) -> SynAckTimeout {
        let answered = self.said.is_acknowledged();
        if self.timeouts >= max_syn_ack_retries && !(answered && self.timeouts < deferring_timeouts)
        {
            return SynAckTimeout::GiveUp;
        }
        self.timeouts = self.timeouts.saturating_add(1);
        if answered && self.timeouts < deferring_timeouts {
            return SynAckTimeout::Wait;
        }
        self.said.set_repeated();
        SynAckTimeout::Repeat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SocketOptions, Sysctls};
    use std::sync::Arc;

    #[test]
    fn the_time_is_counted_in_timeouts() {
        let timeouts = |seconds| {
            let mut listener: Listener<u64> = Listener::new(8, &Sysctls::default());
            listener.options = Arc::new(SocketOptions {
                defer_accept: Some(Duration::from_secs(seconds)),
                ..SocketOptions::default()
            });
            listener.deferring_timeouts()
        };
        let expected = [
            (0, 0),
            (1, 1),
            (2, 2),
            (3, 2),
            (4, 3),
            (7, 3),
            (8, 4),
            (127, 7),
            (128, 8),
        ];
        for (seconds, count) in expected {
            assert_eq!(timeouts(seconds), count, "{seconds} s");
        }
        assert_eq!(timeouts(247), 8, "after 64 s comes 120 s");
        assert_eq!(timeouts(248), 9);
    }
}
