//! Calls on the shard's own thread: the shard is borrowed, nothing else is between.

use crate::mailbox::Farewell;
use crate::shard::State;
use bytes::Bytes;
use periplus_journey::Instant;
use periplus_stack::{Chunk, ConnectionId, Piece, Read, ReadChunk, StreamError, Write};
use std::io::{self, IoSlice};
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

impl State {
    pub(super) fn poll_read(
        &mut self,
        now: Instant,
        id: ConnectionId,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fillable = self.fillable(id, buffer);
        let read = self.shard.read(now, id, fillable);
        self.filled(read, id, context, buffer)
    }

    pub(super) fn poll_peek(
        &mut self,
        id: ConnectionId,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fillable = self.fillable(id, buffer);
        let peeked = self.shard.peek(id, fillable);
        self.filled(peeked, id, context, buffer)
    }

    pub(super) fn poll_read_chunk(
        &mut self,
        now: Instant,
        id: ConnectionId,
        context: &Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Option<Chunk>>> {
        match self.shard.read_chunk(now, id, limit) {
            Ok(ReadChunk::Data(chunk)) => Poll::Ready(Ok(Some(chunk))),
            Ok(ReadChunk::End) => Poll::Ready(Ok(None)),
            Ok(ReadChunk::Wait) => {
                self.waiters.wait_readable(id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(crate::error::stream(error))),
        }
    }

    /// The part of `buffer` that there are bytes for. A reader that offers much and gets little (hyper offers 8 KiB to an
    /// idle connection) has no more of its memory touched than is filled.
    fn fillable<'b>(&self, id: ConnectionId, buffer: &'b mut ReadBuf<'_>) -> &'b mut [u8] {
        let queued = self.shard.readable(id);
        buffer.initialize_unfilled_to(queued.min(buffer.remaining()))
    }

    fn filled(
        &mut self,
        read: Result<Read, StreamError>,
        id: ConnectionId,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match read {
            Ok(Read::Data(length)) => {
                buffer.advance(length);
                Poll::Ready(Ok(()))
            }
            Ok(Read::End) => Poll::Ready(Ok(())),
            Ok(Read::Wait) => {
                self.waiters.wait_readable(id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(crate::error::stream(error))),
        }
    }

    pub(super) fn poll_write(
        &mut self,
        now: Instant,
        id: ConnectionId,
        context: &Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match data {
            [] => return Poll::Ready(Ok(0)),
            [slice] => self.shard.write(now, id, slice),
            slices => self.shard.write_vectored(now, id, slices),
        };
        self.written(written, id, context)
    }

    pub(super) fn poll_write_pieces(
        &mut self,
        now: Instant,
        id: ConnectionId,
        context: &Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.shard.write_pieces(now, id, pieces);
        self.written(written, id, context)
    }

    fn written(
        &mut self,
        written: Result<Write, StreamError>,
        id: ConnectionId,
        context: &Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Ok(Write::Accepted(length)) => Poll::Ready(Ok(length)),
            Ok(Write::Wait) => {
                self.waiters.wait_writable(id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(crate::error::stream(error))),
        }
    }

    pub(super) fn poll_write_bytes(
        &mut self,
        now: Instant,
        id: ConnectionId,
        context: &Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let written = self.shard.write_bytes(now, id, data);
        self.written(written, id, context)
    }

    pub(super) fn poll_connected(
        &mut self,
        id: ConnectionId,
        context: &Context<'_>,
    ) -> Poll<Result<(), StreamError>> {
        match self.shard.is_connected(id) {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                // Success makes it writable, failure readable: whichever comes.
                self.waiters.wait_readable(id, context);
                self.waiters.wait_writable(id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// The handle is gone, and with it whoever waited.
    pub(crate) fn release_stream(&mut self, now: Instant, id: ConnectionId, farewell: Farewell) {
        let Some(waiters) = self.waiters.streams.remove(&id) else {
            return;
        };
        let discarded = self.waiters.discarded.get_or_insert_default();
        discarded.streams.push(waiters);
        if farewell == Farewell::Abort {
            self.shard.abort(now, id);
        }
        self.shard.close(now, id);
    }
}
