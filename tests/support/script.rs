//! One stack, facing peers played by the test in packetdrill's notation.

use crate::segment::checksums_are_right;
use crate::{Host, Segment, content, notation, options};
use periplus_journey::Instant;
use periplus_ring::memory::{self, LinkOptions, MemoryDevice};
use periplus_ring::{Device, RxBurst, TxChecksum, TxDescriptor};
use periplus_stack::{Accepted, ConnectionId, ListenerId, Read, ShardOptions, StreamError, Write};
use periplus_wire::SeqNum;
use periplus_wire::arp::{self, ArpPacket, Operation};
use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::icmpv4::{Icmpv4Header, MessageType};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{QuotedSegment, TcpFlags};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::ops::Range;
use std::time::Duration;

const STACK: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const STACK_ETHERNET: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
const PEER_ETHERNET: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);

/// The peers' initial sequence number: so near the end of the sequence space that every script crosses it.
const PEER_ISS: SeqNum = SeqNum(u32::MAX - 3);

/// A timer may be late by a tick.
const TICK: Duration = Duration::from_nanos(1 << 16);

/// What the stack sent.
#[derive(Debug)]
enum Packet {
    Tcp(Segment),
    Unreachable {
        code: u8,
        /// The source port of the segment it quotes.
        quoted: u16,
    },
}

/// A peer's connection to the stack.
#[derive(Clone, Copy)]
struct Flow {
    stack_port: u16,
    /// The stack's initial sequence number, 0 until its SYN was seen.
    stack_iss: SeqNum,
}

/// The stack 10.0.0.1 and, behind 10.0.0.2, as many peers as the script names by their ports. `inject` plays a peer's
/// segment, `expect` takes the stack's next packet.
pub struct Script {
    /// The stack under test.
    pub stack: Host<MemoryDevice>,
    /// The present.
    pub now: Instant,
    cable: MemoryDevice,
    /// What the stack sent and the script has not looked at.
    inbox: VecDeque<Packet>,
    flows: BTreeMap<u16, Flow>,
}

impl Script {
    /// A stack with `options`, but for its addresses.
    pub fn new(options: ShardOptions) -> Self {
        let options = ShardOptions {
            ethernet: STACK_ETHERNET,
            address: STACK,
            prefix: 24,
            ..options
        };
        let link = LinkOptions {
            offloads: false,
            ..LinkOptions::default()
        };
        let (device, cable) = memory::link(link);
        let mut script = Self {
            stack: Host::new(options, 1, device),
            now: Instant::from_millis(1_000),
            cable,
            inbox: VecDeque::new(),
            flows: BTreeMap::new(),
        };
        script.put_arp(Operation::Request);
        script.run();
        script
    }

    /// A stack with `options` that listens on port 80.
    pub fn listening(options: ShardOptions, backlog: usize) -> (Self, ListenerId) {
        let mut script = Self::new(options);
        let listener = script.stack.listen(80, backlog);
        (script, listener)
    }

    /// The peer on `port` sends a segment to the stack's port 80, or to the port from which the stack called it.
    pub fn inject(&mut self, port: u16, text: &str) {
        self.inject_to(self.flow(port).stack_port, port, text);
    }

    /// The peer on `port` sends a segment to `stack_port`.
    pub fn inject_to(&mut self, stack_port: u16, port: u16, text: &str) {
        let flow = Flow {
            stack_port,
            ..self.flow(port)
        };
        self.flows.insert(port, flow);
        let own = (SocketAddrV4::new(PEER, port), PEER_ISS);
        let stack = (SocketAddrV4::new(STACK, stack_port), flow.stack_iss);
        let segment = notation::read(text, own, stack);
        self.put(&segment.to_frame(PEER_ETHERNET, STACK_ETHERNET));
        self.run();
    }

    /// The stack's next packet is a segment to the peer on `port` that begins as `text` does. What `text` leaves out at
    /// its end is not compared.
    #[track_caller]
    pub fn expect(&mut self, port: u16, text: &str) {
        self.run();
        let next = self.inbox.pop_front();
        let Some(Packet::Tcp(segment)) = next else {
            panic!("expected {text:?} to port {port}, the stack sent {next:?}");
        };
        assert_eq!(segment.destination.port(), port, "whither: {segment:?}");
        let sent = notation::write(&segment, self.flow(port).stack_iss, PEER_ISS);
        let rest = sent.strip_prefix(text);
        let matches = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        assert!(
            matches,
            "to port {port}\n  expected {text}\n  was sent {sent}"
        );
    }

