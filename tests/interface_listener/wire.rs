//! The clients' end of a wire: frames in and out, and the knowledge that the other end has dealt with all of them.

use periplus_journey::Instant;
use periplus_nic::{PacketDevice, PacketOptions};
use periplus_ring::memory::{self, LinkOptions, MemoryDevice};
use periplus_ring::{Device, RxBurst, TxDescriptor};
use periplus_tests::Segment;
use periplus_wire::arp::{self, ArpPacket, Operation};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::icmpv4::{Icmpv4Header, MessageType};
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use std::net::Ipv4Addr;

/// Where the clients are.
pub(super) const CLIENTS: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);
/// Where the listener is.
pub(super) const LISTENER: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 2);

/// A device on which the clients' segments travel. ARP is answered, and known by name is whoever is at the other end.
pub(super) struct Wire<D> {
    device: D,
    ours: EthernetAddress,
    /// The other end's.
    theirs: EthernetAddress,
    burst: RxBurst,
    /// The echo request that was sent last, and whether its reply came.
    asked: u16,
    answered: bool,
}

impl Wire<PacketDevice> {
    pub(super) fn open(interface: &str, theirs: EthernetAddress) -> Self {
        let options = PacketOptions {
            ring_size: 255,
            ..PacketOptions::new(interface)
        };
        let device = PacketDevice::open(&options).unwrap();
        let ours = device.ethernet();
        Self::of(device, ours, theirs)
    }
}

impl Wire<MemoryDevice> {
    /// A wire in memory, and the device at its other end.
    pub(super) fn in_memory(theirs: EthernetAddress) -> (Self, MemoryDevice) {
        let link = LinkOptions {
            offloads: false,
            ..LinkOptions::default()
        };
        let (ours, device) = memory::link(link);
        let wire = Self::of(ours, EthernetAddress([2, 0, 0, 0, 0, 1]), theirs);
        (wire, device)
    }
}

impl<D: Device> Wire<D> {
    fn of(device: D, ours: EthernetAddress, theirs: EthernetAddress) -> Self {
        Self {
            device,
            ours,
            theirs,
            burst: RxBurst::new(),
            asked: 0,
            answered: true,
        }
    }

    pub(super) fn send(&mut self, segment: &Segment) {
        let frame = segment.to_frame(self.ours, self.theirs);
        self.put(&frame);
    }

    /// The segments that have come.
    pub(super) fn receive(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        loop {
            let mut burst = std::mem::take(&mut self.burst);
            self.device.receive(Instant::ZERO, &mut burst);
            let frames: Vec<_> = burst.drain().map(|arrival| arrival.to_vec()).collect();
            self.burst = burst;
            if frames.is_empty() {
                return segments;
            }
            for frame in frames {
                match Segment::from_frame(&frame) {
                    Some(segment) => segments.push(segment),
                    None => self.note(&frame),
                }
            }
        }
    }

    /// Asks for an echo. Everything sent before has been dealt with when it [is answered](Self::is_answered), and what
    /// came of it has been received: frames do not overtake each other.
    pub(super) fn ask(&mut self) {
        self.asked = self.asked.wrapping_add(1);
        self.answered = false;
        let mut message = [8, 0, 0, 0, 0, 1, 0, 0];
        message[6..].copy_from_slice(&self.asked.to_be_bytes());
        let mut sum = Sum::new();
        sum.add(&message);
        message[2..4].copy_from_slice(&sum.finish().to_be_bytes());
        let mut frame = vec![0; ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH];
        ethernet::write(&mut frame, self.theirs, self.ours, EtherType::IPV4);
        let fields = Ipv4Fields {
            source: CLIENTS,
            destination: LISTENER,
            protocol: ipv4::ICMP,
            ttl: 64,
            identification: 0,
            dont_fragment: true,
            ecn_dscp: 0,
            payload_length: message.len() as u16,
        };
        fields.write(&mut frame[ethernet::HEADER_LENGTH..]);
        frame.extend_from_slice(&message);
        self.put(&frame);
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    fn note(&mut self, frame: &[u8]) {
        let Ok((ethernet, packet)) = EthernetHeader::parse(frame) else {
            return;
        };
        match ethernet.ether_type() {
            EtherType::ARP => self.answer_arp(packet),
            EtherType::IPV4 => {
                let Ok((ip, message)) = Ipv4Header::parse(packet) else {
                    return;
                };
                if ip.protocol() == ipv4::ICMP
                    && let Ok((icmp, _)) = Icmpv4Header::parse(message)
                    && icmp.message_type() == MessageType::ECHO_REPLY
                {
                    self.answered |= icmp.sequence_number() == self.asked;
                }
            }
            _ => {}
        }
    }

    fn answer_arp(&mut self, packet: &[u8]) {
        let Ok(question) = ArpPacket::parse(packet) else {
            return;
        };
        if question.operation() != Operation::Request || question.target_protocol() != CLIENTS {
            return;
        }
        let ours = self.ours;
        let mut frame = vec![0; ethernet::HEADER_LENGTH + arp::LENGTH];
        ethernet::write(&mut frame, self.theirs, ours, EtherType::ARP);
        arp::write(
            &mut frame[ethernet::HEADER_LENGTH..],
            Operation::Reply,
            (ours, CLIENTS),
            (self.theirs, LISTENER),
        );
        self.put(&frame);
    }

    fn put(&mut self, frame: &[u8]) {
        let buffer = self.device.reserve(frame.len()).expect("room in the ring");
        buffer.copy_from_slice(frame);
        let descriptor = TxDescriptor::complete(frame.len());
        self.device.commit(Instant::ZERO, descriptor);
    }
}
