//! What passes between a script's peers and its stack, as frames.

use super::{Flow, PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Script};
use crate::support::segment::checksums_are_right;
use crate::{Datagram, Segment};
use periplus_ring::{Device, RxBurst, TxDescriptor};
use periplus_wire::arp::{self, ArpPacket, Operation};
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use periplus_wire::icmpv4::{Icmpv4Header, MessageType};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{QuotedSegment, TcpFlags};
use std::net::Ipv4Addr;

/// What the stack sent.
#[derive(Debug)]
pub(super) enum Packet {
    Tcp(Segment),
    Udp(Datagram),
    Unreachable {
        code: u8,
        /// The source port of the segment or datagram it quotes.
        port: u16,
        /// What it quotes: the front of a packet.
        quoted: Vec<u8>,
    },
    /// Its data.
    EchoReply(Vec<u8>),
}

impl Script {
    /// An ARP packet from the peers' host: the stack shall know it, or has asked.
    pub(super) fn put_arp(&mut self, operation: Operation) {
        self.put_arp_of(PEER, operation);
    }

    fn put_arp_of(&mut self, host: Ipv4Addr, operation: Operation) {
        self.put(&arp_frame(host, operation));
    }

    /// The peers' host has the address `host` as well, and says so.
    pub fn introduce(&mut self, host: Ipv4Addr) {
        self.put_arp_of(host, Operation::Reply);
        self.run();
    }

    pub(super) fn put(&mut self, frame: &[u8]) {
        let buffer = self.cable.reserve(frame.len()).expect("room on the cable");
        buffer.copy_from_slice(frame);
        self.cable
            .commit(self.now, TxDescriptor::complete(frame.len()));
    }

    /// Takes what the stack sent off the cable. Returns whether there was anything.
    pub(super) fn collect(&mut self) -> bool {
        let mut burst = RxBurst::default();
        self.cable.receive(self.now, &mut burst);
        let mut any = false;
        for arrival in burst.drain() {
            any = true;
            self.note(&arrival.frame);
        }
        any
    }

    fn note(&mut self, frame: &[u8]) {
        assert!(checksums_are_right(frame), "wrong checksum: {frame:02x?}");
        let packet = if let Some(segment) = Segment::from_frame(frame) {
            let flow = self.flow(segment.destination.port());
            let syn = segment.flags.contains(TcpFlags::SYN);
            let flow = Flow {
                stack_port: segment.source.port(),
                stack_iss: if syn {
                    segment.sequence
                } else {
                    flow.stack_iss
                },
            };
            self.flows.insert(segment.destination.port(), flow);
            Packet::Tcp(segment)
        } else if let Some(datagram) = Datagram::from_frame(frame) {
            Packet::Udp(datagram)
        } else if let Some(message) = read_icmp(frame) {
            message
        } else {
            match arp_operation(frame) {
                Some(Operation::Request) => {
                    self.questions += 1;
                    if self.answers_questions {
                        self.put_arp(Operation::Reply);
                    }
                }
                Some(Operation::Reply) => {}
                other => panic!("the stack sent {other:?}: {frame:02x?}"),
            }
            return;
        };
        self.inbox.push_back(packet);
    }
}

/// An ARP packet by which the peers' host says that it has the address `host`.
pub fn arp_frame(host: Ipv4Addr, operation: Operation) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LENGTH + arp::LENGTH];
    ethernet::write(&mut frame, STACK_ETHERNET, PEER_ETHERNET, EtherType::ARP);
    arp::write(
        &mut frame[ethernet::HEADER_LENGTH..],
        operation,
        (PEER_ETHERNET, host),
        (STACK_ETHERNET, STACK),
    );
    frame
}

fn read_icmp(frame: &[u8]) -> Option<Packet> {
    let (_, packet) = EthernetHeader::parse(frame).ok()?;
    let (ip, message) = Ipv4Header::parse(packet).ok()?;
    let (icmp, body) = Icmpv4Header::parse(message).ok()?;
    match icmp.message_type() {
        _ if ip.protocol() != ipv4::ICMP => None,
        MessageType::DESTINATION_UNREACHABLE => {
            let (_, segment) = Ipv4Header::parse_quoted(body).ok()?;
            Some(Packet::Unreachable {
                code: icmp.code(),
                port: QuotedSegment::parse(segment).ok()?.source_port(),
                quoted: body.to_vec(),
            })
        }
        MessageType::ECHO_REPLY => Some(Packet::EchoReply(body.to_vec())),
        _ => None,
    }
}

fn arp_operation(frame: &[u8]) -> Option<Operation> {
    let (ethernet, packet) = EthernetHeader::parse(frame).ok()?;
    let arp = ArpPacket::parse(packet).ok()?;
    (ethernet.ether_type() == EtherType::ARP).then(|| arp.operation())
}
