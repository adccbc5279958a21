//! Two stacks, joined by a cable that may be faulty, on virtual time.

use crate::{Host, Tap};
use periplus_journey::{Instant, Record};
use periplus_ring::Device;
use periplus_ring::fault::{FaultDevice, FaultOptions};
use periplus_ring::memory::{self, LinkOptions};
use periplus_stack::{ConnectionId, ListenerId, ShardOptions};
use periplus_wire::ethernet::EthernetAddress;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// An end of the cable: what arrives there passes the faults, if there are any, and what is sent there the tap.
pub type Cable = Tap<Box<dyn Device>>;

/// How long a look at the rings takes: frames that answer each other are so far apart at least.
const LOOK: Duration = Duration::from_micros(10);

/// How often a client tries to connect.
const ATTEMPTS: u32 = 5;

/// How long it waits in between: a next hop that did not answer is not asked again at once.
const PAUSE: Duration = Duration::from_secs(2);

/// How many looks may pass without time moving on to the next timer.
const PATIENCE: u32 = 100_000;

/// A server at 10.0.0.1 and a client at 10.0.0.2.
pub struct Pair {
    /// The host that listens.
    pub server: Host<Cable>,
    /// The host that connects.
    pub client: Host<Cable>,
    /// The present.
    pub now: Instant,
    /// When the test itself has something to do.
    wake_at: Option<Instant>,
}

impl Pair {
    /// Two stacks with default options, joined by a memory link as it is: with all its offloads.
    pub fn perfect() -> Self {
        Self::joined(options(), options(), LinkOptions::default())
    }

    /// Two stacks joined by `link`.
    pub fn joined(server: ShardOptions, client: ShardOptions, link: LinkOptions) -> Self {
        let (server_end, client_end) = memory::link(link);
        Self::at([server, client], Box::new(server_end), Box::new(client_end))
    }

    /// Two stacks joined by `link`, which has `faults` in both directions, each from a seed of its own. What arrives is
    /// as from a NIC without offloads.
    pub fn faulty(options: [ShardOptions; 2], faults: FaultOptions, link: LinkOptions) -> Self {
        let (server_end, client_end) = memory::link(link);
        let other_seed = FaultOptions {
            seed: faults.seed.wrapping_add(0x5851_f42d_4c95_7f2d),
            ..faults.clone()
        };
        let server_end = FaultDevice::new(server_end, faults);
        let client_end = FaultDevice::new(client_end, other_seed);
        Self::at(options, Box::new(server_end), Box::new(client_end))
    }

    fn at(
        [server, client]: [ShardOptions; 2],
        server_end: Box<dyn Device>,
        client_end: Box<dyn Device>,
    ) -> Self {
        Self {
            server: Host::new(addressed(server, 1), 1, Tap::new(server_end)),
            client: Host::new(addressed(client, 2), 2, Tap::new(client_end)),
            now: Instant::from_millis(1_000),
            wake_at: None,
        }
    }

    /// The server's address with `port`.
    pub fn server_address(port: u16) -> SocketAddr {
        (Ipv4Addr::new(10, 0, 0, 1), port).into()
    }

    /// Lets both hosts do what they can do without waiting for a timer. Returns whether any frame came or went.
    pub fn settle(&mut self) -> bool {
        for look in 0..PATIENCE {
            if !(self.server.poll(self.now) | self.client.poll(self.now)) {
                return look > 0;
            }
            self.now += LOOK;
        }
        panic!("the hosts never fall silent");
    }

    /// Lets both hosts do what they can, then moves time on to the next timer. Returns whether there was one.
    pub fn step(&mut self) -> bool {
        self.settle();
        let Some(next) = self.next_timeout() else {
            return false;
        };
        self.now = self.now.max(next);
        self.wake_at = self.wake_at.filter(|&wake| wake > self.now);
        self.settle();
        true
    }

