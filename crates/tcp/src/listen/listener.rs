//! A listener: two queues, each with its bound, and what overflowed.

use super::{AcceptQueue, ListenCounters, SynQueue};
use crate::{SocketOptions, Sysctls};
use periplus_journey::{Instant, QueuesMet};
use std::sync::Arc;

/// A socket in LISTEN (RFC 9293 3.3.2).
#[derive(Clone, Debug)]
pub struct Listener<H> {
    /// Half-open connections.
    pub syn_queue: SynQueue,
    /// Established connections before `accept()`.
    pub accept_queue: AcceptQueue<H>,
    /// What overflowed.
    pub counters: ListenCounters,
    /// What its connections inherit.
    pub options: Arc<SocketOptions>,
    /// The backend waits for a connection.
    pub wants_accept: bool,
    /// When a cookie was last sent in its name.
    pub(super) last_cookie_sent: Option<Instant>,
}

impl<H: PartialEq> Listener<H> {
    /// A listener with both queues bounded by `min(backlog, somaxconn)`, the SYN queue without cookies also by
    /// `tcp_max_syn_backlog`.
    pub fn new(backlog: usize, sysctls: &Sysctls) -> Self {
        let limit = limit(backlog, sysctls);
        Self {
            syn_queue: SynQueue::new(limit, sysctls),
            accept_queue: AcceptQueue::new(limit),
            counters: ListenCounters::default(),
            options: Arc::default(),
            wants_accept: false,
            last_cookie_sent: None,
        }
    }

    /// Changes the backlog, as a second `listen()` does on Linux. Who is in the queues stays there, also beyond it.
    pub fn set_backlog(&mut self, backlog: usize, sysctls: &Sysctls) {
        let limit = limit(backlog, sysctls);
        self.syn_queue.set_backlog(limit, sysctls);
        self.accept_queue.set_limit(limit);
    }

    /// Both queues as they are now, for the journey of a SYN that is turned away.
    pub fn queues_met(&self) -> QueuesMet {
        QueuesMet {
            syn_queue: Some(self.syn_queue.met()),
            accept_queue: Some(self.accept_queue.met()),
        }
    }
}

fn limit(backlog: usize, sysctls: &Sysctls) -> u32 {
    let backlog = u32::try_from(backlog).unwrap_or(u32::MAX);
    backlog.min(sysctls.somaxconn)
}
