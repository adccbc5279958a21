//! The journeys of a stream whose TCP is somebody else's: a socket of the host.

use super::{ConnectionJournal, Ending, Marker, Recorder};
use crate::segment::ArrivalTime;
use periplus_journey::{Beginning, Counters, Instant, Outcome, StampedMark, TcpSummary};
use std::net::SocketAddr;

/// The journal of a stream that is read from and written to a socket of the host. What the host's kernel does with the
/// bytes is outside the record: they arrive when they are read from it, and are gone when it has taken them.
#[derive(Debug)]
pub struct StreamJournal {
    journal: ConnectionJournal,
    received: u64,
    read: u64,
    written: u64,
}

impl StreamJournal {
    /// Of a connection from `peer` to `local` that was accepted at `at`.
    pub fn new(peer: SocketAddr, local: SocketAddr, at: Instant) -> Self {
        let beginning = Beginning {
            accepted: Some(at),
            ..Beginning::default()
        };
        Self {
            journal: ConnectionJournal::new(peer, local, beginning),
            received: 0,
            read: 0,
            written: 0,
        }
    }

    /// The host gave us `length` bytes.
    pub fn received(&mut self, length: usize, at: Instant, recorder: &mut Recorder) {
        self.received += length as u64;
        let stamp = ArrivalTime {
            arrived: at,
            taken: None,
            rx_ring_at_most: None,
        };
        let (read, written) = (self.read, self.written);
        self.journal
            .arrived(self.received, stamp, read, written, recorder);
    }

    /// The backend read `length` of them.
    pub fn read(&mut self, length: usize, at: Instant) {
        let from = self.read;
        self.read += length as u64;
        let drained = self.read == self.received;
        self.journal.read(from, self.read, at, drained);
    }

    /// The host took `length` bytes of ours.
    pub fn written(&mut self, length: usize, at: Instant, recorder: &mut Recorder) {
        let before = self.written;
        self.written += length as u64;
        self.journal.transmitted(self.written, at, before, recorder);
        self.journal
            .acknowledged(self.written, at, TcpSummary::default(), recorder);
        self.journal.rest(self.read < self.received, recorder);
    }

    /// The host takes nothing at the moment, because the peer does not.
    pub fn blocked(&mut self, at: Instant) {
        self.journal.blocked(at);
    }

    /// What the codec says.
    pub fn mark(&mut self, mark: StampedMark, recorder: &mut Recorder, counters: &mut Counters) {
        let mut marker = Marker {
            journal: &mut self.journal,
            recorder,
            counters,
            stream: 0,
            read_to: self.read,
            drained: self.read == self.received,
            acknowledged: self.written,
            retransmissions: 0,
            path: None,
        };
        marker.mark(mark);
    }

    /// The connection is over.
    pub fn end(
        self,
        outcome: Outcome,
        reason: Option<&'static str>,
        at: Instant,
        recorder: &mut Recorder,
    ) {
        let ending = Ending { outcome, reason };
        self.journal
            .end(ending, at, TcpSummary::default(), recorder);
    }
}
