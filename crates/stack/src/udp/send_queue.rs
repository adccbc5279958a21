//! Datagrams on their way out: from all sockets of a shard, in the order in which they were sent.

use super::receive_queue::OVERHEAD;
use crate::slab::Index;
use std::collections::VecDeque;
use std::net::SocketAddrV4;

/// Datagrams that may wait for room in the ring, those of sockets included that are closed by now. What is beyond is lost,
/// as beyond the `txqueuelen` of an interface.
const LIMIT: usize = 4096;

/// A datagram to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) source: SocketAddrV4,
    pub(crate) destination: SocketAddrV4,
    pub(crate) data: Box<[u8]>,
}

impl Datagram {
    /// What a datagram with `length` bytes of data counts for in its socket's bound.
    pub(super) fn charge_of(length: usize) -> usize {
        length + OVERHEAD
    }
}

/// The datagrams that wait, each with its socket.
#[derive(Debug, Default)]
pub(crate) struct SendQueue(VecDeque<(Index, Datagram)>);

impl SendQueue {
    /// Appends a datagram. Says whether there was room.
    pub(super) fn push(&mut self, socket: Index, datagram: Datagram) -> bool {
        let has_room = self.0.len() < LIMIT;
        if has_room {
            self.0.push_back((socket, datagram));
        }
        has_room
    }

    pub(super) fn pop(&mut self) -> Option<(Index, Datagram)> {
        self.0.pop_front()
    }

    /// Puts back what was popped: the ring is full.
    pub(super) fn put_back(&mut self, socket: Index, datagram: Datagram) {
        self.0.push_front((socket, datagram));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