    /// Time will stop at `at` once, though no timer of the stacks is due then: the test has something to do.
    pub fn wake_at(&mut self, at: Instant) {
        self.wake_at = Some(at);
    }

    /// Runs until `condition` is true.
    ///
    /// # Panics
    /// If that does not happen within `limit`.
    #[track_caller]
    pub fn run_until(&mut self, limit: Duration, mut condition: impl FnMut(&mut Pair) -> bool) {
        let end = self.now + limit;
        self.settle();
        while !condition(self) {
            // What the condition did comes first: its backends may then have more to do before time moves on.
            let moved = self.settle() || self.step();
            assert!(
                moved,
                "nothing left to happen, and the condition is not true"
            );
            assert!(self.now <= end, "the condition is not true after {limit:?}");
        }
    }

    /// Runs for `duration`.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.settle();
        while self.next_timeout().is_some_and(|next| next <= end) {
            self.step();
        }
        self.now = self.now.max(end);
        self.settle();
    }

    /// The client connects to the server's `port`; both ends are returned when the handshake is over and the server's
    /// backend has accepted: (client's, server's).
    ///
    /// On a bad link an attempt may fail: three ARP requests remain unanswered, or the server gives a handshake up whose
    /// last ACK was lost again and again, while the client takes it for complete. Then the client tries anew.
    #[track_caller]
    pub fn connect(&mut self, listener: ListenerId, port: u16) -> (ConnectionId, ConnectionId) {
        for _ in 0..ATTEMPTS {
            let client = self.begin_connect(port);
            while self.settle() || self.step() {
                match self.client.shard.is_connected(client) {
                    Ok(false) => {}
                    Ok(true) => {
                        if let Some(server) = self.server.shard.accept(self.now, listener) {
                            return (client, server.id);
                        }
                    }
                    Err(_) => break,
                }
            }
            self.client.shard.abort(self.now, client);
            self.client.shard.close(self.now, client);
            self.run_for(PAUSE);
        }
        panic!("{ATTEMPTS} attempts to connect have failed");
    }

    /// The client begins to connect to the server's `port`.
    pub fn begin_connect(&mut self, port: u16) -> ConnectionId {
        let remote = Self::server_address(port);
        let id = self.client.shard.connect(self.now, None, remote);
        id.expect("an ephemeral port")
    }

    /// The records of both hosts.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.server.records.iter().chain(&self.client.records)
    }

    /// Every frame is accounted for: sent here, it arrived there; arrived, it was lost by the cable or taken by the
    /// stack; taken, it ended in exactly one way.
    #[track_caller]
    pub fn check_conservation(&self) {
        let ends = [
            ("server", &self.server, &self.client),
            ("client", &self.client, &self.server),
        ];
        for (name, host, other) in ends {
            let ring = host.device.statistics();
            let ledger = host.shard.ledger();
            // More, where the cable doubles frames.
            let sent = other.device.statistics().transmitted;
            assert!(
                ring.received >= sent,
                "{sent} frames sent to the {name}: {ring:?}"
            );
            assert!(ring.is_balanced(), "the {name}'s ring: {ring:?}");
            assert_eq!(ring.held, 0, "left in the {name}'s ring");
            assert_eq!(ledger.received, ring.taken, "seen by the {name}'s stack");
            assert!(ledger.is_balanced(), "the {name}'s stack: {ledger:?}");
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        let (server, client) = (self.server.next_timeout(), self.client.next_timeout());
        [server, client, self.wake_at].into_iter().flatten().min()
    }
}

/// Options of a host on a pair's cable, to be changed by the test.
pub fn options() -> ShardOptions {
    ShardOptions {
        recording: true,
        ..ShardOptions::default()
    }
}

fn addressed(options: ShardOptions, host: u8) -> ShardOptions {
    ShardOptions {
        ethernet: EthernetAddress([2, 0, 0, 0, 0, host]),
        address: Ipv4Addr::new(10, 0, 0, host),
        prefix: 24,
        ..options
    }
}
