//! A stack with its end of the link.

use super::port::Port;
use periplus_journey::{Instant, Record};
use periplus_ring::{Device, RxBurst};
use periplus_stack::{ConnectionId, ListenerId, Ready, Shard, ShardOptions};
use std::collections::BTreeSet;

/// A shard, its port, and what it has told its users so far.
#[derive(Debug)]
pub struct Host {
    /// The stack.
    pub shard: Shard,
    /// Its end of the link.
    pub port: Port,
    /// Every record it has given out.
    pub records: Vec<Record>,
    /// How often its timers were let expire.
    pub timeouts: u64,
    burst: RxBurst,
    readable: BTreeSet<ConnectionId>,
    writable: BTreeSet<ConnectionId>,
    acceptable: BTreeSet<ListenerId>,
}

impl Host {
    /// A shard behind `port`. Its secrets come from `secret`.
    pub fn new(options: ShardOptions, secret: u64, port: Port) -> Self {
        Self {
            shard: Shard::new(options, secret_bytes(secret), port.capabilities()),
            port,
            records: Vec::new(),
            timeouts: 0,
            burst: RxBurst::new(),
            readable: BTreeSet::new(),
            writable: BTreeSet::new(),
            acceptable: BTreeSet::new(),
        }
    }

    /// One look at ring and timers: takes a burst, lets expire what is due, sends what may be sent. Returns whether any frame came
    /// or went.
    pub fn poll(&mut self, now: Instant) -> bool {
        let before = self.port.witness.sent;
        self.port.receive(now, &mut self.burst);
        let received = !self.burst.is_empty();
        if received {
            let level = self.port.level();
            self.shard.receive(now, &mut self.burst, level);
        }
        if self.shard.next_timeout().is_some_and(|due| due <= now) {
            self.timeouts += 1;
            self.shard.timeout(now);
        }
        if self.shard.has_output() {
            self.shard.transmit(now, &mut self.port);
        }
        self.shard.take_records(&mut self.records);
        self.take_ready();
        received || self.port.witness.sent != before
    }

    /// When this host next has something to do of its own accord.
    pub fn next_timeout(&self) -> Option<Instant> {
        Instant::earliest([self.shard.next_timeout(), self.port.next_timeout()])
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

    /// Whether the shard has said since the last call that the listener has a connection.
    pub fn take_acceptable(&mut self, id: ListenerId) -> bool {
        self.take_ready();
        self.acceptable.remove(&id)
    }

    fn take_ready(&mut self) {
        let mut ready = Vec::new();
        self.shard.take_ready(&mut ready);
        for ready in ready {
            match ready {
                Ready::Listener(id) => {
                    self.acceptable.insert(id);
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
                Ready::Datagram { .. } => {}
            }
        }
    }
}

/// The secret of a shard, of which `secret` is what was drawn.
pub fn secret_bytes(secret: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (n, chunk) in (1..).zip(bytes.chunks_mut(8)) {
        chunk.copy_from_slice(&secret.wrapping_mul(2 * n + 1).to_le_bytes());
    }
    bytes
}
