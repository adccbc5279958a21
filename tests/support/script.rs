//! One stack, facing peers played by the test in packetdrill's notation.

use super::notation;
use crate::{Datagram, Host, Segment, options};
use cable::Packet;
use periplus_journey::Instant;
use periplus_ring::memory::{self, LinkOptions, MemoryDevice};
use periplus_stack::{ConnectionId, ListenerId, ShardOptions};
use periplus_wire::SeqNum;
use periplus_wire::arp::Operation;
use periplus_wire::ethernet::EthernetAddress;
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

mod backend;
mod cable;

pub use cable::arp_frame;

/// The address of the stack under test.
pub const STACK: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The address of the peers' host.
pub const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The Ethernet address of the stack under test.
pub const STACK_ETHERNET: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
/// The Ethernet address of the peers' host.
pub const PEER_ETHERNET: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);

/// The peers' initial sequence number: so near the end of the sequence space that every script crosses it.
const PEER_ISS: SeqNum = SeqNum(u32::MAX - 3);

/// A timer may be late by a tick.
const TICK: Duration = Duration::from_nanos(1 << 16);

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
    /// ARP requests that the stack has sent.
    pub questions: usize,
    /// Whether the peers' host answers them.
    pub answers_questions: bool,
    cable: MemoryDevice,
    /// What the stack sent and the script has not looked at.
    inbox: VecDeque<Packet>,
    flows: BTreeMap<u16, Flow>,
}

impl Script {
    /// A stack with `options`, but for its own address, and but that it is not paced: what an ACK lets out goes at once, as scripts
    /// for a Linux without the queueing discipline `fq` have it.
    pub fn new(options: ShardOptions) -> Self {
        let mut options = ShardOptions {
            ethernet: STACK_ETHERNET,
            address: STACK,
            ..options
        };
        options.tcp.tcp_pacing = false;
        let link = LinkOptions {
            offloads: false,
            ..LinkOptions::default()
        };
        let (device, cable) = memory::link(link);
        let mut script = Self {
            stack: Host::new(options, 1, device),
            now: Instant::from_millis(1_000),
            questions: 0,
            answers_questions: true,
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
        let segment = self.segment(port, text);
        self.inject_frame(&segment.to_frame(PEER_ETHERNET, STACK_ETHERNET));
    }

    /// The same, but the stack does not look at its ring yet.
    pub fn put_segment(&mut self, port: u16, text: &str) {
        let segment = self.segment(port, text);
        self.put(&segment.to_frame(PEER_ETHERNET, STACK_ETHERNET));
    }

    /// What [`inject`](Self::inject) would send, to be changed before it is.
    pub fn segment(&self, port: u16, text: &str) -> Segment {
        let flow = self.flow(port);
        let own = (SocketAddrV4::new(PEER, port), PEER_ISS);
        let stack = (SocketAddrV4::new(STACK, flow.stack_port), flow.stack_iss);
        notation::read(text, own, stack)
    }

    /// The peers' host sends a frame.
    pub fn inject_frame(&mut self, frame: &[u8]) {
        self.put(frame);
        self.run();
    }

    /// The stack's next packet is a segment to the peer on `port` that begins as `text` does. What `text` leaves out at
    /// its end is not compared, nor is the window of one that states options but no window.
    #[track_caller]
    pub fn expect(&mut self, port: u16, text: &str) {
        self.run();
        let next = self.inbox.pop_front();
        let Some(Packet::Tcp(segment)) = next else {
            panic!("expected {text:?} to port {port}, the stack sent {next:?}");
        };
        assert_eq!(segment.destination.port(), port, "whither: {segment:?}");
        let sent = notation::write(&segment, self.flow(port).stack_iss, PEER_ISS);
        let sent = if text.contains('<') && !text.contains(" win ") {
            without_window(&sent)
        } else {
            sent
        };
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

    /// The stack's next packet is an ICMP Destination Unreachable with `code` that quotes a packet from `port`. Returns what
    /// it quotes.
    #[track_caller]
    pub fn expect_unreachable(&mut self, port: u16, code: u8) -> Vec<u8> {
        self.run();
        let next = self.inbox.pop_front();
        let Some(Packet::Unreachable {
            code: sent,
            port: quoted_port,
            quoted,
        }) = next
        else {
            panic!("expected ICMP for port {port}, the stack sent {next:?}");
        };
        assert_eq!((sent, quoted_port), (code, port));
        quoted
    }

    /// The peer on `port` sends `data` as a datagram to the stack's `stack_port`.
    pub fn inject_datagram(&mut self, port: u16, stack_port: u16, data: &[u8]) {
        let datagram = self.datagram(port, stack_port, data);
        self.inject_frame(&datagram.to_frame(PEER_ETHERNET, STACK_ETHERNET));
    }

    /// What [`inject_datagram`](Self::inject_datagram) would send, to be changed before it is.
    pub fn datagram(&self, port: u16, stack_port: u16, data: &[u8]) -> Datagram {
        Datagram {
            source: SocketAddrV4::new(PEER, port),
            destination: SocketAddrV4::new(STACK, stack_port),
            data: data.to_vec(),
        }
    }

    /// The stack's next packet, a datagram to the peers' host: whence, whither, data.
    #[track_caller]
    pub fn next_datagram(&mut self) -> Datagram {
        self.run();
        match self.inbox.pop_front() {
            Some(Packet::Udp(datagram)) => datagram,
            next => panic!("expected a datagram, the stack sent {next:?}"),
        }
    }

    /// The stack's next packet is an ICMP echo reply with `data`.
    #[track_caller]
    pub fn expect_echo_reply(&mut self, data: &[u8]) {
        self.run();
        match self.inbox.pop_front() {
            Some(Packet::EchoReply(sent)) => assert_eq!(sent, data),
            next => panic!("expected an echo reply, the stack sent {next:?}"),
        }
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
            _ => None,
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
}

/// A segment in notation, less its window.
fn without_window(text: &str) -> String {
    let words: Vec<_> = text.split(' ').collect();
    let window = words.iter().position(|&word| word == "win");
    let at = window.unwrap_or(words.len());
    [&words[..at], words.get(at + 2..).unwrap_or_default()]
        .concat()
        .join(" ")
}
