//! The two bounded queues between a foreign thread and its stream.

use super::inbound::Inbound;
use super::outbound::Outbound;
use periplus_journey::{Instant, Mark, StampedMark, Station};
use periplus_stack::StreamError;
use std::task::Waker;

/// Bytes a mailbox holds in a direction.
pub(crate) const LIMIT: usize = 64 * 1024;

/// Why no more bytes will come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed its direction: what is queued is the rest. Writing goes on.
    Eof,
    /// The connection failed.
    Failed(StreamError),
    /// The shard has ended.
    ShardGone,
}

/// Whether the peer has everything that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Nobody asks.
    Ignored,
    /// Somebody waits for it.
    Awaited,
    /// It has.
    Complete,
}

/// How the handle was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// Dropped.
    Close,
    /// Reset on purpose.
    Abort,
}

/// Both directions of a remote stream, under one lock.
pub(crate) struct Queues {
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    /// Options were set and not taken over yet. They keep no order with the bytes: the latest word counts.
    pub(crate) options_changed: bool,
    pub(crate) delivery: Delivery,
    pub(crate) end: Option<End>,
    pub(crate) farewell: Option<Farewell>,
    /// The driver has closed the connection: the queues lead nowhere now.
    pub(crate) released: bool,
    pub(crate) reader: Option<Waker>,
    pub(crate) writer: Option<Waker>,
    /// Wakers that were replaced, to be dropped when the lock is free.
    pub(crate) discarded: Vec<Waker>,
    /// The current call has work for the driver.
    pub(crate) errand: bool,
    /// The driver was rung and has not come yet.
    pub(crate) rung: bool,
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            options_changed: false,
            delivery: Delivery::Ignored,
            end: None,
            farewell: None,
            released: false,
            reader: None,
            writer: None,
            discarded: Vec::new(),
            // New queues are an errand in themselves: the driver must learn that it carries for this stream.
            errand: true,
            rung: false,
        }
    }
}

impl Queues {
    /// The error of a connection that failed, for writing and, once the queue is empty, for reading.
    pub(crate) fn failure(&self) -> Option<std::io::Error> {
        match self.end? {
            End::Eof => None,
            End::Failed(error) => Some(crate::error::stream(error)),
            End::ShardGone => Some(crate::error::shard_gone()),
        }
    }

    /// Queues a mark behind the bytes written before it, and around it what bytes waited in this mailbox.
    ///
    /// A request's first bytes are read before the codec knows that they are one. So the waits of inbound bytes are kept
    /// back, and follow the mark that opens the request or go before any other.
    ///
    /// Gives the mark back if the driver has closed the connection: then there are no bytes it must stay behind.
    pub(crate) fn mark(&mut self, mark: StampedMark) -> Result<(), StampedMark> {
        if self.released {
            return Err(mark);
        }
        let opens = matches!(mark.mark, Mark::Request { .. } | Mark::WholeRequest { .. });
        let (at, stream) = (mark.at, mark.stream);
        if opens {
            self.outbound.push_mark(mark);
            self.push_waits(at, stream);
        } else {
            self.push_waits(at, stream);
            self.outbound.push_mark(mark);
        }
        self.errand = true;
        Ok(())
    }

    fn push_waits(&mut self, at: Instant, stream: u32) {
        for (start, end) in self.inbound.take_waits() {
            let mark = Mark::Overlay {
                station: Station::Mailbox,
                start,
                end,
            };
            self.outbound.push_mark(StampedMark { at, stream, mark });
        }
    }
}
