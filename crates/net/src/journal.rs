//! The backend's word on its streams.

use crate::clock;
use crate::mailbox::{Call, Mailbox};
use crate::shard::registry::{self, ShardId};
use periplus_journey::{Instant, Label, Mark, RequestEnd, StampedMark, Station};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Sets marks in a stream: where a request begins and ends, what it is called, where its answer lies. Offsets count from the
/// first data byte of their direction, as [`TcpStream::offsets`](crate::TcpStream::offsets) gives them.
///
/// Cheap to clone, and good on any thread. Every mark is stamped when it is set, however long it travels.
#[derive(Clone)]
pub struct Journal {
    shard: ShardId,
    mailbox: Arc<Mailbox>,
    stream: u32,
}

impl Journal {
    pub(crate) fn new(shard: ShardId, mailbox: Arc<Mailbox>) -> Self {
        Self {
            shard,
            mailbox,
            stream: 0,
        }
    }

    /// The same journal, for the marks of one stream of a multiplexed connection; 0 is for a connection without streams, and
    /// for what is said of the connection.
    pub fn of_stream(&self, stream: u32) -> Self {
        Self {
            stream,
            ..self.clone()
        }
    }

    /// The time now, on the clock of the marks.
    pub fn now() -> Instant {
        clock::now()
    }

    /// A request begins at offset `start` of the received bytes.
    pub fn request(&self, start: u64) {
        self.mark(Mark::Request { start });
    }

    /// The youngest request ends before offset `end` of the received bytes.
    pub fn request_end(&self, end: u64, how: RequestEnd) {
        self.mark(Mark::RequestEnd { end, how });
    }

    /// The handler was called.
    pub fn handler_called(&self) {
        self.mark(Mark::HandlerCalled);
    }

    /// A request is at `range` of the received bytes, all of it was parsed, and the handler is called: one mark, and one look
    /// at the clock, for a codec that finds a request in one piece.
    pub fn whole_request(&self, range: Range<u64>) {
        let Range { start, end } = range;
        self.mark(Mark::WholeRequest { start, end });
    }

    /// The answer to the oldest unanswered request was written, to `range` of the sent bytes.
    pub fn whole_response(&self, range: Range<u64>) {
        let Range { start, end } = range;
        self.mark(Mark::WholeResponse { start, end });
    }

    /// The answer to the oldest unanswered request begins at offset `start` of the sent bytes.
    pub fn response(&self, start: u64) {
        self.mark(Mark::Response { start });
    }

    /// That answer ends before offset `end` of the sent bytes.
    pub fn response_end(&self, end: u64) {
        self.mark(Mark::ResponseEnd { end });
    }

    /// The oldest request whose answer has not begun gets none: its journey ends here, as delivered.
    pub fn no_response(&self) {
        self.mark(Mark::NoResponse);
    }

    /// Of the bytes between the request's first and last, and between its answer's first and last, so many are in its own
    /// stream's frames. The latest word counts.
    pub fn carried(&self, received: u64, sent: u64) {
        self.mark(Mark::Carried { received, sent });
    }

    /// The stream was reset, by its peer or by the backend: its request's journey ends here.
    pub fn reset(&self, reason: &'static str) {
        self.mark(Mark::Reset { reason });
    }

    /// The peer has kept the backend waiting for too long, and the backend ends the connection: what is open on it ends as a
    /// time-out for this reason. Of a stream, its request does, at once.
    pub fn timed_out(&self, reason: &'static str) {
        self.mark(Mark::TimedOut { reason });
    }

    /// What the peer has sent is nothing that a request could come in, and the backend ends the connection: without any
    /// request it ends as rejected for this reason. Of a stream, its request does, at once.
    pub fn refused(&self, reason: &'static str) {
        self.mark(Mark::Refused { reason });
    }

    /// Bytes from offset `start` on were read in part, and may turn out to begin a request.
    pub fn part_read(&self, start: u64) {
        self.mark(Mark::PartRead { start });
    }

    /// The ClientHello begins at offset `start` of the received bytes.
    pub fn tls_began(&self, start: u64) {
        self.mark(Mark::TlsBegan { start });
    }

    /// The TLS handshake is finished; what the peer sent for it ends before offset `end` of the received bytes.
    pub fn tls_ended(&self, end: u64) {
        self.mark(Mark::TlsEnded { end });
    }

    /// How many of the bytes written to the stream the peer has acknowledged. `None` on another thread than the shard's, and
    /// after the connection's end.
    pub fn acknowledged(&self) -> Option<u64> {
        let id = self.mailbox.id;
        let cell = registry::find(self.shard).filter(|_| !self.mailbox.is_remote())?;
        cell.call(|state, _| state.shard.acknowledged(id))
    }

    /// Names the oldest request whose answer has not ended.
    pub fn label(&self, label: Label) {
        self.mark(Mark::Label(label));
    }

    /// A wait of the backend's own, in the oldest request whose answer has not ended.
    pub fn overlay(&self, station: Station, start: Instant, end: Instant) {
        self.mark(Mark::Overlay {
            station,
            start,
            end,
        });
    }

    fn mark(&self, mark: Mark) {
        let (id, mark) = (
            self.mailbox.id,
            StampedMark {
                at: clock::now(),
                stream: self.stream,
                mark,
            },
        );
        if self.mailbox.is_remote() {
            // In line with the bytes that were written before it, as long as there is a line.
            if let Err(late) = self.mailbox.call(|queues| queues.mark(mark)) {
                let _ = self.mailbox.inbox.send(Call::Mark(id, late));
            }
            return;
        }
        match registry::find(self.shard) {
            Some(cell) => cell.call(|state, _| {
                // The mark that ends a journey may leave a record to be taken, and nothing else to do.
                state.errand |= matches!(
                    mark.mark,
                    Mark::RequestEnd { .. }
                        | Mark::ResponseEnd { .. }
                        | Mark::WholeResponse { .. }
                        | Mark::NoResponse
                        | Mark::Reset { .. }
                        | Mark::TimedOut { .. }
                        | Mark::Refused { .. }
                );
                state.shard.mark(id, mark);
            }),
            // A shard that has ended keeps no journeys.
            None => drop(self.mailbox.inbox.send(Call::Mark(id, mark))),
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("peer", &self.mailbox.peer)
            .finish_non_exhaustive()
    }
}
