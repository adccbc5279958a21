//! The backend's calls (RFC 9293 3.10.2 to 3.10.6).

use crate::journal::{Marker, Path, Recorder};
use crate::{Chunk, Connection, Context, State, StreamError};
use periplus_journey::{Counters, Outcome};
use periplus_ring::PoolLevel;

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes, at least one.
    Data(usize),
    /// The peer has closed its direction, and everything was read.
    End,
    /// Nothing yet: [`Connection::take_readiness`] will say when.
    Wait,
}

/// What a read of a chunk gave.
#[derive(Debug)]
pub enum ReadChunk {
    /// Bytes, at least one (or none, if none were asked for).
    Data(Chunk),
    /// The peer has closed its direction, and everything was read.
    End,
    /// Nothing yet: [`Connection::take_readiness`] will say when.
    Wait,
}

impl ReadChunk {
    /// The same as what [`Connection::read_nothing`] says.
    pub fn from_nothing(read: Read) -> Self {
        match read {
            Read::Data(_) => Self::Data(Chunk::default()),
            Read::End => Self::End,
            Read::Wait => Self::Wait,
        }
    }
}

impl Connection {
    /// Whether the handshake is done.
    ///
    /// # Errors
    /// The reason why it failed.
    pub fn is_connected(&mut self) -> Result<bool, StreamError> {
        match (self.error, self.state) {
            (Some(error), _) => Err(error),
            (None, State::SynSent | State::SynReceived) => {
                self.wants.writable = true;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// Reads into `buffer` (RECEIVE, RFC 9293 3.10.3).
    ///
    /// # Errors
    /// The reason why the connection is over, if not in good order.
    #[inline]
    pub fn read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Result<Read, StreamError> {
        if !self.has_text() {
            return self.read_nothing();
        }
        let from = self.read_offset();
        let count = self.receive_queue.read(buffer, context.spare);
        self.was_read(context, from, count);
        Ok(Read::Data(count))
    }

    /// Takes the next bytes as they lie, at most `limit` of them, without a copy where it can be: in the frame that they came
    /// in, while the ring has frames enough. The rest of a chunk that was longer stays.
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn read_chunk(
        &mut self,
        context: &mut Context<'_>,
        limit: usize,
    ) -> Result<ReadChunk, StreamError> {
        if !self.has_text() {
            return self.read_nothing().map(ReadChunk::from_nothing);
        }
        let from = self.read_offset();
        // A frame that is handed out is no longer counted: who keeps many must not empty the ring.
        let copy = context.frames.level != PoolLevel::Ample;
        let chunk = self.receive_queue.take_chunk(limit, copy, context.spare);
        let chunk = chunk.map(Chunk::new).unwrap_or_default();
        self.was_read(context, from, chunk.len());
        Ok(ReadChunk::Data(chunk))
    }

    /// Whether there are bytes to read.
    #[inline]
    pub fn has_text(&self) -> bool {
        !self.receive_queue.is_empty()
    }

    /// Bytes to read.
    #[inline]
    pub fn readable(&self) -> usize {
        self.receive_queue.len()
    }

    /// What a read gives when [no bytes are there](Self::has_text).
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn read_nothing(&mut self) -> Result<Read, StreamError> {
        // a RST after the peer's FIN takes nothing from what was to be read
        if let Some(error) = self.error.filter(|&error| error != StreamError::BrokenPipe) {
            return Err(error);
        }
        match self.state {
            _ if self.read_shut => Ok(Read::End),
            State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2 => {
                self.wants.readable = true;
                Ok(Read::Wait)
            }
            _ => Ok(Read::End),
        }
    }

    /// Copies the next bytes into `buffer` and leaves them in the receive queue.
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn peek(&mut self, buffer: &mut [u8]) -> Result<Read, StreamError> {
        if self.has_text() {
            Ok(Read::Data(self.receive_queue.peek(buffer)))
        } else {
            self.read_nothing()
        }
    }

    /// Takes bytes that were peeked out of the receive queue: they count as read now.
    pub fn consume(&mut self, context: &mut Context<'_>, count: usize) {
        let count = count.min(self.receive_queue.len());
        let from = self.read_offset();
        self.receive_queue.consume(count, context.spare);
        self.was_read(context, from, count);
    }

    /// `count` bytes, from this stream offset on, have left the receive queue.
    fn was_read(&mut self, context: &mut Context<'_>, from: u64, count: usize) {
        if let Some(journal) = &mut self.journal {
            journal.read(
                from,
                from + count as u64,
                context.now,
                self.receive_queue.is_empty(),
            );
        }
        if count > 0 {
            self.right_size(context);
        }
        self.acknowledge_read(context, count);
    }

    /// The way to tell what the codec knows of this stream. `None` if it has no journeys.
    #[inline]
    pub fn marker<'a>(
        &'a mut self,
        recorder: &'a mut Recorder,
        counters: &'a mut Counters,
    ) -> Option<Marker<'a>> {
        let read_to = self.read_offset();
        Some(Marker {
            journal: self.journal.as_mut()?,
            recorder,
            counters,
            stream: 0,
            read_to,
            drained: self.receive_queue.is_empty(),
            acknowledged: self.una_offset,
            retransmissions: self.retransmissions,
            path: Some(Path {
                retransmission_timer: &self.retransmission_timer,
                congestion: &self.congestion,
            }),
        })
    }

    /// The next hop does not answer: connecting fails, an established connection goes on trying, and the RST of one that is
    /// over is lost, or what nobody holds would be kept for it. What cannot even be sent once counts as lost: the retransmission
    /// timer runs for it, as on Linux, where such packets are lost after TCP. Without it, nothing would end an orphan whose peer
    /// has left the network.
    pub fn host_unreachable(&mut self, context: &mut Context<'_>) {
        if self.state == State::Closed {
            self.reset_due = None;
        }
        if matches!(self.state, State::SynSent | State::SynReceived) {
            context.counters.tcp_attempt_fails += 1;
            self.fail(
                context,
                StreamError::TimedOut,
                Outcome::Timeout,
                Some("next_hop_silent"),
            );
        } else if self.retransmit_at.is_none() && self.is_to_be_acknowledged() {
            self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
        }
    }
}
