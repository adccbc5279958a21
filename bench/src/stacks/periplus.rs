//! Periplus: a shard behind a device of the bench, driven as `periplus-net`'s driver does it.

mod port;

use super::{BUFFER, Setup, Stack, Taken};
use crate::client::{CLIENT, MSS, PORT, SERVER, SERVER_ETHERNET};
use periplus_journey::{Finished, Instant};
use periplus_ring::{Device, RxBurst, RxFrame};
use periplus_stack::{
    BufferSizes, ConnectionId, ListenerId, Read, ReadChunk, Ready, Shard, ShardOptions,
    StreamError, Sysctls, Write,
};
use periplus_wire::ethernet::EthernetAddress;
pub(crate) use port::Port;
use std::collections::VecDeque;
use std::net::{SocketAddr, SocketAddrV4};

/// Connections that may wait, as `periplus serve` asks for.
const BACKLOG: usize = 4096;

/// The shard with its device and what it has told the backend.
pub(crate) struct Periplus {
    shard: Shard,
    port: Port,
    burst: RxBurst,
    listener: ListenerId,
    ready: Vec<Ready>,
    records: Vec<Finished>,
    recording: bool,
    acceptable: bool,
    readable: VecDeque<ConnectionId>,
    /// Of the only connection, where it matters.
    writable: bool,
}

/// Bytes of `tcp_mem` that are set aside for each of more connections than it is for as it comes: an idle one claims less.
const MEMORY_OF_EACH: usize = 8 * 1024;

/// How every shard of the bench is set up: as it comes, but for its addresses, for what is to be compared, and for the
/// limits that keep it from having a million connections.
pub(crate) fn options(setup: &Setup) -> ShardOptions {
    let defaults = ShardOptions::default();
    ShardOptions {
        ethernet: EthernetAddress(SERVER_ETHERNET),
        address: SERVER,
        prefix: 24,
        gateway: Some(CLIENT.into()),
        recording: setup.recording,
        max_connections: defaults.max_connections.max(setup.connections),
        tcp: Sysctls {
            tcp_mem: defaults.tcp.tcp_mem.max(setup.connections * MEMORY_OF_EACH),
            tcp_rmem: BufferSizes::fixed(BUFFER),
            tcp_wmem: BufferSizes::fixed(BUFFER),
            ..Sysctls::default()
        },
        ..defaults
    }
}

impl Periplus {
    fn take_ready(&mut self) {
        self.shard.take_ready(&mut self.ready);
        for ready in self.ready.drain(..) {
            match ready {
                Ready::Listener(_) => self.acceptable = true,
                Ready::Stream {
                    id,
                    readable,
                    writable,
                } => {
                    if readable {
                        self.readable.push_back(id);
                    }
                    self.writable |= writable;
                }
                Ready::Datagram { .. } => {}
            }
        }
    }
}

impl Stack for Periplus {
    const IS_STACK: bool = true;
    const READS_IN_PLACE: bool = true;
    const SUPER_MSS: Option<u16> = Some(MSS as u16);
    const MOST_CONNECTIONS: usize = usize::MAX;
    const SERVES_IN_A_FLOOD: bool = true;

    type Connection = ConnectionId;

    fn new(setup: Setup) -> Self {
        let port = Port::new(&setup);
        let mut shard = Shard::new(options(&setup), [7; 32], port.capabilities());
        let listener = shard
            .listen((SERVER, PORT).into(), BACKLOG)
            .expect("a free port");
        assert!(shard.accept(Instant::ZERO, listener).is_none());
        Self {
            shard,
            port,
            burst: RxBurst::new(),
            listener,
            ready: Vec::new(),
            records: Vec::new(),
            recording: setup.recording,
            acceptable: false,
            readable: VecDeque::new(),
            writable: false,
        }
    }

    fn slots(&mut self, each: impl FnMut(&mut [u8])) {
        self.port.slots(each);
    }

    #[inline]
    fn deliver(&mut self, now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        self.port.deliver(now, write);
    }

