//! A connection within its shard.

use crate::flow_header::FlowHeader;
use crate::flow_table::FlowKey;
use crate::handle::{Handle, Tag};
use crate::list::{Linked, Links};
use crate::slab::Index;
use crate::timer_wheel::{TimerId, TimerWheel};
use periplus_journey::Instant;
use periplus_tcp::{Claim, Connection};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// Headers made from a neighbour's link address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyHeader {
    pub(crate) header: FlowHeader,
    /// The neighbours' epoch they are of.
    pub(crate) epoch: u32,
    /// From then on the neighbours are asked again, whatever the epoch: only who is asked for is checked upon.
    pub(crate) until: Instant,
}

impl ReadyHeader {
    /// Whether they may be used, the neighbours' epoch being this one.
    #[inline]
    pub(crate) fn is_good(&self, now: Instant, epoch: u32) -> bool {
        self.epoch == epoch && now < self.until
    }
}

/// A connection with what the shard knows of it.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) connection: Connection,
    pub(crate) key: FlowKey,
    /// Ready headers.
    pub(crate) header: Option<ReadyHeader>,
    pub(crate) timer: Option<TimerId>,
    /// When its timer expires; never later than it has something to do.
    pub(crate) armed: Instant,
    /// The next hop does not answer: not before then.
    pub(crate) retry_at: Option<Instant>,
    /// The record of its TIME-WAIT, which it is itself no longer in.
    pub(crate) time_wait: Option<Index>,
    /// What of the shard's memory it was last found to claim.
    pub(crate) claim: Claim,
    /// Counted as an orphan.
    pub(crate) is_orphan: bool,
    /// In the flow table.
    pub(crate) is_listed: bool,
    /// In the transmit queue.
    pub(crate) is_queued: bool,
    /// Waiting for its next hop's link address.
    pub(crate) is_unresolved: bool,
    /// In the list of those that may hold frames of the ring, or of those at rest, and its neighbours there.
    pub(crate) is_pinning: bool,
    pub(crate) is_resting: bool,
    links: Links,
}

impl Linked for Flow {
    fn links(&mut self) -> &mut Links {
        &mut self.links
    }
}

impl Flow {
    pub(crate) fn new(connection: Connection, key: FlowKey) -> Self {
        Self {
            connection,
            key,
            header: None,
            timer: None,
            armed: Instant::FAR_FUTURE,
            retry_at: None,
            time_wait: None,
            claim: Claim::default(),
            is_orphan: false,
            is_listed: true,
            is_queued: false,
            is_unresolved: false,
            is_pinning: false,
            is_resting: false,
            links: Links::default(),
        }
    }

    /// A place for a parked connection to wake into.
    pub(crate) fn to_wake() -> Self {
        let nowhere = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
        let key = FlowKey {
            local: nowhere,
            remote: nowhere,
        };
        Self::new(Connection::to_wake(), key)
    }

    /// Its connection has woken, and was another before. What it claims of the shard's memory is what it claimed when it was parked.
    pub(crate) fn begin_anew(&mut self, key: FlowKey) {
        let Self {
            connection,
            key: ends,
            header,
            timer,
            armed,
            retry_at,
            time_wait,
            claim,
            is_orphan,
            is_listed,
            is_queued,
            is_unresolved,
            is_pinning,
            is_resting,
            links,
        } = self;
        *ends = key;
        *header = None;
        (*timer, *armed) = (None, Instant::FAR_FUTURE);
        (*retry_at, *time_wait) = (None, None);
        *claim = connection.claim();
        (*is_orphan, *is_listed) = (false, true);
        (*is_queued, *is_unresolved) = (false, false);
        (*is_pinning, *is_resting) = (false, false);
        *links = Links::default();
    }

    /// Whether the shard has nothing to do for it.
    #[inline]
    pub(crate) fn has_nothing_to_do(&self) -> bool {
        self.timer.is_none()
            && !self.is_queued
            && !self.is_unresolved
            && self.retry_at.is_none()
            && self.is_listed
    }

    /// Whether it can be parked.
    #[inline]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.has_nothing_to_do() && self.connection.is_at_rest()
    }

    /// Whether it can be parked, and is not remembered for that yet.
    #[inline]
    pub(crate) fn comes_to_rest(&self) -> bool {
        !self.is_resting && self.is_at_rest()
    }

    /// When the shard has to look at it.
    #[inline]
    fn next_timeout(&self) -> Instant {
        let next = self.connection.next_timeout();
        let next = next.unwrap_or(Instant::FAR_FUTURE);
        next.min(self.retry_at.unwrap_or(Instant::FAR_FUTURE))
    }

    /// Arms its timer. One that is set to an earlier moment stays, and is set anew when that has come: a deadline moves away with
    /// nearly every segment, or is gone, and comes back with the next.
    #[inline]
    pub(crate) fn arm(&mut self, timers: &mut TimerWheel, index: Index) {
        let deadline = self.next_timeout();
        if deadline < self.armed {
            let handle = Handle::new(Tag::Established, index);
            self.armed = deadline;
            self.timer = Some(timers.arm(self.timer, deadline, handle));
        }
    }

    /// Takes back a timer that waits for nothing: keepalive's, which was just turned off, would expire in hours.
    pub(crate) fn disarm_for_nothing(&mut self, timers: &mut TimerWheel) {
        if self.next_timeout() == Instant::FAR_FUTURE
            && let Some(timer) = self.timer.take()
        {
            timers.disarm(timer);
            self.armed = Instant::FAR_FUTURE;
        }
    }

    /// Reads what a segment will ask for, wherever it lies: for who will need it soon. What it returns means nothing.
    #[inline]
    pub(crate) fn touch(&self) -> u32 {
        self.connection.touch() ^ u32::from(self.is_queued) ^ self.claim.receive as u32
    }

    /// Gives it a turn at the transmit ring if it has something to say, and none yet.
    #[inline]
    pub(crate) fn queue(&mut self, transmit_queue: &mut VecDeque<Index>, index: Index) {
        if !self.is_queued && !self.is_unresolved && self.connection.has_output() {
            self.is_queued = true;
            transmit_queue.push_back(index);
        }
    }
}
