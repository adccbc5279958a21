//! The backend: what it holds, and what it has read and written.

use crate::content::contents;
use crate::flow::Flow;
use crate::waits::Waits;
use periplus_journey::Instant;
use periplus_stack::{
    ConnectionId, ListenerId, Read, ReceiveFrom, SendFlags, Shard, StreamError, UdpId, Write,
};
use periplus_wire::SeqNum;
use std::net::SocketAddr;

/// Connections that it keeps the ids of; those that are closed are called upon as well.
const MOST: usize = 24;

/// A connection that it holds, or held.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) id: ConnectionId,
    /// Which of the flows it is, if one of those that are watched.
    pub(crate) flow: Option<usize>,
    pub(crate) read: u64,
    pub(crate) written: u64,
    pub(crate) is_closed: bool,
    pub(crate) waits: Waits,
    /// The numbers at which the peer's stream may begin.
    starts: Option<Vec<SeqNum>>,
}

/// All that it holds.
#[derive(Debug, Default)]
pub(crate) struct Backend {
    pub(crate) held: Vec<Held>,
    pub(crate) listeners: Vec<ListenerId>,
    pub(crate) sockets: Vec<UdpId>,
    /// Those of them that had nothing, and will be told when they have.
    pub(crate) waiting_listeners: Vec<ListenerId>,
    pub(crate) waiting_sockets: Vec<UdpId>,
}

impl Backend {
    /// Keeps a connection, if there is room for one.
    pub(crate) fn has_room(&self) -> bool {
        self.held.len() < MOST
    }

    pub(crate) fn hold(&mut self, id: ConnectionId, flow: Option<usize>) {
        self.held.push(Held {
            id,
            flow,
            read: 0,
            written: 0,
            is_closed: false,
            waits: Waits::default(),
            starts: None,
        });
    }

    /// Takes a connection off a listener's queue.
    pub(crate) fn accept(
        &mut self,
        shard: &mut Shard,
        now: Instant,
        listener: ListenerId,
        flows: &[Flow],
    ) {
        if !self.has_room() {
            return;
        }
        self.waiting_listeners
            .retain(|&waiting| waiting != listener);
        match shard.accept(now, listener) {
            Some(accepted) => {
                let flow = flow_of(flows, accepted.local, accepted.peer);
                if let Some(flow) = flow {
                    let flow = &flows[flow];
                    assert!(flow.has_greeted(), "nobody opened it: {flow:?}");
                }
                self.hold(accepted.id, flow);
            }
            None => self.waiting_listeners.push(listener),
        }
    }

    /// Takes the datagram that a socket has waited longest for.
    pub(crate) fn receive(&mut self, shard: &mut Shard, socket: UdpId) -> Option<ReceiveFrom> {
        self.waiting_sockets.retain(|&waiting| waiting != socket);
        let received = shard.receive_from(socket).ok()?;
        if received == ReceiveFrom::Wait {
            self.waiting_sockets.push(socket);
        }
        Some(received)
    }
}

/// The flow between two addresses.
pub(crate) fn flow_of(flows: &[Flow], local: SocketAddr, peer: SocketAddr) -> Option<usize> {
    if peer.ip() != crate::segment::PEER {
        return None;
    }
    let ports = (local.port(), peer.port());
    flows
        .iter()
        .position(|flow| (flow.stack_port, flow.peer_port) == ports)
}

impl Held {
    /// Reads up to `most` bytes, and holds them against what the peer has sent. A peek takes none.
    pub(crate) fn read(
        &mut self,
        shard: &mut Shard,
        now: Instant,
        flows: &[Flow],
        most: usize,
        peek: bool,
    ) {
        let mut buffer = vec![0; most];
        let read = if peek {
            shard.peek(self.id, &mut buffer)
        } else {
            shard.read(now, self.id, &mut buffer)
        };
        self.waits.reading = read == Ok(Read::Wait);
        let Ok(Read::Data(length)) = read else {
            return;
        };
        assert!(length <= most, "more was read than there is room for");
        self.check(flows, &buffer[..length]);
        if !peek {
            self.read += length as u64;
        }
    }

    /// Takes bytes by peeking at them.
    pub(crate) fn consume(&mut self, shard: &mut Shard, now: Instant, flows: &[Flow], most: usize) {
        let mut buffer = vec![0; most];
        let peeked = shard.peek(self.id, &mut buffer);
        self.waits.reading = peeked == Ok(Read::Wait);
        if let Ok(Read::Data(length)) = peeked {
            self.check(flows, &buffer[..length]);
            shard.consume(now, self.id, length);
            self.read += length as u64;
        }
    }

    fn check(&mut self, flows: &[Flow], data: &[u8]) {
        if let Some(flow) = self.flow {
            flows[flow].assert_sent(&mut self.starts, self.read as u32, data);
        }
    }

    /// Writes `length` bytes, as far as there is room.
    pub(crate) fn write(
        &mut self,
        shard: &mut Shard,
        now: Instant,
        flows: &mut [Flow],
        length: usize,
        how: How,
    ) {
        let place = self
            .flow
            .map_or(0, |flow| flows[flow].place(self.written as u32));
        let data = contents(place, length);
        let written = self.put(shard, now, data, how);
        self.waits.writing = match written {
            Ok(Write::Accepted(accepted)) => accepted < length,
            Ok(Write::Wait) => true,
            Err(_) => false,
        };
        if let Ok(Write::Accepted(accepted)) = written {
            assert!(accepted <= length, "more was taken than was written");
            self.written += accepted as u64;
            if let Some(flow) = self.flow {
                let flow = &mut flows[flow];
                flow.written = flow.written.max(self.written);
            }
        }
    }

    fn put(
        &mut self,
        shard: &mut Shard,
        now: Instant,
        data: Vec<u8>,
        how: How,
    ) -> Result<Write, StreamError> {
        match how {
            How::Copied(flags) => shard.send(now, self.id, &data, flags),
            How::Shared => {
                let length = data.len();
                let mut bytes = data.into();
                let written = shard.write_bytes(now, self.id, &mut bytes);
                let taken = match written {
                    Ok(Write::Accepted(taken)) => taken,
                    _ => 0,
                };
                assert_eq!(bytes.len(), length - taken, "what is left of a write");
                written
            }
        }
    }

    pub(crate) fn close(&mut self, shard: &mut Shard, now: Instant) {
        shard.close(now, self.id);
        self.is_closed = true;
        self.waits = Waits::default();
    }
}

/// How bytes are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Copied(SendFlags),
    Shared,
}
