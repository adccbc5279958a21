//! From the stack to who reads: a record at a time.

use super::TlsStream;
use super::framing::LONGEST_LOOK;
use crate::marks::Marks;
use crate::stream::PeekStream;
use periplus_journey::{Instant, Mark};
use std::io::{self, BufRead};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

impl<S: PeekStream, M: Marks> TlsStream<S, M> {
    /// Takes what has come of one record, and no byte behind it, from the stream. Ready when something has changed: a record
    /// was whole, or a part of one was taken, or the peer has ended.
    pub(in crate::tls) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut space = [MaybeUninit::uninit(); LONGEST_LOOK];
        let mut buffer = ReadBuf::uninit(&mut space[..self.framing.look()]);
        match self.stream.poll_peek(context, &mut buffer) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                self.starve();
                return Poll::Pending;
            }
        }
        if let Some(since) = self.starved_since.take() {
            let first = self.peer.map_or(since, |(first, _)| first);
            self.peer = Some((first, M::now()));
        }
        let seen = buffer.filled();
        if seen.is_empty() {
            self.end();
            return Poll::Ready(Ok(()));
        }
        let own = self.framing.own(seen);
        self.stream.consume(own);
        let record = self.framing.take(own);
        let began = M::now();
        let fed = self.feed(&seen[..own]);
        let told = match fed {
            Ok(()) => self.process(),
            Err(error) => Err(rustls::Error::General(error.to_string())),
        };
        self.collect();
        if let Err(error) = told {
            self.broken = Some(error);
            // The alert says what was wrong, if the stream has room for it.
            let _ = self.poll_send(context);
            return Poll::Ready(self.check());
        }
        if let Some(record) = record {
            self.record_ends(record, (began, M::now()));
        }
        Poll::Ready(Ok(()))
    }

    /// How many bytes of the ciphertext were taken.
    pub(in crate::tls) fn taken(&self) -> u64 {
        self.framing.taken()
    }

    fn feed(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        // After a close_notify the session takes nothing more, and nothing more counts (RFC 8446 section 6.1).
        while !bytes.is_empty() && self.session.read_tls(&mut bytes)? > 0 {}
        Ok(())
    }

    fn process(&mut self) -> Result<(), rustls::Error> {
        let state = self.session.process_new_packets()?;
        self.waiting = state.plaintext_bytes_to_read();
        self.ended |= state.peer_has_closed();
        Ok(())
    }

    /// A record was whole, and decrypted.
    fn record_ends(&mut self, record: Range<u64>, busy: (Instant, Instant)) {
        let peer = self.peer.take();
        match self.waiting as u64 {
            0 => self.marks.received_apart(record.end),
            length => self.marks.received(length, record, busy, peer),
        }
    }

    /// Nothing more has come. Where that is in the middle of a record, it is the peer's turn, and the stack cannot know that
    /// what it gave begins a request.
    fn starve(&mut self) {
        let Some(start) = self.framing.begun() else {
            return;
        };
        if self.starved_since.is_none() {
            self.starved_since = Some(M::now());
            if self.peer.is_none() && !self.session.is_handshaking() {
                self.marks.inner().mark(Mark::PartRead { start });
            }
        }
    }

    /// The peer has ended its direction without a close_notify. What is framed inside knows whether that is all.
    fn end(&mut self) {
        self.ended = true;
        if !self.session.is_handshaking() {
            self.counters.tls_truncations.increment();
        }
    }

    pub(super) fn copy_waiting(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        let mut reader = self.session.reader();
        let chunk = reader.fill_buf()?;
        let length = chunk.len().min(buffer.remaining());
        buffer.put_slice(&chunk[..length]);
        Ok(())
    }

    pub(super) fn take(&mut self, length: usize) {
        debug_assert!(
            length <= self.waiting,
            "only what a peek has shown is taken"
        );
        let mut left = length.min(self.waiting);
        self.waiting -= left;
        let mut reader = self.session.reader();
        while left > 0 {
            let part = match reader.fill_buf() {
                Ok(chunk) if !chunk.is_empty() => chunk.len().min(left),
                _ => break,
            };
            reader.consume(part);
            left -= part;
        }
    }
}
