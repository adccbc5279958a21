//! Periplus: a shard behind a device of the bench, driven as `periplus-net`'s driver does it.

mod port;

use super::{BUFFER, SLOTS, Setup, Stack, Taken};
use crate::client::{PORT, SERVER, SERVER_ETHERNET};
use periplus_journey::{Instant, Mark, Record, RequestEnd, StampedMark};
use periplus_ring::{Device, RxBurst, RxFrame};
use periplus_stack::{
    BufferSizes, ConnectionId, ListenerId, Read, Ready, Shard, ShardOptions, StreamError, Sysctls,
    Write,
};
use periplus_wire::ethernet::EthernetAddress;
use port::Port;

/// Connections that may wait, as `periplus serve` asks for.
const BACKLOG: usize = 4096;

/// The shard with its device and what it has told the backend.
pub(crate) struct Periplus {
    shard: Shard,
    port: Port,
    burst: RxBurst,
    listener: ListenerId,
    connection: Option<ConnectionId>,
    ready: Vec<Ready>,
    records: Vec<Record>,
    recording: bool,
    acceptable: bool,
    readable: bool,
    writable: bool,
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
                } if Some(id) == self.connection => {
                    self.readable |= readable;
                    self.writable |= writable;
                }
                Ready::Stream { .. } | Ready::Datagram { .. } => {}
            }
        }
    }

    fn mark(&mut self, now: Instant, mark: Mark) {
        if let Some(id) = self.connection {
            self.shard.mark(id, StampedMark { at: now, mark });
        }
    }
}

impl Stack for Periplus {
    const IS_STACK: bool = true;
    const READS_IN_PLACE: bool = false;

    fn new(setup: Setup) -> Self {
        let options = ShardOptions {
            ethernet: EthernetAddress(SERVER_ETHERNET),
            address: SERVER,
            prefix: 24,
            recording: setup.recording,
            tcp: Sysctls {
                tcp_rmem: BufferSizes::fixed(BUFFER),
                tcp_wmem: BufferSizes::fixed(BUFFER),
                ..Sysctls::default()
            },
            ..ShardOptions::default()
        };
        let port = Port::new();
        let mut shard = Shard::new(options, [7; 32], port.capabilities());
        let listener = shard
            .listen((SERVER, PORT).into(), BACKLOG)
            .expect("a free port");
        assert!(shard.accept(Instant::ZERO, listener).is_none());
        Self {
            shard,
            port,
            burst: RxBurst::new(),
            listener,
            connection: None,
            ready: Vec::new(),
            records: Vec::new(),
            recording: setup.recording,
            acceptable: false,
            readable: false,
            writable: false,
        }
    }

    fn slots(&mut self, each: impl FnMut(&mut [u8])) {
        let mut taken: Vec<_> = std::iter::from_fn(|| self.port.pool.take()).collect();
        assert_eq!(taken.len(), SLOTS);
        taken
            .iter_mut()
            .map(|buffer| &mut buffer[..])
            .for_each(each);
    }

    fn deliver(&mut self, now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        let mut buffer = self.port.pool.take().expect("a free frame");
        let length = write(&mut buffer);
        self.port.arrives(now, buffer.filled(length));
    }

    fn deliver_apart(&mut self, frame: &[u8]) {
        let frame = RxFrame::from(frame.to_vec());
        self.port.arrives(Instant::ZERO, frame);
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
        self.shard.take_records(&mut self.records);
        self.records.clear();
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.port.sent.take(each);
    }

    fn accept(&mut self, now: Instant) -> bool {
        if !self.acceptable {
            return false;
        }
        match self.shard.accept(now, self.listener) {
            Some(accepted) => {
                self.connection = Some(accepted.id);
                (self.readable, self.writable) = (true, true);
                true
            }
            None => {
                self.acceptable = false;
                false
            }
        }
    }

    fn is_readable(&mut self) -> bool {
        self.readable
    }

    fn read(&mut self, now: Instant, buffer: &mut [u8]) -> Taken {
        let Some(id) = self.connection else {
            return Taken::Nothing;
        };
        match self.shard.read(now, id, buffer) {
            Ok(Read::Data(length)) => Taken::Bytes(length),
            Ok(Read::Wait) => {
                self.readable = false;
                Taken::Nothing
            }
            Ok(Read::End) => Taken::End,
            Err(error) => panic!("{}", ended(error)),
        }
    }

    fn is_writable(&mut self) -> bool {
        self.writable
    }

    fn write(&mut self, now: Instant, data: &[u8]) -> usize {
        let Some(id) = self.connection else { return 0 };
        match self.shard.write(now, id, data) {
            Ok(Write::Accepted(length)) => length,
            Ok(Write::Wait) => {
                self.writable = false;
                0
            }
            Err(error) => panic!("{}", ended(error)),
        }
    }

    fn close(&mut self, now: Instant) {
        if let Some(id) = self.connection.take() {
            self.shard.close(now, id);
            (self.readable, self.writable) = (false, false);
        }
    }

    fn request(&mut self, now: Instant, start: u64, end: Option<u64>) {
        if !self.recording {
            return;
        }
        self.mark(now, Mark::Request { start });
        if let Some(end) = end {
            let how = RequestEnd::Complete;
            self.mark(now, Mark::RequestEnd { end, how });
            self.mark(now, Mark::HandlerCalled);
        }
    }

    fn answer(&mut self, now: Instant, start: u64) {
        if self.recording {
            self.mark(now, Mark::Response { start });
        }
    }

    fn answered(&mut self, now: Instant, end: u64) {
        if self.recording {
            self.mark(now, Mark::ResponseEnd { end });
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
