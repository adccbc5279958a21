//! A connection within its shard.

use crate::flow_header::FlowHeader;
use crate::flow_table::FlowKey;
use crate::list::{Linked, Links};
use crate::slab::Index;
use crate::timer_wheel::TimerId;
use periplus_journey::Instant;
use periplus_tcp::{Claim, Connection};

/// Headers made from a neighbour's link address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyHeader {
    pub(crate) header: FlowHeader,
    /// The neighbours' epoch they are of.
    pub(crate) epoch: u32,
    /// From then on the neighbours are asked again, whatever the epoch: only who is asked for is checked upon.
    pub(crate) until: Instant,
}

/// A connection with what the shard knows of it.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) connection: Connection,
    pub(crate) key: FlowKey,
    /// Ready headers.
    pub(crate) header: Option<ReadyHeader>,
    pub(crate) timer: Option<TimerId>,
    pub(crate) armed: Option<Instant>,
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
    /// In the list of those that may hold frames of the ring, and its neighbours there.
    pub(crate) is_pinning: bool,
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
            armed: None,
            retry_at: None,
            time_wait: None,
            claim: Claim::default(),
            is_orphan: false,
            is_listed: true,
            is_queued: false,
            is_unresolved: false,
            is_pinning: false,
            links: Links::default(),
        }
    }

    /// When the shard has to look at it.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        Instant::earliest([self.connection.next_timeout(), self.retry_at])
    }
}
