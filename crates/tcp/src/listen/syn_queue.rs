//! The SYN queue of one listener: how many half-open connections it has, and may have. The records themselves lie in the
//! shard's slab, where a segment finds them with one look-up.

use periplus_journey::QueueMet;

/// The length and limit of a SYN queue.
#[derive(Clone, Copy, Debug)]
pub struct SynQueue {
    length: u32,
    limit: u32,
}

impl SynQueue {
    /// An empty queue for at most `limit` half-open connections, `min(backlog, somaxconn)`. Without SYN cookies Linux also
    /// keeps a quarter of `tcp_max_syn_backlog` free.
    pub fn new(limit: u32, tcp_max_syn_backlog: u32) -> Self {
        let reserve = tcp_max_syn_backlog / 4;
        let limit = limit.min((tcp_max_syn_backlog - reserve).saturating_add(1));
        Self { length: 0, limit }
    }

    /// Half-open connections now.
    pub fn len(&self) -> u32 {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many there may be.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether one more SYN must be turned away.
    pub fn is_full(&self) -> bool {
        self.length >= self.limit
    }

    /// A record was made for a SYN.
    pub fn enter(&mut self) {
        self.length += 1;
    }

    /// What it holds now, for the journey of one that came to it.
    pub fn met(&self) -> QueueMet {
        QueueMet {
            length: self.length,
            limit: self.limit,
        }
    }

    /// A record left: completed, reset or reaped.
    pub fn leave(&mut self) {
        self.length = self.length.saturating_sub(1);
    }
}
