//! Bulk transfers from a server through one bottleneck to a client.

use periplus_journey::Instant;
use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::ShardOptions;
use periplus_tcp::Sysctls;
use periplus_tests::{Pair, Stream, content, options};
use std::sync::LazyLock;
use std::time::Duration;

/// More than any transfer here.
static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| content(0..20_000_000));

/// A path with its bottleneck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bottleneck {
    /// Bits a second.
    pub(crate) rate: u64,
    /// There and back, without what waits.
    pub(crate) round_trip: Duration,
    /// Probability that a frame is lost on the way to the client.
    pub(crate) loss: f64,
    /// Where chance begins.
    pub(crate) seed: u64,
}

impl Bottleneck {
    /// Bytes that are under way when it is busy: the bandwidth-delay product.
    pub(crate) fn product(&self) -> u64 {
        (u128::from(self.rate) * self.round_trip.as_nanos() / 8_000_000_000) as u64
    }

    /// Server and client at its two ends, with what Periplus does by default but for `tcp`. Before it a queue has room for one
    /// product, and for 32 frames where that is less.
    pub(crate) fn pair(&self, tcp: Sysctls) -> Pair {
        let product = self.product().div_ceil(1514) as usize;
        let faults = FaultOptions {
            seed: self.seed,
            loss: self.loss,
            rate: Some(self.rate),
            delay: self.round_trip / 2,
            // what is on its way to the other end counts, too: half a product
            limit: product / 2 + product.max(32),
            ..FaultOptions::default()
        };
        let link = LinkOptions {
            offloads: false,
            ..LinkOptions::default()
        };
        let both = [(); 2].map(|()| ShardOptions {
            tcp,
            recording: false,
            ..options()
        });
        Pair::faulty(both, faults, link)
    }
}

/// One of several transfers at a time.
pub(crate) struct Flow {
    client: Stream,
    server: Stream,
    /// When its last byte arrived.
    pub(crate) done: Option<Instant>,
}

impl Flow {
    /// The client connects, and the server begins to send the first `length` bytes of [`CONTENT`].
    pub(crate) fn begin(pair: &mut Pair, port: u16, length: usize) -> Self {
        let web = pair.server.listen(port, 10);
        let (client, server) = pair.connect(web, port);
        Self {
            client: Stream::new(client, Vec::new()),
            server: Stream::new(server, CONTENT[..length].to_vec()),
            done: None,
        }
    }

    /// Reads and writes what can be.
    pub(crate) fn pump(&mut self, pair: &mut Pair) {
        let now = pair.now;
        self.client
            .pump(&mut pair.client, now)
            .expect("the client's end holds");
        self.server
            .pump(&mut pair.server, now)
            .expect("the server's end holds");
        if self.client.ended && self.done.is_none() {
            let length = self.client.received.len();
            assert!(self.client.received == CONTENT[..length]);
            self.done = Some(now);
        }
    }

    /// Bytes that the client has.
    pub(crate) fn received(&self) -> u64 {
        self.client.received.len() as u64
    }
}
