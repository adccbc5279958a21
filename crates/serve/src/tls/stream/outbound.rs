//! From who writes to the stack: a record at a time.

use super::TlsStream;
use crate::marks::Marks;
use crate::stream::PeekStream;
use arrayvec::ArrayVec;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::io::{self, IoSlice, Write};
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The most plaintext of one record (RFC 8446 section 5.1).
const RECORD: usize = 1 << 14;

/// Slices that are put into one record.
const SLICES: usize = 16;

/// Below this a copy costs less than a reference to count.
const WORTH_SHARING: usize = 2048;

/// What may wait to be sent before nothing more is read that could add to it: more than the longest flight of a handshake.
const ENOUGH: usize = 64 * 1024;

/// Ciphertext on its way to the stream.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    /// What the session has made.
    made: BytesMut,
    /// What of it the stream is given now.
    going: Bytes,
    /// How much it has made in all.
    total: u64,
    /// Whether close_notify is said.
    closed: bool,
}

impl Outbound {
    pub(super) fn is_full(&self) -> bool {
        self.made.len() + self.going.len() >= ENOUGH
    }
}

impl<S: PeekStream, M: Marks> TlsStream<S, M> {
    /// Encrypts slices and writes them, as many bytes as there is room for and at most a record more, and says how many.
    pub(super) fn poll_encrypt<B: Deref<Target = [u8]>>(
        &mut self,
        context: &mut Context<'_>,
        slices: &[B],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let mut taken = 0;
        while self.poll_send(context)?.is_ready() {
            let record = next_record(slices, taken);
            if record.is_empty() {
                return Poll::Ready(Ok(taken));
            }
            taken += self.encrypt(&record)?;
        }
        if taken > 0 {
            Poll::Ready(Ok(taken))
        } else {
            Poll::Pending
        }
    }

    fn encrypt(&mut self, record: &[IoSlice<'_>]) -> io::Result<usize> {
        self.collect();
        let start = self.outbound.total;
        let length = self.session.writer().write_vectored(record)?;
        if length == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.gather();
        self.marks.sent(length as u64, start..self.outbound.total);
        Ok(length)
    }

    /// Takes what the session has to say of its own: handshake, tickets, alerts.
    pub(in crate::tls) fn collect(&mut self) {
        if self.session.wants_write() {
            self.gather();
            self.marks.sent_apart(self.outbound.total);
        }
    }

    fn gather(&mut self) {
        let before = self.outbound.made.len();
        while self.session.wants_write() {
            // Memory takes everything.
            let written = self
                .session
                .write_tls(&mut (&mut self.outbound.made).writer());
            if written.is_err() {
                break;
            }
        }
        self.outbound.total += (self.outbound.made.len() - before) as u64;
    }

    /// Gives the stream what is on its way to it.
    pub(in crate::tls) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outbound = &mut self.outbound;
        loop {
            if outbound.going.is_empty() {
                if outbound.made.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                outbound.going = outbound.made.split().freeze();
            }
            let written = if outbound.going.len() < WORTH_SHARING {
                let written = Pin::new(&mut self.stream).poll_write(context, &outbound.going);
                let written = ready!(written)?;
                outbound.going.advance(written);
                written
            } else {
                ready!(self.stream.poll_write_bytes(context, &mut outbound.going))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
    }

    /// Says that nothing more will be written.
    pub(super) fn say_goodbye(&mut self) {
        if !self.outbound.closed {
            self.outbound.closed = true;
            if self.broken.is_none() {
                self.session.send_close_notify();
            }
            self.collect();
        }
    }
}

/// As much of `slices`, without their first `taken` bytes, as one record holds.
fn next_record<B: Deref<Target = [u8]>>(
    slices: &[B],
    taken: usize,
) -> ArrayVec<IoSlice<'_>, SLICES> {
    let (mut skip, mut room) = (taken, RECORD);
    let mut record = ArrayVec::new();
    for slice in slices {
        let slice: &[u8] = slice;
        let rest = &slice[skip.min(slice.len())..];
        skip -= slice.len() - rest.len();
        let part = &rest[..rest.len().min(room)];
        if part.is_empty() {
            continue;
        }
        room -= part.len();
        record.push(IoSlice::new(part));
        if record.is_full() {
            break;
        }
    }
    record
}
