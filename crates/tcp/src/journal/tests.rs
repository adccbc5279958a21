//! The journeys of streams that share a connection.

mod host;
mod interleaved;
mod property;
mod waits;

use super::{ConnectionJournal, Ending, Marker, Recorder};
use crate::segment::ArrivalTime;
use periplus_journey::{
    Beginning, Counters, Finished, Instant, Mark, Outcome, Record, RequestEnd, StampedMark,
    TcpSummary,
};
use std::net::{Ipv4Addr, SocketAddr};

/// A connection whose bytes come and go when a test says so, by a clock of whole milliseconds.
struct Line {
    journal: ConnectionJournal,
    recorder: Recorder,
    counters: Counters,
    now: Instant,
    received: u64,
    read: u64,
    transmitted: u64,
    acknowledged: u64,
}

fn ms(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

impl Line {
    fn new() -> Self {
        let peer = SocketAddr::from((Ipv4Addr::new(10, 0, 0, 2), 40_000));
        let local = SocketAddr::from((Ipv4Addr::new(10, 0, 0, 1), 80));
        Self {
            journal: ConnectionJournal::new(peer, local, Beginning::default()),
            recorder: Recorder::new(true, "memory", 4096),
            counters: Counters::default(),
            now: Instant::ZERO,
            received: 0,
            read: 0,
            transmitted: 0,
            acknowledged: 0,
        }
    }

    fn at(&mut self, milliseconds: u64) -> &mut Self {
        self.now = ms(milliseconds);
        self
    }

    fn arrives(&mut self, length: u64) -> &mut Self {
        self.received += length;
        let stamp = ArrivalTime {
            arrived: self.now,
            taken: None,
            rx_ring_at_most: None,
        };
        let (read, acknowledged) = (self.read, self.acknowledged);
        self.journal
            .arrived(self.received, stamp, read, acknowledged, &mut self.recorder);
        self
    }

    /// All that is here.
    fn is_read(&mut self) -> &mut Self {
        let from = std::mem::replace(&mut self.read, self.received);
        self.journal.read(from, self.read, self.now, true);
        self
    }

    fn transmits(&mut self, length: u64) -> &mut Self {
        self.transmitted += length;
        self.journal.transmitted(
            self.transmitted,
            self.now,
            self.acknowledged,
            &mut self.recorder,
        );
        self
    }

    fn acknowledges(&mut self, offset: u64) -> &mut Self {
        self.acknowledged = offset;
        let tcp = TcpSummary::default();
        self.journal
            .acknowledged(offset, self.now, tcp, &mut self.recorder);
        if offset == self.transmitted && self.read == self.received {
            self.journal.rest(false, &mut self.recorder);
        }
        self
    }

    fn mark(&mut self, stream: u32, mark: Mark) -> &mut Self {
        let at = self.now;
        let mut marker = Marker {
            journal: &mut self.journal,
            recorder: &mut self.recorder,
            counters: &mut self.counters,
            stream: 0,
            read_to: self.read,
            drained: self.read == self.received,
            acknowledged: self.acknowledged,
            retransmissions: 0,
            path: None,
        };
        marker.mark(StampedMark { at, stream, mark });
        self
    }

    fn request(&mut self, stream: u32, start: u64) -> &mut Self {
        self.mark(stream, Mark::Request { start })
    }

    fn request_end(&mut self, stream: u32, end: u64) -> &mut Self {
        let how = RequestEnd::Complete;
        self.mark(stream, Mark::RequestEnd { end, how })
    }

    /// Told to have been read whole.
    fn asks(&mut self, stream: u32, start: u64, end: u64) -> &mut Self {
        self.mark(stream, Mark::WholeRequest { start, end })
    }

    fn answers(&mut self, stream: u32, start: u64, end: u64) -> &mut Self {
        self.mark(stream, Mark::WholeResponse { start, end })
    }

    fn records(&mut self) -> Vec<Record> {
        let mut finished: Vec<Finished> = Vec::new();
        self.recorder.take(&mut finished);
        finished.into_iter().map(Record::from).collect()
    }

    /// The connection is over: what it leaves.
    fn end(&mut self, outcome: Outcome) -> Vec<Record> {
        let over = std::mem::replace(self, Self::new());
        let (journal, now) = (over.journal, over.now);
        self.recorder = over.recorder;
        let reason = None;
        let ending = Ending { outcome, reason };
        journal.end(ending, now, TcpSummary::default(), &mut self.recorder);
        self.records()
    }
}

/// Three requests of 10 bytes by the streams 1, 3 and 5, which came together after 1 ms and are read and told after 2 ms.
fn three_asked() -> Line {
    let mut line = Line::new();
    line.at(1).arrives(30);
    line.at(2).is_read();
    line.asks(1, 0, 10).asks(3, 10, 20).asks(5, 20, 30);
    line
}
