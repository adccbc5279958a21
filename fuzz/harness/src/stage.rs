//! A live shard on virtual time: its device, its peers and its backend.

use crate::backend::Backend;
use crate::bounds;
use crate::flow::Flow;
use crate::knobs::{BACKLOG, Knobs};
use crate::records::assert_sums;
use crate::segment::{NETWORK, PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Segment};
use crate::well_formed::assert_well_formed;
use crate::wire::Wire;
use periplus_journey::{Instant, Record};
use periplus_ring::{Device, RxBurst};
use periplus_stack::{Shard, SocketOptions, TransmitOutcome};
use periplus_wire::arp::{self, ArpPacket, Operation};
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Looks at the ring in a row that find something to do.
const PATIENCE: usize = 2_000;
/// The port that listens, one that waits for data before it accepts, and one that nobody has.
pub(crate) const PORTS: [u16; 3] = [80, 8080, 7];
/// The UDP socket's.
pub(crate) const UDP_PORT: u16 = 53;
/// Flows that are watched, at most.
const MOST_FLOWS: usize = 24;

/// The shard and everything around it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) shard: Shard,
    pub(crate) wire: Wire,
    pub(crate) now: Instant,
    pub(crate) flows: Vec<Flow>,
    pub(crate) backend: Backend,
    pub(crate) knobs: Knobs,
    /// Time-outs so far.
    pub(crate) timeouts: usize,
    /// Of every frame that left, and when.
    pub(crate) digest: u64,
    burst: RxBurst,
    records: Vec<Record>,
}

impl Stage {
    pub(crate) fn new(knobs: Knobs) -> Self {
        let wire = Wire::new(knobs.wire);
        let mut shard = Shard::new(knobs.options.clone(), [7; 32], wire.capabilities());
        let mut backend = Backend::default();
        let any = Ipv4Addr::UNSPECIFIED;
        for (port, defer_accept) in [(PORTS[0], None), (PORTS[1], Some(Duration::from_secs(3)))] {
            if let Ok(listener) = shard.listen((any, port).into(), BACKLOG) {
                let options = SocketOptions {
                    defer_accept,
                    keep_alive: defer_accept.is_some(),
                    ..SocketOptions::default()
                };
                shard.set_listener_options(Instant::ZERO, listener, options);
                backend.listeners.push(listener);
            }
        }
        backend
            .sockets
            .extend(shard.bind_udp((STACK, UDP_PORT).into()));
        let stack_ports = [0, 0, 0, 0, 0, 1, 1, 2].map(|port| PORTS[port]);
        let mut stage = Self {
            shard,
            wire,
            now: Instant::from_millis(1_000),
            flows: (40_000..)
                .zip(stack_ports)
                .map(|(peer_port, stack_port)| Flow::new(peer_port, stack_port))
                .collect(),
            backend,
            knobs,
            timeouts: 0,
            digest: 0,
            burst: RxBurst::new(),
            records: Vec::new(),
        };
        if stage.knobs.is_introduced {
            stage.bring(&arp_frame(Operation::Request, PEER));
            stage.look();
        }
        stage
    }

    /// A frame arrives; the shard does not look at its ring yet.
    pub(crate) fn bring(&mut self, frame: &[u8]) {
        if let Some(segment) = Segment::from_frame(frame)
            && *segment.source.ip() == PEER
            && let Some(flow) = self.flow(segment.source.port(), segment.destination.port())
        {
            flow.peer_sends(&segment);
        }
        self.wire.bring(frame, self.now);
    }

    /// The shard does what it can do at this moment.
    pub(crate) fn look(&mut self) {
        for _ in 0..PATIENCE {
            let received = self.wire.has_arrivals();
            let due = self.shard.next_timeout().is_some_and(|at| at <= self.now);
            self.poll(due);
            let answered = self.see_what_was_sent();
            if !received && !due && !answered {
                bounds::assert_held(self);
                return;
            }
        }
        panic!("the shard never falls silent");
    }

