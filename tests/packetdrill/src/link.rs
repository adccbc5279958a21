//! The shard and its cable: IP packets in and out at the peer's end, every frame and timer at its own moment.

use crate::accounting::Packet;
use periplus_journey::Instant;
use periplus_ring::memory::{self, LinkOptions, MemoryDevice};
use periplus_ring::{Capabilities, Device, RxBurst, TxDescriptor};
use periplus_stack::{ClosedPortPolicy, Shard, ShardOptions, Sysctls};
use periplus_wire::arp::{self, ArpPacket, Operation};
use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use std::net::{IpAddr, Ipv4Addr};

/// The peer's address on the cable.
const PEER: EthernetAddress = EthernetAddress([0x02, 0, 0, 0, 0, 1]);
/// Who takes every packet: the peer may have any address.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 254);
/// The longest IP packet.
const LONGEST_PACKET: usize = 65_535;

/// The shard with its device, and the other end of the cable.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) shard: Shard,
    device: MemoryDevice,
    cable: MemoryDevice,
    burst: RxBurst,
}

impl Link {
    /// A shard with the address `local`. Its secrets are always the same, so that a script's run can be repeated.
    pub(crate) fn new(local: Ipv4Addr, mtu: usize, tcp: Sysctls) -> Self {
        // the cable carries what a script injects, which may be longer than the stack's own MTU
        let (device, cable) = memory::link(LinkOptions {
            mtu: LONGEST_PACKET,
            offloads: false,
            ..LinkOptions::default()
        });
        let capabilities = Capabilities {
            mtu,
            ..*device.capabilities()
        };
        let options = ShardOptions {
            address: local,
            prefix: 32,
            gateway: Some(IpAddr::V4(GATEWAY)),
            tcp,
            on_closed_port: ClosedPortPolicy::Rst,
            recording: false,
            ..ShardOptions::default()
        };
        Self {
            shard: Shard::new(options, [0x5a; 32], &capabilities),
            device,
            cable,
            burst: RxBurst::default(),
        }
    }

    /// When something happens of its own accord.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.shard.next_timeout()
    }

    /// An IP packet arrives from the peer.
    pub(crate) fn deliver(&mut self, now: Instant, packet: &[u8]) {
        let stack = self.shard.options().ethernet;
        let length = ethernet::HEADER_LENGTH + packet.len();
        let Some(frame) = self.cable.reserve(length) else {
            return; // the ring is emptied after every packet: it has room for one
        };
        ethernet::write(frame, stack, PEER, EtherType::IPV4);
        frame[ethernet::HEADER_LENGTH..].copy_from_slice(packet);
        self.cable.commit(now, TxDescriptor::complete(length));
    }

    /// Does what can be done at `now` without waiting: fires what is due, hands frames over in both directions. What the
    /// stack sent is appended to `sent`.
    pub(crate) fn run(&mut self, now: Instant, sent: &mut impl Extend<Packet>) {
        loop {
            if self.shard.next_timeout().is_some_and(|due| due <= now) {
                self.shard.timeout(now);
            }
            self.device.receive(now, &mut self.burst);
            let mut moved = !self.burst.is_empty();
            if moved {
                self.shard
                    .receive(now, &mut self.burst, self.device.level());
            }
            self.shard.transmit(now, &mut self.device);
            moved |= self.collect(now, sent);
            if !moved && !self.shard.has_output() {
                return;
            }
        }
    }

    /// Takes what the stack sent off the cable. Returns whether there was anything.
    fn collect(&mut self, now: Instant, sent: &mut impl Extend<Packet>) -> bool {
        let mut burst = RxBurst::default();
        self.cable.receive(now, &mut burst);
        let mut any = false;
        for arrival in burst.drain() {
            any = true;
            let frame = arrival.to_vec();
            let Ok((header, packet)) = EthernetHeader::parse(&frame) else {
                continue;
            };
            match header.ether_type() {
                EtherType::ARP => self.answer(now, packet),
                _ => sent.extend([Packet {
                    sent_at: now,
                    bytes: packet.to_vec(),
                }]),
            }
        }
        any
    }

    /// Answers the question for the peer's link address.
    fn answer(&mut self, now: Instant, question: &[u8]) {
        let Ok(question) = ArpPacket::parse(question) else {
            return;
        };
        if question.operation() != Operation::Request {
            return;
        }
        let stack = self.shard.options().ethernet;
        let length = ethernet::HEADER_LENGTH + arp::LENGTH;
        let Some(frame) = self.cable.reserve(length) else {
            return; // asked again after a second
        };
        ethernet::write(frame, stack, PEER, EtherType::ARP);
        arp::write(
            &mut frame[ethernet::HEADER_LENGTH..],
            Operation::Reply,
            (PEER, question.target_protocol()),
            (stack, question.sender_protocol()),
        );
        self.cable.commit(now, TxDescriptor::complete(length));
    }
}
