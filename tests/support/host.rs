//! A shard with its device, driven by the test.

use periplus_journey::{Instant, Record};
use periplus_ring::{Device, RxBurst};
use periplus_stack::{ConnectionId, ListenerId, Ready, Shard, ShardOptions, UdpId};
use std::collections::HashSet;
use std::net::SocketAddr;

/// A shard, its end of the cable, and what it has told its backend so far.
pub struct Host<D> {
    /// The stack.
    pub shard: Shard,
    /// Its device.
    pub device: D,
    /// Every record it has given out.
    pub records: Vec<Record>,
    /// How often one of its timers was due.
    pub timeouts: u64,
    burst: RxBurst,
    readable: HashSet<ConnectionId>,
    writable: HashSet<ConnectionId>,
    acceptable: HashSet<ListenerId>,
    receivable: HashSet<UdpId>,
    sendable: HashSet<UdpId>,
}

impl<D: Device> Host<D> {
    /// A shard that uses `device`. Its secrets come from `secret`.
    pub fn new(options: ShardOptions, secret: u8, device: D) -> Self {
        Self {
            shard: Shard::new(options, [secret; 32], device.capabilities()),
            device,
            records: Vec::new(),
            timeouts: 0,
            burst: RxBurst::default(),
            readable: HashSet::new(),
            writable: HashSet::new(),
            acceptable: HashSet::new(),
            receivable: HashSet::new(),
            sendable: HashSet::new(),
        }
    }

    /// One look at ring and timers: takes a burst, fires what is due, sends what may be sent. Returns whether any frame
    /// came or went.
    pub fn poll(&mut self, now: Instant) -> bool {
        let sent_before = self.device.statistics().transmitted;
        self.device.receive(now, &mut self.burst);
        let received = !self.burst.is_empty();
        if received {
            let level = self.device.level();
            self.shard.receive(now, &mut self.burst, level);
        }
        if self.shard.next_timeout().is_some_and(|due| due <= now) {
            self.timeouts += 1;
            self.shard.timeout(now);
        }
        self.shard.transmit(now, &mut self.device);
        self.shard.take_records(&mut self.records);
        self.take_ready();
        received || self.device.statistics().transmitted != sent_before
    }

    /// When this host next has something to do of its own accord.
    pub fn next_timeout(&self) -> Option<Instant> {
        let timeouts = [self.shard.next_timeout(), self.device.next_timeout()];
        timeouts.into_iter().flatten().min()
    }

    /// Listens on `port` of every address.
    pub fn listen(&mut self, port: u16, backlog: usize) -> ListenerId {
        let local = SocketAddr::from(([0, 0, 0, 0], port));
        self.shard.listen(local, backlog).expect("a free port")
    }

    /// Whether the shard has said since the last call that the connection is readable.
    pub fn take_readable(&mut self, id: ConnectionId) -> bool {
        self.take_ready();
        self.readable.remove(&id)
    }

    /// Whether the shard has said since the last call that the connection is writable.
    pub fn take_writable(&mut self, id: ConnectionId) -> bool {
        self.take_ready();
        self.writable.remove(&id)
    }

    /// The connections of which the shard has said since the last call that they are readable, in order.
    pub fn take_all_readable(&mut self) -> Vec<ConnectionId> {
        self.take_ready();
        let mut readable: Vec<_> = self.readable.drain().collect();
        readable.sort();
        readable
    }

    /// The connections of which the shard has said since the last call that they are writable, in order.
    pub fn take_all_writable(&mut self) -> Vec<ConnectionId> {
        self.take_ready();
        let mut writable: Vec<_> = self.writable.drain().collect();
        writable.sort();
        writable
    }

    /// Whether the shard has said since the last call that the listener has a connection.
    pub fn take_acceptable(&mut self, id: ListenerId) -> bool {
        self.take_ready();
        self.acceptable.remove(&id)
    }

    /// Whether the shard has said since the last call that the UDP socket has a datagram.
    pub fn take_receivable(&mut self, id: UdpId) -> bool {
        self.take_ready();
        self.receivable.remove(&id)
    }

    /// Whether the shard has said since the last call that the UDP socket has room.
    pub fn take_sendable(&mut self, id: UdpId) -> bool {
        self.take_ready();
        self.sendable.remove(&id)
    }

    fn take_ready(&mut self) {
        let mut ready = Vec::new();
        self.shard.take_ready(&mut ready);
        for ready in ready {
            match ready {
                Ready::Listener(id) => {
                    self.acceptable.insert(id);
                }
                Ready::Datagram {
                    id,
                    readable,
                    writable,
                } => {
                    if readable {
                        self.receivable.insert(id);
                    }
                    if writable {
                        self.sendable.insert(id);
                    }
                }
                Ready::Stream {
                    id,
                    readable,
                    writable,
                } => {
                    if readable {
                        self.readable.insert(id);
                    }
                    if writable {
                        self.writable.insert(id);
                    }
                }
            }
        }
    }
}
