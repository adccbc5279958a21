//! The SYN queue of one listener: how many half-open connections it has, and may have. The records themselves lie in the
//! shard's slab, where a segment finds them with one look-up.

use periplus_journey::QueueMet;

/// The length and limit of a SYN queue.
#[derive(Clone, Copy, Debug)]
pub struct SynQueue {
    length: u32,
    /// How many of them [are young](super::HalfOpen::is_young).
    pub(super) young: u32,
    limit: u32,
}

impl SynQueue {
    /// An empty queue by the backlog `limit`: `min(backlog, somaxconn)`. Without SYN cookies Linux also keeps a quarter of
    /// `tcp_max_syn_backlog` free.
    pub fn new(limit: u32, tcp_max_syn_backlog: u32) -> Self {
        let reserve = tcp_max_syn_backlog / 4;
        let limit = limit.min(tcp_max_syn_backlog - reserve);
        Self {
            length: 0,
            young: 0,
            limit,
        }
    }

    /// Half-open connections now.
    pub fn len(&self) -> u32 {
        self.length
    }

    /// How many of them are young: their SYN/ACK's timer never ran out.
    pub fn young(&self) -> u32 {
        self.young
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many there may be.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether one more SYN must be turned away. One more than the backlog is admitted, as the accept queue does and Linux since
    /// 6.14 (`inet_csk_reqsk_queue_is_full`): before, a backlog of 0 let nobody in.
    pub fn is_full(&self) -> bool {
        self.length > self.limit
    }

    /// A record was made for a SYN.
    pub fn enter(&mut self) {
        self.length += 1;
        self.young += 1;
    }

    /// What it holds now, for the journey of one that came to it.
    pub fn met(&self) -> QueueMet {
        QueueMet {
            length: self.length,
            limit: self.limit,
        }
    }

    /// A record left: completed, reset or reaped. `young`: its timer never ran out.
    pub fn leave(&mut self, young: bool) {
        self.length = self.length.saturating_sub(1);
        self.young = self.young.saturating_sub(young.into());
    }
}
