//! Calls on a foreign thread: the queues are locked for a copy, and the driver is rung if it has something to carry.

use crate::clock;
use crate::mailbox::{Delivery, End, Farewell, Mailbox, Outbound, Queues};
use crate::shard::waiters::park;
use bytes::Bytes;
use periplus_journey::Instant;
use periplus_stack::{Chunk, Piece};
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use tokio::task::coop;

impl Mailbox {
    pub(super) fn poll_read(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.poll_peek(context, buffer))?;
        self.consume(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_read_chunk(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Option<Chunk>>> {
        let budget = ready!(coop::poll_proceed(context));
        let now = clock::now();
        let read = self.call(|queues| {
            if let Some((chunk, blocked)) = queues.inbound.take_chunk(limit, now) {
                queues.errand |= blocked;
                return Poll::Ready(Ok(Some(chunk)));
            }
            match queues.end {
                _ if limit == 0 => Poll::Ready(Ok(Some(Chunk::default()))),
                Some(End::Eof) => Poll::Ready(Ok(None)),
                Some(_) => Poll::Ready(queues.failure().map_or(Ok(None), Err)),
                None => {
                    let displaced = park(&mut queues.reader, context);
                    queues.discarded.extend(displaced);
                    Poll::Pending
                }
            }
        });
        if read.is_ready() {
            budget.made_progress();
        }
        read
    }

    pub(super) fn poll_peek(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The driver fills the queue on its own thread: without a budget this task could find bytes for ever.
        let budget = ready!(coop::poll_proceed(context));
        let peeked = self.call(|queues| {
            for piece in queues.inbound.pieces() {
                let length = piece.len().min(buffer.remaining());
                buffer.put_slice(&piece[..length]);
            }
            match queues.end {
                _ if !queues.inbound.is_empty() || buffer.remaining() == 0 => Poll::Ready(Ok(())),
                Some(End::Eof) => Poll::Ready(Ok(())),
                Some(_) => Poll::Ready(queues.failure().map_or(Ok(()), Err)),
                None => {
                    let displaced = park(&mut queues.reader, context);
                    queues.discarded.extend(displaced);
                    Poll::Pending
                }
            }
        });
        if peeked.is_ready() {
            budget.made_progress();
        }
        peeked
    }

    pub(super) fn consume(self: &Arc<Self>, length: usize) {
        if length > 0 {
            let now = clock::now();
            self.call(|queues| queues.errand |= queues.inbound.consume(length, now));
        }
    }

    pub(super) fn poll_write(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let total: usize = data.iter().map(|piece| piece.len()).sum();
        self.poll_queue(context, total, |room| {
            let mut bytes = Vec::with_capacity(room);
            for piece in data {
                let length = piece.len().min(room - bytes.len());
                bytes.extend_from_slice(&piece[..length]);
            }
            bytes.into()
        })
    }

    pub(super) fn poll_write_bytes(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        self.poll_queue(context, data.len(), |room| data.split_to(room))
    }

    pub(super) fn poll_write_pieces(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered: usize = pieces.iter().map(Piece::len).sum();
        self.poll_queue_each(context, offered, |outbound, now| {
            let mut taken = 0;
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                let length = outbound.room().min(piece.len());
                if length > 0 {
                    let bytes = match piece {
                        Piece::Copied(data) => Bytes::copy_from_slice(&data[..length]),
                        Piece::Shared(data) => data.slice(..length),
                    };
                    outbound.push_bytes(bytes, now);
                    taken += length;
                }
                if length < piece.len() {
                    break;
                }
            }
            taken
        })
    }

    /// Queues what `take` gives when told how many of `total` bytes find room.
    fn poll_queue(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        total: usize,
        take: impl FnOnce(usize) -> Bytes,
    ) -> Poll<io::Result<usize>> {
        self.poll_queue_each(context, total, |outbound, now| {
            let room = outbound.room().min(total);
            if room > 0 {
                outbound.push_bytes(take(room), now);
            }
            room
        })
    }

    /// Has `push` queue what it has room for of `total` bytes, and say how many those are.
    fn poll_queue_each(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        total: usize,
        push: impl FnOnce(&mut Outbound, Instant) -> usize,
    ) -> Poll<io::Result<usize>> {
        let budget = ready!(coop::poll_proceed(context));
        let now = clock::now();
        let queued = self.call(|queues| {
            if let Some(error) = write_failure(queues) {
                return Poll::Ready(Err(error));
            }
            let taken = push(&mut queues.outbound, now);
            if taken == 0 && total > 0 {
                let displaced = park(&mut queues.writer, context);
                queues.discarded.extend(displaced);
                return Poll::Pending;
            }
            queues.errand |= taken > 0;
            Poll::Ready(Ok(taken))
        });
        if queued.is_ready() {
            budget.made_progress();
        }
        queued
    }

    pub(super) fn shutdown(self: &Arc<Self>) -> io::Result<()> {
        self.call(|queues| {
            if let Some(error) = queues.failure() {
                return Err(error);
            }
            queues.outbound.push_shutdown();
            queues.errand = true;
            Ok(())
        })
    }

    pub(super) fn poll_delivered(
        self: &Arc<Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.call(|queues| {
            if queues.delivery == Delivery::Complete {
                return Poll::Ready(Ok(()));
            }
            if let Some(error) = queues.failure() {
                return Poll::Ready(Err(error));
            }
            if queues.delivery == Delivery::Ignored {
                queues.delivery = Delivery::Awaited;
                queues.errand = true;
            }
            let displaced = park(&mut queues.writer, context);
            queues.discarded.extend(displaced);
            Poll::Pending
        })
    }

    pub(super) fn options_changed(self: &Arc<Self>) {
        self.call(|queues| {
            queues.options_changed = true;
            queues.errand = true;
        });
    }

    pub(super) fn leave(self: &Arc<Self>, farewell: Farewell) {
        self.call(|queues| {
            queues.farewell.get_or_insert(farewell);
            queues.errand = true;
        });
    }
}

fn write_failure(queues: &Queues) -> Option<io::Error> {
    if queues.outbound.is_shut() {
        return Some(crate::error::stream(
            periplus_stack::StreamError::BrokenPipe,
        ));
    }
    queues.failure()
}
