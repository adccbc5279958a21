//! The SYN queue of one listener: how many half-open connections it has, and may have. The records themselves lie in the
//! shard's slab, where a segment finds them with one look-up.

use crate::Sysctls;
use periplus_journey::QueueMet;

fn three_quarters(tcp_max_syn_backlog: u32) -> u32 {
    tcp_max_syn_backlog - tcp_max_syn_backlog / 4
}

/// The length and limit of a SYN queue.
#[derive(Clone, Copy, Debug)]
pub struct SynQueue {
    length: u32,
    /// How many of them [are young](super::HalfOpen::is_young).
    pub(super) young: u32,
    backlog: u32,
    limit: u32,
}

impl SynQueue {
    /// An empty queue by the `backlog`: `min(backlog, somaxconn)`. Without SYN cookies Linux also keeps a quarter of
    /// `tcp_max_syn_backlog` free.
    pub fn new(backlog: u32, sysctls: &Sysctls) -> Self {
        let limit = if sysctls.tcp_syncookies == 0 {
            backlog.min(three_quarters(sysctls.tcp_max_syn_backlog))
        } else {
            backlog
        };
        Self {
            length: 0,
            young: 0,
            backlog,
            limit,
        }
    }

    /// The same queue by another backlog. Who is in it stays.
    pub(super) fn set_backlog(&mut self, backlog: u32, sysctls: &Sysctls) {
        *self = Self {
            length: self.length,
            young: self.young,
            ..Self::new(backlog, sysctls)
        };
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

    /// How many there may be, and one more.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether one more SYN gets no record. One more than the backlog is admitted, as the accept queue does and Linux since
    /// 6.14 (`inet_csk_reqsk_queue_is_full`): before, a backlog of 0 let nobody in.
    pub fn is_full(&self) -> bool {
        self.length > self.backlog
    }

    /// Whether one more SYN would take of the quarter of `tcp_max_syn_backlog` that is kept free without cookies.
    pub(super) fn is_in_last_quarter(&self, sysctls: &Sysctls) -> bool {
        self.length > three_quarters(sysctls.tcp_max_syn_backlog)
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
