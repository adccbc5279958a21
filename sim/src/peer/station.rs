//! The peer on its end of the link.

use super::connection::{PeerConnection, PeerState};
use super::plan::{PeerPlan, Trick};
use super::{noise, tricks};
use crate::packet::Packet;
use crate::random::Random;
use crate::world::{FlowPlan, World, address, ethernet_address};
use periplus_journey::Instant;
use periplus_ring::memory::MemoryDevice;
use periplus_ring::{Device, RxBurst, TxDescriptor, of_arrival};
use periplus_wire::SeqNum;
use periplus_wire::arp::{self, ArpPacket, Operation};
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use periplus_wire::tcp::TcpFlags;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;

/// How often text is thrown away that it says has come, if that is one of its tricks.
const SWALLOWED: f64 = 0.1;

/// The first of the ports that it connects from.
const PORTS: u16 = 40_000;

/// The peer: it answers for every address but the stack's.
#[derive(Debug)]
pub struct Peer {
    /// Its connections, in the order in which they began.
    pub connections: Vec<PeerConnection>,
    plan: PeerPlan,
    flows: Vec<FlowPlan>,
    /// Its number among the hosts.
    number: usize,
    device: MemoryDevice,
    random: Random,
    burst: RxBurst,
    /// What is to be sent, by when.
    outbox: BTreeMap<(Instant, u64), Vec<u8>>,
    queued: u64,
    noise_at: Option<Instant>,
    opened: usize,
}

impl Peer {
    pub(crate) fn new(plan: PeerPlan, flows: Vec<FlowPlan>, device: MemoryDevice) -> Self {
        Self {
            connections: Vec::new(),
            noise_at: plan.noise.map(|_| World::BEGINNING),
            random: Random::new(plan.seed),
            number: 1,
            plan,
            flows,
            device,
            burst: RxBurst::new(),
            outbox: BTreeMap::new(),
            queued: 0,
            opened: 0,
        }
    }

    /// The peer's end of a flow that it opens.
    pub(crate) fn opens_from(flow: usize) -> SocketAddrV4 {
        SocketAddrV4::new(address(1), PORTS + flow as u16)
    }

    /// One look at the link and the clock. Returns whether any frame came or went.
    pub(crate) fn poll(&mut self, now: Instant) -> bool {
        let mut moved = false;
        let mut burst = std::mem::take(&mut self.burst);
        self.device.receive(now, &mut burst);
        for arrival in burst.drain() {
            moved = true;
            of_arrival(&arrival).for_each(|frame| self.takes(now, &frame));
        }
        self.burst = burst;
        self.open(now);
        self.make_noise(now);
        let is_itself = self.is_itself(now);
        for place in 0..self.connections.len() {
            if !is_itself {
                self.connections[place].swallowed.clear();
            }
            for packet in self.connections[place].segments(now) {
                self.says(now, place, packet);
            }
        }
        moved | self.transmit(now)
    }