    /// The stack sends nothing for `after`, then within a tick the segment `text`.
    #[track_caller]
    pub fn expect_after(&mut self, after: Duration, port: u16, text: &str) {
        let start = self.now;
        self.wait(after + TICK);
        let waited = self.now.since(start);
        assert!(
            waited >= after,
            "{text:?} came after {waited:?} instead of {after:?}"
        );
        self.expect(port, text);
    }

    /// The stack's next packet is an ICMP Destination Unreachable with `code` that quotes a segment from `port`.
    #[track_caller]
    pub fn expect_unreachable(&mut self, port: u16, code: u8) {
        self.run();
        let next = self.inbox.pop_front();
        let Some(Packet::Unreachable { code: sent, quoted }) = next else {
            panic!("expected ICMP for port {port}, the stack sent {next:?}");
        };
        assert_eq!((sent, quoted), (code, port));
    }

    /// The stack has nothing to send now.
    #[track_caller]
    pub fn expect_nothing(&mut self) {
        self.run();
        assert!(self.inbox.is_empty(), "sent unasked: {:?}", self.inbox);
    }

    /// The stack's next packet, a segment to the peer on `port`.
    #[track_caller]
    pub fn next_segment(&mut self, port: u16) -> Segment {
        self.run();
        let next = self.inbox.pop_front();
        let Some(Packet::Tcp(segment)) = next else {
            panic!("expected a segment to port {port}, the stack sent {next:?}");
        };
        assert_eq!(segment.destination.port(), port, "whither: {segment:?}");
        segment
    }

    /// All segments that the stack has sent to whomever, up to now.
    pub fn all_segments_now(&mut self) -> Vec<Segment> {
        self.run();
        let packets = self.inbox.drain(..);
        let segments = packets.filter_map(|packet| match packet {
            Packet::Tcp(segment) => Some(segment),
            Packet::Unreachable { .. } => None,
        });
        segments.collect()
    }

    /// All segments that the stack has sent up to now, which go to the peer on `port`.
    #[track_caller]
    pub fn segments_now(&mut self, port: u16) -> Vec<Segment> {
        let segments = self.all_segments_now();
        let strays = segments
            .iter()
            .find(|segment| segment.destination.port() != port);
        assert_eq!(strays, None, "whither");
        segments
    }

    /// Time passes until the stack sends something: a segment to the peer on `port`, returned in notation up to its
    /// acknowledgment.
    ///
    /// # Panics
    /// If that does not happen within `limit`.
    #[track_caller]
    pub fn wait_for_segment(&mut self, port: u16, limit: Duration) -> String {
        self.wait(limit);
        let segment = self.next_segment(port);
        let text = notation::write(&segment, self.flow(port).stack_iss, PEER_ISS);
        text.split(" win").next().unwrap_or_default().to_owned()
    }

    /// What the stack has sent up to now is of no interest.
    pub fn drain(&mut self) {
        self.run();
        self.inbox.clear();
    }

    /// A stack with default options, whose backend has accepted a connection from the peer on `port`.
    #[track_caller]
    pub fn established(port: u16) -> (Self, ConnectionId) {
        let (mut script, listener) = Self::listening(options(), 10);
        script.handshake(port);
        let id = script.accept(listener).id;
        (script, id)
    }

    /// The backend accepts a connection, which must be there.
    #[track_caller]
    pub fn accept(&mut self, listener: ListenerId) -> Accepted {
        let accepted = self.stack.shard.accept(self.now, listener);
        accepted.expect("a connection in the accept queue")
    }

    /// The backend connects to the peer on `port`.
    pub fn connect(&mut self, port: u16) -> ConnectionId {
        let remote = SocketAddr::from((PEER, port));
        let id = self.stack.shard.connect(self.now, None, remote);
        id.expect("an ephemeral port")
    }

    /// The backend reads all there is.
    pub fn read(&mut self, id: ConnectionId) -> Result<Vec<u8>, StreamError> {
        let mut data = Vec::new();
        let mut buffer = [0; 4096];
        while let Read::Data(length) = self.stack.shard.read(self.now, id, &mut buffer)? {
            data.extend_from_slice(&buffer[..length]);
        }
        Ok(data)
    }

