//! Carries bytes, marks and calls between a shard and the mailboxes of foreign threads.

use crate::mailbox::{Delivery, End, Farewell, Item, ListenerMailbox, Mailbox, Queues, UdpMailbox};
use crate::shard::{ShardCell, State};
use crate::stream::TcpStream;
use periplus_journey::{Instant, Mark, StampedMark, Station};
use periplus_stack::{ConnectionId, ReadChunk, Shard, Write};
use std::mem;
use std::sync::Arc;
use std::task::Waker;

/// Carries what can be carried for a remote stream.
pub(super) fn stream(
    state: &mut State,
    now: Instant,
    mailbox: &Arc<Mailbox>,
    wakers: &mut Vec<Waker>,
) {
    let id = mailbox.id;
    if let Some(waiters) = state.waiters.streams.get_mut(&id)
        && waiters.mailbox.is_none()
    {
        // The stream has just turned remote: whoever waited on this thread looks into the queues from now on.
        waiters.mailbox = Some(Arc::clone(mailbox));
        wakers.extend(waiters.read.take().into_iter().chain(waiters.write.take()));
    }
    mailbox.drive(|queues| {
        queues.rung = false;
        if queues.released {
            return;
        }
        if mem::take(&mut queues.options_changed) {
            state.shard.set_socket_options(now, id, mailbox.options());
        }
        outbound(&mut state.shard, now, id, queues);
        delivery(&mut state.shard, id, queues);
        inbound(&mut state.shard, now, id, queues);
        if let Some(farewell) = farewell(queues) {
            state.release_stream(now, id, farewell);
            queues.released = true;
        }
        if !queues.inbound.is_empty() || queues.end.is_some() {
            wakers.extend(queues.reader.take());
        }
        if queues.outbound.room() > 0
            || queues.end.is_some()
            || queues.delivery == Delivery::Complete
        {
            wakers.extend(queues.writer.take());
        }
    });
}

/// To the shard, in the order in which it was queued, until something finds no room.
fn outbound(shard: &mut Shard, now: Instant, id: ConnectionId, queues: &mut Queues) {
    while let Some(item) = queues.outbound.front() {
        let done = match item {
            Item::Data { bytes, .. } if !bytes.is_empty() => {
                match shard.write_bytes(now, id, bytes) {
                    // The next try goes on with the rest, or is told to wait: only then does the shard say when there
                    // is room.
                    Ok(Write::Accepted(length)) => {
                        queues.outbound.taken(length);
                        continue;
                    }
                    Ok(Write::Wait) => return,
                    Err(error) => Err(error),
                }
            }
            Item::Data { since, .. } => {
                shard.mark(id, waited(*since, now));
                Ok(())
            }
            Item::Mark(mark) => {
                shard.mark(id, mark.clone());
                Ok(())
            }
            Item::Shutdown => shard.shutdown_write(now, id),
        };
        queues.outbound.pop();
        if let Err(error) = done {
            queues.end = Some(End::Failed(error));
        }
    }
}

/// From the shard, until its queue is empty or ours is full.
fn inbound(shard: &mut Shard, now: Instant, id: ConnectionId, queues: &mut Queues) {
    while queues.end.is_none() && queues.farewell.is_none() {
        let room = queues.inbound.room();
        if room == 0 {
            break;
        }
        match shard.read_chunk(now, id, room) {
            Ok(ReadChunk::Data(chunk)) => queues.inbound.push(chunk, now),
            Ok(ReadChunk::End) => queues.end = Some(End::Eof),
            Ok(ReadChunk::Wait) => break,
            Err(error) => queues.end = Some(End::Failed(error)),
        }
    }
}

/// Looks whether the peer has everything, if somebody waits for that.
fn delivery(shard: &mut Shard, id: ConnectionId, queues: &mut Queues) {
    if queues.delivery != Delivery::Awaited || queues.outbound.front().is_some() {
        return;
    }
    match shard.is_delivered(id) {
        Ok(true) => queues.delivery = Delivery::Complete,
        Ok(false) => {}
        Err(error) => queues.end = Some(End::Failed(error)),
    }
}

/// Bytes were in the mailbox. Whose they are of several streams' is not known here, so that their wait is no stream's.
fn waited(start: Instant, end: Instant) -> StampedMark {
    let station = Station::Mailbox;
    let mark = Mark::Overlay {
        station,
        start,
        end,
    };
    StampedMark {
        at: end,
        stream: 0,
        mark,
    }
}

/// Whether, and how, the connection is to be closed now. The handle may be gone before all it wrote has found room.
fn farewell(queues: &mut Queues) -> Option<Farewell> {
    let farewell = queues.farewell?;
    if farewell == Farewell::Abort || !queues.inbound.is_empty() {
        // Bytes were taken from the peer that nobody will read: it is told by RST (RFC 2525 2.17).
        return Some(Farewell::Abort);
    }
    queues.outbound.front().is_none().then_some(Farewell::Close)
}

/// Accepts for a remote listener, as long as its thread asks.
pub(super) fn listener(
    cell: &ShardCell,
    state: &mut State,
    now: Instant,
    mailbox: &Arc<ListenerMailbox>,
    wakers: &mut Vec<Waker>,
) {
    if let Some(waiters) = state.waiters.listeners.get_mut(&mailbox.id)
        && waiters.mailbox.is_none()
    {
        waiters.mailbox = Some(Arc::clone(mailbox));
        wakers.append(&mut waiters.accept);
    }
    let accept = || {
        let accepted = state.shard.accept(now, mailbox.id)?;
        Some(TcpStream::adopt(state, cell, accepted))
    };
    if !mailbox.drive(accept, wakers) {
        state.release_listener(now, mailbox.id);
    }
}

/// Carries datagrams for a remote UDP socket.
pub(super) fn udp(state: &mut State, mailbox: &Arc<UdpMailbox>, wakers: &mut Vec<Waker>) {
    if let Some(waiters) = state.waiters.udp.get_mut(&mailbox.id)
        && waiters.mailbox.is_none()
    {
        waiters.mailbox = Some(Arc::clone(mailbox));
        wakers.append(&mut waiters.receive);
        wakers.append(&mut waiters.send);
    }
    if !mailbox.drive(&mut state.shard, wakers) {
        state.release_udp(mailbox.id);
    }
}