    fn poll(&mut self, due: bool) {
        self.wire.receive(self.now, &mut self.burst);
        if !self.burst.is_empty() {
            let level = self.wire.level();
            self.shard.receive(self.now, &mut self.burst, level);
        }
        if due {
            self.timeouts += 1;
            self.shard.timeout(self.now);
        }
        let outcome = self.shard.transmit(self.now, &mut self.wire);
        match outcome {
            TransmitOutcome::Done => assert!(!self.shard.has_output(), "done, and not done"),
            TransmitOutcome::RingFull => assert_eq!(self.wire.room, 0, "the ring has room"),
        }
        let mut ready = Vec::new();
        self.shard.take_ready(&mut ready);
        ready
            .into_iter()
            .for_each(|ready| self.backend.is_told(ready));
        self.shard.take_records(&mut self.records);
        self.records.drain(..).for_each(|record| {
            assert_sums(&record);
        });
    }

    /// Looks at the frames that left. Whether one was answered by a frame.
    fn see_what_was_sent(&mut self) -> bool {
        let mut answered = false;
        while let Some(frame) = self.wire.next_sent() {
            assert_well_formed(&frame);
            self.digest = digest(self.digest, self.now, &frame);
            if let Some(target) = asked_for(&frame)
                && self.knobs.answers_questions
            {
                self.wire
                    .bring(&arp_frame(Operation::Reply, target), self.now);
                answered = true;
            }
            if let Some(segment) = Segment::from_frame(&frame)
                && *segment.destination.ip() == PEER
            {
                let ports = (segment.destination.port(), segment.source.port());
                if let Some(flow) = self.flow(ports.0, ports.1) {
                    flow.stack_sends(&segment);
                }
            }
        }
        answered
    }

    /// Time passes; what falls due in it is done at its own moment.
    pub(crate) fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.look();
        while let Some(due) = self.shard.next_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.look();
        }
        self.now = end;
        self.look();
    }

    fn flow(&mut self, peer_port: u16, stack_port: u16) -> Option<&mut Flow> {
        let ports = (peer_port, stack_port);
        self.flows
            .iter_mut()
            .find(|flow| (flow.peer_port, flow.stack_port) == ports)
    }

    /// Watches a flow, and says which it is; `None` if too many are.
    pub(crate) fn watch(&mut self, peer_port: u16, stack_port: u16) -> Option<usize> {
        let ports = (peer_port, stack_port);
        let is_it = |flow: &Flow| (flow.peer_port, flow.stack_port) == ports;
        if let Some(place) = self.flows.iter().position(is_it) {
            return Some(place);
        }
        if self.flows.len() >= MOST_FLOWS {
            return None;
        }
        self.flows.push(Flow::new(peer_port, stack_port));
        Some(self.flows.len() - 1)
    }
}

/// An ARP packet about `sender`, whose link address is that of the peers' host.
pub(crate) fn arp_frame(operation: Operation, sender: Ipv4Addr) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LENGTH + arp::LENGTH];
    ethernet::write(&mut frame, STACK_ETHERNET, PEER_ETHERNET, EtherType::ARP);
    let (from, to) = ((PEER_ETHERNET, sender), (STACK_ETHERNET, STACK));
    arp::write(&mut frame[NETWORK..], operation, from, to);
    frame
}

/// Whom an ARP request of the shard asks for.
fn asked_for(frame: &[u8]) -> Option<Ipv4Addr> {
    let (header, payload) = EthernetHeader::parse(frame).ok()?;
    let packet = ArpPacket::parse(payload).ok()?;
    let asks = header.ether_type() == EtherType::ARP && packet.operation() == Operation::Request;
    asks.then(|| packet.target_protocol())
}

/// FNV-1a.
fn digest(before: u64, now: Instant, frame: &[u8]) -> u64 {
    let time = now.as_nanos().to_be_bytes();
    let bytes = time.iter().chain(frame);
    bytes.fold(before, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
