//! A socket's receive queue: datagrams that nobody has taken yet.

use std::collections::VecDeque;
use std::net::SocketAddrV4;

/// A datagram in a queue.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) source: SocketAddrV4,
    pub(super) data: Box<[u8]>,
}

/// What a datagram costs beside its data, as Linux's `truesize`: its place in a queue that grows by doubling, and the
/// allocator's own.
pub(super) const OVERHEAD: usize = 2 * size_of::<Received>() + 16;

/// Datagrams in order of arrival, bounded by the memory they hold.
#[derive(Debug)]
pub struct ReceiveQueue {
    datagrams: VecDeque<Received>,
    charge: usize,
    limit: usize,
    /// Datagrams that found no room.
    pub(super) refused: u64,
}

impl ReceiveQueue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            datagrams: VecDeque::new(),
            charge: 0,
            limit,
            refused: 0,
        }
    }

    /// Whether `length` bytes in datagrams of `size` find room. A single one always does in an empty queue, however small
    /// its limit, as on Linux.
    pub(super) fn has_room(&self, length: usize, size: usize) -> bool {
        let charge = length + OVERHEAD * count(length, size);
        self.charge + charge <= self.limit || self.datagrams.is_empty() && count(length, size) == 1
    }

    /// Appends `data` as datagrams of `size` bytes, the last of which may be shorter.
    pub(super) fn push(&mut self, source: SocketAddrV4, data: Vec<u8>, size: usize) {
        if count(data.len(), size) == 1 {
            self.append(source, data.into());
        } else {
            for data in data.chunks(size) {
                self.append(source, data.into());
            }
        }
    }

    fn append(&mut self, source: SocketAddrV4, data: Box<[u8]>) {
        self.charge += data.len() + OVERHEAD;
        self.datagrams.push_back(Received { source, data });
    }

    pub(super) fn pop(&mut self) -> Option<Received> {
        let received = self.datagrams.pop_front()?;
        self.charge -= received.data.len() + OVERHEAD;
        if self.datagrams.is_empty() {
            self.datagrams = VecDeque::new(); // an idle socket is small
        }
        Some(received)
    }

    /// Datagrams that wait.
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Bytes of memory they hold.
    pub fn charge(&self) -> usize {
        self.charge
    }

    /// Bytes of memory they may hold.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Datagrams that found no room so far.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

fn count(length: usize, size: usize) -> usize {
    length.div_ceil(size.max(1)).max(1)
}