    /// The backend writes the [`content`] at `offsets`, for which there must be room.
    #[track_caller]
    pub fn write(&mut self, id: ConnectionId, offsets: Range<u64>) {
        let data = content(offsets);
        let written = self.stack.shard.write(self.now, id, &data);
        let Ok(Write::Accepted(length)) = written else {
            panic!("the stack did not take the data: {written:?}");
        };
        assert_eq!(length, data.len());
    }

    /// The peer on `port` connects to the stack's port 80.
    #[track_caller]
    pub fn handshake(&mut self, port: u16) {
        self.inject(port, "S 0:0(0) win 65535 <mss 1460>");
        self.expect(port, "S. 0:0(0) ack 1");
        self.inject(port, ". 1:1(0) ack 1");
    }

    /// Time passes; what falls due in it is done at its own moment.
    pub fn advance(&mut self, duration: Duration) {
        self.advance_to(self.now + duration);
    }

    /// Lets the stack do what it can do at this moment.
    pub fn run(&mut self) {
        while self.stack.poll(self.now) | self.collect() {}
    }

    /// Time passes until the stack has sent something.
    #[track_caller]
    fn wait(&mut self, limit: Duration) {
        let end = self.now + limit;
        self.run();
        while self.inbox.is_empty() {
            let due = self.stack.next_timeout().filter(|&due| due <= end);
            let due = due.unwrap_or_else(|| panic!("the stack sent nothing for {limit:?}"));
            self.now = self.now.max(due);
            self.run();
        }
    }

    fn advance_to(&mut self, end: Instant) {
        self.run();
        while let Some(due) = self.stack.next_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.run();
        }
        self.now = end;
        self.run();
    }

    fn flow(&self, port: u16) -> Flow {
        let unknown = Flow {
            stack_port: 80,
            stack_iss: SeqNum(0),
        };
        self.flows.get(&port).copied().unwrap_or(unknown)
    }

    /// An ARP packet from the peers' host: the stack shall know it, or has asked.
    fn put_arp(&mut self, operation: Operation) {
        let mut frame = vec![0; ethernet::HEADER_LENGTH + arp::LENGTH];
        ethernet::write(&mut frame, STACK_ETHERNET, PEER_ETHERNET, EtherType::ARP);
        arp::write(
            &mut frame[ethernet::HEADER_LENGTH..],
            operation,
            (PEER_ETHERNET, PEER),
            (STACK_ETHERNET, STACK),
        );
        self.put(&frame);
    }

    fn put(&mut self, frame: &[u8]) {
        let buffer = self.cable.reserve(frame.len()).expect("room on the cable");
        buffer.copy_from_slice(frame);
        let descriptor = TxDescriptor {
            length: frame.len(),
            checksum: TxChecksum::Complete,
            segmentation: None,
        };
        self.cable.commit(self.now, descriptor);
    }

    /// Takes what the stack sent off the cable. Returns whether there was anything.
    fn collect(&mut self) -> bool {
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
        } else if let Some(unreachable) = read_unreachable(frame) {
            unreachable
        } else {
            match arp_operation(frame) {
                Some(Operation::Request) => self.put_arp(Operation::Reply),
                Some(Operation::Reply) => {}
                other => panic!("the stack sent {other:?}: {frame:02x?}"),
            }
            return;
        };
        self.inbox.push_back(packet);
    }
}

fn read_unreachable(frame: &[u8]) -> Option<Packet> {
    let (_, packet) = EthernetHeader::parse(frame).ok()?;
    let (ip, message) = Ipv4Header::parse(packet).ok()?;
    let (icmp, quote) = Icmpv4Header::parse(message).ok()?;
    if ip.protocol() != ipv4::ICMP || icmp.message_type() != MessageType::DESTINATION_UNREACHABLE {
        return None;
    }
    let (_, quoted) = Ipv4Header::parse_quoted(quote).ok()?;
    Some(Packet::Unreachable {
        code: icmp.code(),
        quoted: QuotedSegment::parse(quoted).ok()?.source_port(),
    })
}

fn arp_operation(frame: &[u8]) -> Option<Operation> {
    let (ethernet, packet) = EthernetHeader::parse(frame).ok()?;
    let arp = ArpPacket::parse(packet).ok()?;
    (ethernet.ether_type() == EtherType::ARP).then(|| arp.operation())
}
