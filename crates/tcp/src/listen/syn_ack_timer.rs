//! The timer of a half-open connection: when its SYN/ACK goes out again, and when the record is given up. The rules are those of
//! Linux's `reqsk_timer_handler`.

use super::{HalfOpen, Listener, SynQueue};
use crate::Sysctls;
use crate::loss::{INITIAL_RTO, MAXIMUM_RTO};
use std::time::Duration;

/// However full the SYN queue is, a SYN/ACK is sent again twice.
const FEWEST_RETRIES: u8 = 2;
/// A SYN queue with no more than half of this many is never thought crowded.
const SMALL: u32 = 8;

impl<A> HalfOpen<A> {
    /// How long its SYN/ACK, just sent, waits for an answer: 1, 2, 4, … s (RFC 6298 with its back-off).
    pub fn syn_ack_timeout(&self) -> Duration {
        let factor = 1u32.checked_shl(self.timeouts.into());
        let timeout = factor.and_then(|factor| INITIAL_RTO.checked_mul(factor));
        timeout.map_or(MAXIMUM_RTO, |timeout| timeout.min(MAXIMUM_RTO))
    }

    /// Whether its timer has not run out yet. A handshake that lasts longer than a second is an old one.
    pub fn is_young(&self) -> bool {
        self.timeouts == 0
    }
}

impl<H: PartialEq> Listener<H> {
    /// How often a SYN/ACK is sent again, with the SYN queue as it is. Normally `tcp_synack_retries` times; where the queue is
    /// more than half full, of old records most of all, the fewer: half of the room is kept for the young, whose peers most
    /// likely answer. That an ACK was dropped because the accept queue was full changes nothing, and the SYN/ACKs go on.
    pub fn max_syn_ack_retries(&self, sysctls: &Sysctls) -> u8 {
        let count = self.options.syn_count;
        let mut retries = count.unwrap_or(sysctls.tcp_synack_retries);
        let length = u64::from(self.syn_queue.len());
        let backlog = self.accept_queue.limit();
        if length * 2 > SMALL.max(backlog).into() {
            let mut young = u64::from(self.syn_queue.young()) * 2;
            while retries > FEWEST_RETRIES && length >= young {
                retries -= 1;
                young *= 2;
            }
        }
        retries
    }
}

impl SynQueue {
    /// The timer of a young record ran out for the first time.
    pub fn grow_old(&mut self) {
        self.young = self.young.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(backlog: usize, old: u32, young: u32) -> Listener<u64> {
        let mut listener = Listener::new(backlog, &Sysctls::default());
        for _ in 0..old + young {
            listener.syn_queue.enter();
        }
        for _ in 0..old {
            listener.syn_queue.grow_old();
        }
        listener
    }

    #[test]
    fn old_records_go_earlier_the_fewer_young_ones_there_are() {
        let sysctls = Sysctls::default();
        let retries = |backlog, old, young| {
            let listener = crowd(backlog, old, young);
            listener.max_syn_ack_retries(&sysctls)
        };
        assert_eq!(retries(100, 50, 0), 5, "half full");
        assert_eq!(
            retries(100, 51, 0),
            2,
            "half of the room is kept for the young"
        );
        assert_eq!(retries(100, 0, 60), 5, "all are young");
        assert_eq!(retries(100, 29, 31), 5, "more than half are young");
        assert_eq!(retries(100, 30, 30), 4);
        assert_eq!(retries(100, 45, 15), 3);
        assert_eq!(retries(100, 53, 7), 2);
        assert_eq!(retries(1, 2, 0), 5, "a small queue is never crowded");
        assert_eq!(retries(1, 5, 0), 2);
    }

    #[test]
    fn few_retries_are_not_raised() {
        let sysctls = Sysctls {
            tcp_synack_retries: 1,
            ..Sysctls::default()
        };
        assert_eq!(crowd(100, 90, 0).max_syn_ack_retries(&sysctls), 1);
    }
}
