//! The memory of all connections of a shard together: what each may claim of it.
//!
//! In receiving, a connection claims what its queues hold and what its window still promises: data inside an offered window is
//! never refused, so a promise is as good as spent. In sending it claims what its send queue holds. Either direction has half
//! of [`tcp_mem`](Sysctls::tcp_mem), so that neither clients that fill our queues nor windows that lie idle leave nothing to
//! answer with.
//!
//! What is free of a half is shared out by a dynamic threshold: no connection may claim more than a small part of what is free
//! (the idea of Choudhury and Hahne, "Dynamic Queue Length Thresholds", 1998). While there is plenty, that part is more than
//! any connection may have; as the free memory shrinks, windows close and writers wait, and whoever comes last still finds
//! something free.

use crate::{Connection, Context, Sysctls};

/// The part of what is free that one connection may claim.
const SHARE: usize = 1024;

/// The part of what is free that one may claim that has use for more: its backend reads that much in a round trip, or its congestion window
/// is that large. A peer that lets its data lie never comes here.
const SHARE_OF_THE_GROWN: usize = 64;

/// The part of its share that a connection is promised while its handshake is under way: of those there may be as many as a
/// backlog, four times as many as there are shares.
const SHARE_OF_A_HANDSHAKE: usize = 4;

/// What a connection may claim in either direction however little is free, lest one that comes late stand still: the first
/// value of Linux's `tcp_rmem` and `tcp_wmem`.
const GUARANTEED: usize = 4096;

/// What a connection claims of a shard's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// What its receive and reassembly queue hold, and what its window still promises.
    pub receive: usize,
    /// What its send queue holds.
    pub send: usize,
}

/// What is free of a shard's memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct MemoryBudget {
    /// For receiving.
    pub receive: usize,
    /// For sending.
    pub send: usize,
}

impl MemoryBudget {
    /// What `claimed` leaves of `tcp_mem`.
    #[inline]
    pub fn left_by(claimed: Claim, sysctls: &Sysctls) -> Self {
        let half = sysctls.tcp_mem / 2;
        Self {
            receive: half.saturating_sub(claimed.receive),
            send: half.saturating_sub(claimed.send),
        }
    }

    /// Bytes that the receive and reassembly queue of a connection may hold that begins now.
    pub fn receive_limit(&self, sysctls: &Sysctls) -> usize {
        self.receive_share(0).min(sysctls.tcp_rmem.usual)
    }

    /// Bytes that the send queue of a connection may hold that begins now.
    pub fn send_limit(&self, sysctls: &Sysctls) -> usize {
        self.send_share(0).min(sysctls.tcp_wmem.usual)
    }

    /// How much one connection may claim in receiving that was found to have use for `grown` bytes.
    pub(crate) fn receive_share(&self, grown: usize) -> usize {
        grown_share(self.receive, grown)
    }

    /// The same in sending.
    pub(crate) fn send_share(&self, grown: usize) -> usize {
        grown_share(self.send, grown)
    }
}

fn share(free: usize) -> usize {
    (free / SHARE).max(GUARANTEED)
}

fn grown_share(free: usize, grown: usize) -> usize {
    share(free).max(grown.min(free / SHARE_OF_THE_GROWN))
}

impl Context<'_> {
    /// The first window, halved until it fits into a handshake's share.
    pub(crate) fn narrow(&self, first_window: u32) -> u32 {
        let most = share(self.memory.receive / SHARE_OF_A_HANDSHAKE);
        halve_to(first_window, most)
    }
}

/// The first window, halved until it is not above what is guaranteed: what a cookie promises where memory is short. What fits into
/// a share of it now may not in a minute, and the right edge never moves left.
pub(crate) fn narrowest(first_window: u32) -> u32 {
    halve_to(first_window, GUARANTEED)
}

fn halve_to(mut window: u32, most: usize) -> u32 {
    while window as usize > most {
        window /= 2;
    }
    window
}

impl Connection {
    /// What it claims of the shard's memory.
    #[inline]
    pub fn claim(&self) -> Claim {
        let promised = if self.state.may_receive() {
            self.rcv.wnd() as usize
        } else {
            0
        };
        Claim {
            receive: self.held() + promised,
            send: self.send_queue.len(),
        }
    }
}
