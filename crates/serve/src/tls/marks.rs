//! Marks in the plaintext, set in the ciphertext.

use super::records::Records;
use crate::marks::Marks;
use periplus_journey::{Instant, Label, Mark, Secured, Station};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The journal of a stream inside TLS. Whoever sets marks counts plaintext; the stack counts ciphertext. A request is the
/// records that hold it: its offsets are rounded outward to those.
///
/// Two pipelined requests may share a record, and then both journeys hold it. The later one's bytes have left the stack's
/// queue with the earlier one's: what they waited decrypted stands beside the spine, as `receive_queue`. So may the requests of
/// two streams; a record that comes while several are received is told to each of them.
#[derive(Clone, Debug)]
pub struct TlsMarks<M> {
    inner: M,
    offsets: Arc<Mutex<Offsets>>,
    stream: u32,
    /// What every request is told to have come by.
    secured: Option<Arc<Secured>>,
}

/// Requests of one connection that may be received at once; of more it is not told what decrypting their records took.
const RECEIVING: usize = 256;

#[derive(Debug, Default)]
struct Offsets {
    received: Records,
    sent: Records,
    /// The streams whose requests are being received: their first byte was told, and not their last.
    receiving: Vec<u32>,
    /// The record that was decrypted last.
    latest: Option<Decrypted>,
}

/// A record that was decrypted.
#[derive(Debug)]
pub(super) struct Decrypted {
    /// What it holds.
    pub(super) plain: Range<u64>,
    /// When it was decrypted.
    pub(super) busy: (Instant, Instant),
    /// When a part of it was here and the rest was waited for.
    pub(super) peer: Option<(Instant, Instant)>,
}

impl<M: Marks> TlsMarks<M> {
    pub(super) fn new(inner: M) -> Self {
        Self {
            inner,
            offsets: Arc::default(),
            stream: 0,
            secured: None,
        }
    }

    /// The same, which tells of every request that its connection is `secured`.
    pub(super) fn telling(self, secured: Option<Secured>) -> Self {
        let secured = secured.map(Arc::new);
        Self { secured, ..self }
    }

    /// The journal of the ciphertext.
    pub(super) fn inner(&self) -> &M {
        &self.inner
    }

    fn offsets(&self) -> MutexGuard<'_, Offsets> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of `cipher` were received and hold `length` bytes of plaintext.
    pub(super) fn received(
        &self,
        length: u64,
        cipher: Range<u64>,
        busy: (Instant, Instant),
        peer: Option<(Instant, Instant)>,
    ) {
        let mut offsets = self.offsets();
        let start = offsets.received.plain();
        let done = cipher.start;
        offsets.received.push(length, cipher, done);
        let decrypted = Decrypted {
            plain: start..start + length,
            busy,
            peer,
        };
        offsets.latest = Some(decrypted);
        drop(offsets);
        // The stack saw for itself what was waited for in the middle of a request.
        let mut told = 0;
        while let Some(stream) = self.receiving(told) {
            if stream == self.stream {
                self.overlay(Station::Decrypt, busy);
            } else {
                self.of_stream(stream).overlay(Station::Decrypt, busy);
            }
            told += 1;
        }
    }

    fn receiving(&self, position: usize) -> Option<u32> {
        self.offsets().receiving.get(position).copied()
    }

    /// The bytes of `cipher` hold `length` bytes of plaintext, and are about to be sent.
    pub(super) fn sent(&self, length: u64, cipher: Range<u64>) {
        let mut offsets = self.offsets();
        let mut done = 0;
        if offsets.sent.is_full() {
            done = self.inner.acknowledged().unwrap_or(0);
        }
        offsets.sent.push(length, cipher, done);
    }

    /// What was made to be sent up to `end` holds no more plaintext than was told.
    pub(super) fn sent_apart(&self, end: u64) {
        self.offsets().sent.passed(end);
    }

    /// What was received up to `end` holds no more plaintext than was told.
    pub(super) fn received_apart(&self, end: u64) {
        self.offsets().received.passed(end);
    }

    /// A request begins at `start` of the plaintext, and is told by `mark`.
    fn begin(&self, start: u64, mark: impl FnOnce(&Records) -> Mark) {
        let mut offsets = self.offsets();
        let mark = mark(&offsets.received);
        let latest = offsets
            .latest
            .take_if(|latest| latest.plain.contains(&start));
        drop(offsets);
        self.inner.mark(mark);
        let Some(latest) = latest else { return };
        if start == latest.plain.start {
            if let Some(peer) = latest.peer {
                self.overlay(Station::Peer, peer);
            }
            self.overlay(Station::Decrypt, latest.busy);
        } else {
            self.overlay(Station::ReceiveQueue, (latest.busy.1, M::now()));
        }
        // Another request may begin in it.
        self.offsets().latest.get_or_insert(latest);
    }

    fn overlay(&self, station: Station, (start, end): (Instant, Instant)) {
        self.inner.mark(Mark::Overlay {
            station,
            start,
            end,
        });
    }
}

impl Offsets {
    fn receives(&mut self, stream: u32) {
        if self.receiving.len() < RECEIVING && !self.receiving.contains(&stream) {
            self.receiving.push(stream);
        }
    }

    fn receives_no_more(&mut self, stream: u32) {
        self.receiving.retain(|receiving| *receiving != stream);
    }
}

impl<M: Marks> Marks for TlsMarks<M> {
    fn of_stream(&self, stream: u32) -> Self {
        Self {
            inner: self.inner.of_stream(stream),
            offsets: Arc::clone(&self.offsets),
            stream,
            secured: self.secured.clone(),
        }
    }

    fn mark(&self, mark: Mark) {
        let mark = match mark {
            Mark::Request { start } => {
                self.offsets().receives(self.stream);
                return self.begin(start, |received| Mark::Request {
                    start: received.start_of(start),
                });
            }
            Mark::WholeRequest { start, end } => {
                self.begin(start, |received| Mark::WholeRequest {
                    start: received.start_of(start),
                    end: received.end_of(end),
                });
                return;
            }
            Mark::RequestEnd { end, how } => {
                let mut offsets = self.offsets();
                offsets.receives_no_more(self.stream);
                let end = offsets.received.end_of(end);
                Mark::RequestEnd { end, how }
            }
            Mark::PartRead { start } => Mark::PartRead {
                start: self.offsets().received.start_of(start),
            },
            Mark::Response { start } => Mark::Response {
                start: self.offsets().sent.start_of(start),
            },
            Mark::ResponseEnd { end } => Mark::ResponseEnd {
                end: self.offsets().sent.end_of(end),
            },
            Mark::WholeResponse { start, end } => {
                let sent = &self.offsets().sent;
                Mark::WholeResponse {
                    start: sent.start_of(start),
                    end: sent.end_of(end),
                }
            }
            // It is the first that is said of any request, also of one that is refused.
            Mark::Label(Label::Protocol(_)) => {
                self.inner.mark(mark);
                let Some(secured) = &self.secured else { return };
                Mark::Label(Label::Secured(secured.clone()))
            }
            Mark::Reset { .. } | Mark::TimedOut { .. } | Mark::Refused { .. } => {
                self.offsets().receives_no_more(self.stream);
                mark
            }
            other => other,
        };
        self.inner.mark(mark);
    }

    fn acknowledged(&self) -> Option<u64> {
        let acknowledged = self.inner.acknowledged()?;
        Some(self.offsets().sent.plain_before(acknowledged))
    }

    fn now() -> Instant {
        M::now()
    }
}
