//! What a listener does when a queue is full.

use super::Listener;
use crate::Sysctls;
use periplus_journey::{Counters, DropReason};

/// A SYN's fate at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynVerdict {
    /// It gets a record and a SYN/ACK.
    Queue,
    /// It is dropped: its sender tries again.
    Drop(DropReason),
}

/// The fate of the ACK that completes a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckVerdict {
    /// The connection moves to the accept queue.
    Establish,
    /// The ACK is dropped and the record kept: the SYN/ACK goes out again, and its answer tries anew.
    Drop,
    /// The peer is told by a RST (`tcp_abort_on_overflow`).
    Reset,
}

impl<H: PartialEq> Listener<H> {
    /// A SYN arrived. As Linux: no SYN while the accept queue is full, none beyond the SYN queue's bound.
    pub fn syn_arrives(&mut self, counters: &mut Counters) -> SynVerdict {
        if self.syn_queue.is_full() {
            self.counters.tcp_req_q_full_drop += 1;
            counters.tcp_req_q_full_drop += 1;
            self.drop_one(counters);
            return SynVerdict::Drop(DropReason::TcpReqQFullDrop);
        }
        if self.accept_queue.is_full() {
            self.overflow(counters);
            return SynVerdict::Drop(DropReason::TcpListenOverflow);
        }
        SynVerdict::Queue
    }

    /// The ACK that completes a handshake arrived.
    pub fn ack_arrives(&mut self, sysctls: &Sysctls, counters: &mut Counters) -> AckVerdict {
        if !self.accept_queue.is_full() {
            return AckVerdict::Establish;
        }
        self.overflow(counters);
        if sysctls.tcp_abort_on_overflow {
            AckVerdict::Reset
        } else {
            AckVerdict::Drop
        }
    }

    fn overflow(&mut self, counters: &mut Counters) {
        self.counters.listen_overflows += 1;
        counters.listen_overflows += 1;
        self.drop_one(counters);
    }

    /// A SYN or ACK is dropped. Public for the reason that is not the listener's: the shard has no place left.
    pub fn drop_one(&mut self, counters: &mut Counters) {
        self.counters.listen_drops += 1;
        counters.listen_drops += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::ListenCounters;

    #[test]
    fn one_more_than_the_backlog_is_admitted_and_then_the_ack_is_dropped() {
        let (sysctls, mut counters) = (Sysctls::default(), Counters::default());
        let mut listener = Listener::new(2, &sysctls);
        for connection in 0..3 {
            assert_eq!(
                listener.ack_arrives(&sysctls, &mut counters),
                AckVerdict::Establish
            );
            listener.accept_queue.push(connection);
        }
        assert_eq!(
            listener.ack_arrives(&sysctls, &mut counters),
            AckVerdict::Drop
        );
        assert_eq!(
            listener.syn_arrives(&mut counters),
            SynVerdict::Drop(DropReason::TcpListenOverflow)
        );
        assert_eq!((counters.listen_overflows, counters.listen_drops), (2, 2));
        let own = ListenCounters {
            listen_overflows: 2,
            listen_drops: 2,
            ..ListenCounters::default()
        };
        assert_eq!(listener.counters, own);
        listener.accept_queue.pop();
        assert_eq!(
            listener.ack_arrives(&sysctls, &mut counters),
            AckVerdict::Establish
        );
    }

    #[test]
    fn a_quarter_of_max_syn_backlog_stays_free() {
        let sysctls = Sysctls {
            tcp_max_syn_backlog: 8,
            ..Sysctls::default()
        };
        let mut counters = Counters::default();
        let mut listener: Listener<u64> = Listener::new(100, &sysctls);
        let mut admitted = 0;
        while listener.syn_arrives(&mut counters) == SynVerdict::Queue {
            listener.syn_queue.enter();
            admitted += 1;
        }
        assert_eq!(admitted, 7);
        assert_eq!(listener.syn_queue.limit(), 6);
        assert_eq!(counters.tcp_req_q_full_drop, 1);
        assert_eq!(listener.counters.tcp_req_q_full_drop, 1);
        assert_eq!(listener.counters.listen_drops, 1);
    }
}