    fn deliver_apart(&mut self, frame: &[u8]) {
        let frame = RxFrame::from(frame.to_vec());
        self.port.arrives(Instant::ZERO, frame);
    }

    fn last_arrived(&self) -> Vec<u8> {
        self.port.last_arrived()
    }

    fn turn(&mut self, now: Instant) {
        self.port.receive(now, &mut self.burst);
        let level = self.port.level();
        self.shard.receive(now, &mut self.burst, level);
        let deadline = self.shard.next_timeout();
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.shard.timeout(now);
        }
        self.shard.transmit(now, &mut self.port);
        self.take_ready();
        self.shard.take_finished(&mut self.records);
        self.records.clear();
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.port.sent.take(each);
    }

    fn accept(&mut self, now: Instant) -> Option<ConnectionId> {
        if !self.acceptable {
            return None;
        }
        let Some(accepted) = self.shard.accept(now, self.listener) else {
            self.acceptable = false;
            return None;
        };
        // A backend tries to read, and is told to wait.
        self.readable.push_back(accepted.id);
        self.writable = true;
        Some(accepted.id)
    }

    fn peer(&self, id: ConnectionId) -> SocketAddrV4 {
        match self.shard.addresses(id) {
            Some((_, SocketAddr::V4(peer))) => peer,
            other => panic!("no connection of IPv4: {other:?}"),
        }
    }

    #[inline]
    fn next_readable(&mut self) -> Option<ConnectionId> {
        self.readable.pop_front()
    }

    fn read(&mut self, now: Instant, id: ConnectionId, buffer: &mut [u8]) -> Taken {
        match self.shard.read(now, id, buffer) {
            Ok(Read::Data(length)) => Taken::Bytes(length),
            Ok(Read::Wait) => Taken::Nothing,
            Ok(Read::End) => Taken::End,
            // What became ready was closed before.
            Err(StreamError::NotConnected) => Taken::Nothing,
            Err(error) => panic!("{}", ended(error)),
        }
    }

    fn read_in_place(
        &mut self,
        now: Instant,
        id: ConnectionId,
        mut each: impl FnMut(&[u8]),
    ) -> Taken {
        match self.shard.read_chunk(now, id, usize::MAX) {
            Ok(ReadChunk::Data(chunk)) => {
                each(&chunk);
                Taken::Bytes(chunk.len())
            }
            Ok(ReadChunk::Wait) => Taken::Nothing,
            Ok(ReadChunk::End) => Taken::End,
            Err(error) => panic!("{}", ended(error)),
        }
    }

    fn is_writable(&mut self, _: ConnectionId) -> bool {
        self.writable
    }

    fn write(&mut self, now: Instant, id: ConnectionId, data: &[u8]) -> usize {
        match self.shard.write(now, id, data) {
            Ok(Write::Accepted(length)) => length,
            Ok(Write::Wait) => {
                self.writable = false;
                0
            }
            Err(error) => panic!("{}", ended(error)),
        }
    }

    fn close(&mut self, now: Instant, id: ConnectionId) {
        self.shard.close(now, id);
    }

    fn request(&mut self, now: Instant, id: ConnectionId, start: u64, end: Option<u64>) {
        if !self.recording {
            return;
        }
        if let Some(mut marker) = self.shard.marker(id) {
            match end {
                Some(end) => marker.whole_request(now, start, end),
                None => marker.request(now, start),
            }
        }
    }

    fn answer(&mut self, now: Instant, id: ConnectionId, start: u64, end: Option<u64>) {
        if !self.recording {
            return;
        }
        if let Some(mut marker) = self.shard.marker(id) {
            match end {
                Some(end) => marker.whole_response(now, start, end),
                None => marker.response(now, start),
            }
        }
    }

    fn dropped(&self) -> Option<u64> {
        let ledger = self.shard.ledger();
        assert!(
            ledger.is_balanced(),
            "a frame is not accounted for: {ledger:?}"
        );
        Some(ledger.dropped_in_all())
    }
}

fn ended(error: StreamError) -> String {
    format!("the connection ended: {error}")
}
