//! What a listener does when a queue is full.

use super::Listener;
use super::syn_cookie::COOKIE_LIFETIME;
use crate::Sysctls;
use periplus_journey::{Counters, DropReason, Instant};

/// Values of `tcp_syncookies`; any other is 1: where the SYN queue is full.
const NEVER: u8 = 0;
const ALWAYS: u8 = 2;

/// A SYN's fate at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynVerdict {
    /// It gets a record and a SYN/ACK.
    Queue,
    /// It is answered by a cookie, and nothing is kept of it.
    Cookie,
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
    /// A SYN arrived at `now`. What it meets is looked at in the order of Linux's `tcp_conn_request`:
    ///
    /// 1. A peer that `reopens` a connection in TIME-WAIT is no stranger, and costs a record that was there before: neither the
    ///    SYN queue's bound nor cookies are for it.
    /// 2. The SYN queue. A full one, a shard that has no place left for a record of this source (not `may_queue`), or
    ///    `tcp_syncookies` 2, asks for a cookie, and without cookies turns the SYN away.
    /// 3. The accept queue. While it is full no SYN is answered, by a cookie neither: what cannot be accepted is not begun.
    /// 4. Without cookies, the last quarter of `tcp_max_syn_backlog`. Linux keeps it for peers whose round-trip time it
    ///    remembers, and counts what it turns away here as `ListenDrops` only; we remember none.
    pub fn syn_arrives(
        &mut self,
        reopens: bool,
        may_queue: bool,
        now: Instant,
        sysctls: &Sysctls,
        counters: &mut Counters,
    ) -> SynVerdict {
        let cookies = sysctls.tcp_syncookies;
        let wants_cookie =
            !reopens && (cookies == ALWAYS || !may_queue || self.syn_queue.is_full());
        if wants_cookie && cookies == NEVER {
            self.counters.tcp_req_q_full_drop += 1;
            counters.tcp_req_q_full_drop += 1;
            self.drop_one(counters);
            return SynVerdict::Drop(DropReason::TcpReqQFullDrop);
        }
        if wants_cookie {
            self.counters.tcp_req_q_full_do_cookies += 1;
            counters.tcp_req_q_full_do_cookies += 1;
        }
        if self.accept_queue.is_full() {
            self.overflow(counters);
            return SynVerdict::Drop(DropReason::TcpListenOverflow);
        }
        if wants_cookie {
            self.counters.syncookies_sent += 1;
            counters.syncookies_sent += 1;
            self.last_cookie_sent = Some(now);
            return SynVerdict::Cookie;
        }
        if !reopens && cookies == NEVER && self.syn_queue.is_in_last_quarter(sysctls) {
            self.drop_one(counters);
            return SynVerdict::Drop(DropReason::TcpReqQFullDrop);
        }
        SynVerdict::Queue
    }

    /// Whether an ACK for no connection is looked at for a cookie: only while one of ours may still be on its way
    /// (`tcp_synq_no_recent_overflow`). At a listener that has sent none there is nothing to guess.
    pub fn expects_cookies(&self, now: Instant, sysctls: &Sysctls) -> bool {
        let recent = |sent: Instant| now.since(sent) <= COOKIE_LIFETIME;
        sysctls.tcp_syncookies != NEVER && self.last_cookie_sent.is_some_and(recent)
    }

    /// An ACK arrived that brought no cookie of ours, or one that is too old.
    pub fn cookie_fails(&mut self, counters: &mut Counters) {
        self.counters.syncookies_failed += 1;
        counters.syncookies_failed += 1;
    }

    /// An ACK arrived that brought a cookie back. Where the accept queue is full it is dropped, whatever
    /// `tcp_abort_on_overflow` says, as on Linux: the client's data tries anew while the cookie is good.
    pub fn cookie_arrives(&mut self, counters: &mut Counters) -> AckVerdict {
        self.counters.syncookies_recv += 1;
        counters.syncookies_recv += 1;
        if !self.accept_queue.is_full() {
            return AckVerdict::Establish;
        }
        self.overflow(counters);
        AckVerdict::Drop
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
mod tests;
