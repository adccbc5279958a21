//! A backend that sends one stream and receives the other.

use crate::Host;
use periplus_journey::Instant;
use periplus_ring::Device;
use periplus_stack::{ConnectionId, Read, StreamError, Write};

/// One end of a connection: what it has to send, and what it has received. Like any backend it calls again after
/// [`Read::Wait`] or [`Write::Wait`] only when the shard says so: a wake-up that is missing shows as a stream that never
/// finishes.
pub struct Stream {
    /// The connection.
    pub id: ConnectionId,
    /// What has arrived so far.
    pub received: Vec<u8>,
    /// Whether the peer has ended its stream.
    pub ended: bool,
    outgoing: Vec<u8>,
    accepted: usize,
    shut: bool,
    may_read: bool,
    may_write: bool,
}

impl Stream {
    /// A backend that sends `outgoing`, then ends its direction.
    pub fn new(id: ConnectionId, outgoing: Vec<u8>) -> Self {
        Self {
            id,
            received: Vec::new(),
            ended: false,
            outgoing,
            accepted: 0,
            shut: false,
            may_read: true,
            may_write: true,
        }
    }

    /// Reads and writes as much as the shard lets it.
    pub fn pump<D: Device>(&mut self, host: &mut Host<D>, now: Instant) -> Result<(), StreamError> {
        self.may_read |= host.take_readable(self.id);
        self.may_write |= host.take_writable(self.id);
        self.read(host, now)?;
        self.write(host, now)
    }

    /// Whether both directions are over.
    pub fn is_done(&self) -> bool {
        self.ended && self.shut
    }

    fn read<D: Device>(&mut self, host: &mut Host<D>, now: Instant) -> Result<(), StreamError> {
        let mut buffer = [0; 4096];
        while self.may_read && !self.ended {
            match host.shard.read(now, self.id, &mut buffer)? {
                Read::Data(length) => self.received.extend_from_slice(&buffer[..length]),
                Read::End => self.ended = true,
                Read::Wait => self.may_read = false,
            }
        }
        Ok(())
    }

    fn write<D: Device>(&mut self, host: &mut Host<D>, now: Instant) -> Result<(), StreamError> {
        while self.may_write && self.accepted < self.outgoing.len() {
            let rest = &self.outgoing[self.accepted..];
            match host.shard.write(now, self.id, rest)? {
                Write::Accepted(length) => self.accepted += length,
                Write::Wait => self.may_write = false,
            }
        }
        if self.accepted == self.outgoing.len() && !self.shut {
            host.shard.shutdown_write(now, self.id)?;
            self.shut = true;
        }
        Ok(())
    }
}