    /// When it does something of its own accord.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let starts = self
            .flows
            .get(self.opened)
            .map(|flow| World::BEGINNING + flow.starts);
        let resend = self
            .connections
            .iter()
            .filter_map(|connection| connection.resend_at);
        let outbox = self.outbox.first_key_value().map(|((at, _), _)| *at);
        Instant::earliest([starts, resend.min(), outbox, self.noise_at])
    }

    /// Whether it has left off, and is honest now.
    pub fn is_honest(&self, now: Instant) -> bool {
        self.plan.repents && !self.is_itself(now)
    }

    fn is_itself(&self, now: Instant) -> bool {
        now < World::BEGINNING + self.plan.until
    }

    fn is_silent(&self, now: Instant) -> bool {
        !self.plan.repents && !self.is_itself(now)
    }

    fn takes(&mut self, now: Instant, frame: &[u8]) {
        if self.is_itself(now) && self.random.chance(self.plan.deaf) {
            return;
        }
        if let Some(reply) = arp_reply(frame) {
            self.queue(now, reply);
            return;
        }
        let Some(packet) = Packet::parse(frame).filter(|_| !self.is_silent(now)) else {
            return;
        };
        let swallows = self.is_itself(now)
            && self.plan.tricks.contains(&Trick::FalseSack)
            && self.random.chance(SWALLOWED);
        let known = self.connections.iter_mut().find(|connection| {
            connection.local == packet.destination && connection.remote == packet.source
        });
        match known {
            Some(connection) if connection.state == PeerState::Dead => self.refuse(now, &packet),
            Some(connection) if swallows && connection.agreed.sack => connection.swallow(&packet),
            Some(connection) => connection.receive(now, &packet),
            None if packet.flags == TcpFlags::SYN || packet.has(TcpFlags::SYN | TcpFlags::ECE) => {
                self.accept(now, &packet);
            }
            None => self.refuse(now, &packet),
        }
    }

    /// Begins the flows that are due and that it opens.
    fn open(&mut self, now: Instant) {
        while let Some(flow) = self.flows.get(self.opened)
            && World::BEGINNING + flow.starts <= now
        {
            if flow.from == self.number {
                let remote = SocketAddrV4::new(address(flow.to), flow.port);
                let ends = (Self::opens_from(self.opened), remote);
                self.begin(self.opened, ends, flow.opener.sends, 0);
            }
            self.opened += 1;
        }
    }

    /// A connection of flow number `flow`, whose `side` is 0 for the one who opens it.
    fn begin(&mut self, flow: usize, ends: (SocketAddrV4, SocketAddrV4), sends: u64, side: u64) {
        // often the numbers begin anew amid what it sends
        let iss = match self.random.below(3) {
            0 => SeqNum(0) - self.random.between(0..=sends) as u32,
            _ => SeqNum(self.random.number() as u32),
        };
        let streams = (2 * flow as u64 + side, 2 * flow as u64 + 1 - side);
        let sends = (streams.0, sends);
        let connection = PeerConnection::new(flow, ends, iss, sends, streams.1, self.plan.says);
        self.connections.push(connection);
    }

    /// Answers the stack's SYN, which is for the flow that its port names.
    fn accept(&mut self, now: Instant, packet: &Packet) {
        let mut flows = self.flows.iter().enumerate();
        let wanted = flows
            .find(|(_, flow)| flow.to == self.number && flow.port == packet.destination.port());
        let Some((number, flow)) = wanted else {
            self.refuse(now, packet);
            return;
        };
        let sends = flow.acceptor.sends;
        self.begin(number, (packet.destination, packet.source), sends, 1);
        if let Some(connection) = self.connections.last_mut() {
            connection.state = PeerState::SynReceived;
            connection.learn(packet);
            connection.owes_ack = false;
        }
    }

    /// What it knows nothing of it resets, as an honest host would.
    fn refuse(&mut self, now: Instant, packet: &Packet) {
        let is_heard = !self.is_itself(now) || self.random.one_in(2);
        if packet.has(TcpFlags::RST) || !is_heard {
            return;
        }
        let mut reset = Packet::new(packet.destination, packet.source, packet.ack);
        reset.flags = TcpFlags::RST;
        if !packet.has(TcpFlags::ACK) {
            reset.flags |= TcpFlags::ACK;
            reset.seq = SeqNum(0);
            reset.ack = packet.end();
        }
        self.queue(now, tricks::honest(&reset));
    }

    /// Sends a segment, as it should or otherwise.
    fn says(&mut self, now: Instant, place: usize, packet: Packet) {
        if self.is_silent(now) {
            return;
        }
        if !self.is_itself(now) || !self.random.chance(self.plan.shame) {
            self.queue(now, tricks::honest(&packet));
            return;
        }
        let trick = self.random.pick(&self.plan.tricks);
        let connection = &mut self.connections[place];
        for (later, frame) in tricks::play(&mut self.random, connection, packet, trick) {
            self.queue(now + later, frame);
        }
    }

    fn make_noise(&mut self, now: Instant) {
        let Some(at) = self.noise_at.filter(|at| *at <= now) else {
            return;
        };
        let mean = self.plan.noise.filter(|_| self.is_itself(now));
        self.noise_at = mean.map(|mean| at + mean.mul_f64(2.0 * self.random.fraction()));
        if mean.is_some() {
            for frame in noise::make(&mut self.random, &self.connections) {
                self.queue(now, frame);
            }
        }
    }

    fn queue(&mut self, now: Instant, frame: Vec<u8>) {
        let at = now + self.plan.delay;
        self.outbox.insert((at, self.queued), frame);
        self.queued += 1;
    }

    fn transmit(&mut self, now: Instant) -> bool {
        let mut sent = false;
        while let Some(entry) = self.outbox.first_entry()
            && entry.key().0 <= now
        {
            let frame = entry.remove();
            if let Some(buffer) = self.device.reserve(frame.len()) {
                buffer.copy_from_slice(&frame);
                self.device.commit(now, TxDescriptor::complete(frame.len()));
                sent = true;
            }
        }
        sent
    }
}

/// Whoever is asked for is here.
fn arp_reply(frame: &[u8]) -> Option<Vec<u8>> {
    let (link, packet) = EthernetHeader::parse(frame).ok()?;
    if link.ether_type() != EtherType::ARP {
        return None;
    }
    let question = ArpPacket::parse(packet).ok()?;
    if question.operation() != Operation::Request {
        return None;
    }
    let here = ethernet_address(1);
    let mut reply = vec![0; ethernet::HEADER_LENGTH + arp::LENGTH];
    ethernet::write(&mut reply, question.sender_hardware(), here, EtherType::ARP);
    arp::write(
        &mut reply[ethernet::HEADER_LENGTH..],
        Operation::Reply,
        (here, question.target_protocol()),
        (question.sender_hardware(), question.sender_protocol()),
    );
    Some(reply)
}
