//! What one connection counted.

use crate::Connection;

periplus_journey::counters! {
    /// A connection's own share of the stack's [counters](periplus_journey::Counters), by the same names: those that say why
    /// it is slow, and that [`TcpInfo`](crate::TcpInfo) does not hold.
    pub struct ConnectionCounters: u32;

    /// Duplicate ACKs that came (RFC 5681 2), by RFC 4898's name; Linux has no counter of them.
    dup_acks_in = "DupAcksIn",
    /// Losses noticed by duplicate ACKs.
    tcp_fast_retrans = "TcpExtTCPFastRetrans",
    /// Probes of the peer's closed window.
    tcp_win_probe = "TcpExtTCPWinProbe",
    /// Windows that were told to be closed.
    tcp_to_zero_window_adv = "TcpExtTCPToZeroWindowAdv",
    /// Windows that were told to be open again.
    tcp_from_zero_window_adv = "TcpExtTCPFromZeroWindowAdv",
    /// Segments that came while our window was closed, and whose text was not taken.
    tcp_zero_window_drop = "TcpExtTCPZeroWindowDrop",
    /// Out-of-order data thrown away at the limit.
    tcp_ofo_drop = "TcpExtTCPOFODrop",
    /// Bytes moved from ring frames to the heap to give the frames back.
    rcv_collapsed = "TcpExtTCPRcvCollapsed",
    /// Segments with text that had come before: an ACK of ours was lost, or late.
    delayed_ack_lost = "TcpExtDelayedACKLost",
    /// Delayed ACKs sent by their timer.
    delayed_acks = "TcpExtDelayedACKs",
    /// Challenge ACKs owed (RFC 5961).
    tcp_challenge_ack = "TcpExtTCPChallengeACK",
    /// Segments refused by PAWS (RFC 7323).
    paws_estab_rejected = "TcpExtPAWSEstab",
}

impl Connection {
    /// What it counted.
    pub fn counters(&self) -> ConnectionCounters {
        self.counters.as_deref().copied().unwrap_or_default()
    }

    /// The counters, to count.
    pub(crate) fn counted(&mut self) -> &mut ConnectionCounters {
        self.counters.get_or_insert_default()
    }

    /// Counts bytes that were moved off the ring's frames.
    pub(crate) fn count_collapsed(&mut self, moved: usize) {
        if moved > 0 {
            let counters = self.counted();
            counters.rcv_collapsed = counters.rcv_collapsed.saturating_add(moved as u32);
        }
    }
}
