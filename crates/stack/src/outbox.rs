//! What the shard has to say without a connection: ARP, SYN/ACK, RST, ICMP, and datagrams that waited for a link address.
//! Bounded, and sent before anything else.

use crate::udp::Datagram;
use periplus_tcp::{Ends, SegmentHeader};
use periplus_wire::arp::Operation;
use periplus_wire::ethernet::EthernetAddress;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

/// Messages that may wait for room in the ring. Whatever is beyond is lost, as on a link: all of it is repeated by a timer
/// of ours or by the peer.
const LIMIT: usize = 4096;
/// Messages for which there is a place from the beginning: the answers to a burst, and what timers have to say beside them. So a
/// flood that is answered without keeping anything makes nothing grow.
const USUAL: usize = 256;
/// Messages that may wait for link addresses.
const UNRESOLVED_LIMIT: usize = 256;
/// Messages that may wait for one link address (Linux's `unres_qlen`).
const UNRES_QLEN: usize = 101;

/// A message without a connection.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// An ARP packet: its operation, to whom on the link, and whom it is about.
    Arp {
        operation: Operation,
        to: EthernetAddress,
        source: Ipv4Addr,
        target: Ipv4Addr,
    },
    /// A segment of a flow that has a compact record, or none at all.
    Segment { ends: Ends, header: SegmentHeader },
    /// An ICMP message.
    Icmp {
        source: Ipv4Addr,
        destination: Ipv4Addr,
        message: Vec<u8>,
    },
    /// A UDP datagram.
    Datagram(Datagram),
}

impl Message {
    /// Where it goes; `None` for ARP, which needs no address.
    pub(crate) fn destination(&self) -> Option<IpAddr> {
        match self {
            Message::Arp { .. } => None,
            Message::Segment { ends, .. } => Some(ends.remote_address()),
            Message::Icmp { destination, .. } => Some(IpAddr::V4(*destination)),
            Message::Datagram(datagram) => Some(IpAddr::V4(*datagram.destination.ip())),
        }
    }
}

/// The messages that wait.
#[derive(Debug)]
pub(crate) struct Outbox {
    messages: VecDeque<Message>,
    unresolved: Vec<(IpAddr, Message)>,
    lost: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            messages: VecDeque::with_capacity(USUAL),
            unresolved: Vec::new(),
            lost: 0,
        }
    }
}

impl Outbox {
    #[inline(always)] // written where it will lie, field by field: a copy at once would wait for each of them
    pub(crate) fn push(&mut self, message: Message) {
        if self.messages.len() < LIMIT {
            self.messages.push_back(message);
        } else {
            self.lost += 1;
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// The message whose turn it is. It is written where it lies: a large one is not moved to be sent.
    #[inline]
    pub(crate) fn first(&self) -> Option<&Message> {
        self.messages.front()
    }

    /// The first message was sent.
    #[inline]
    pub(crate) fn drop_first(&mut self) {
        self.messages.pop_front();
    }

    /// Keeps a message until the link address of `next_hop` is known. At a limit the oldest goes: it has waited in vain the
    /// longest.
    pub(crate) fn wait_for(&mut self, next_hop: IpAddr, message: Message) {
        let same_hop = |(hop, _): &(IpAddr, Message)| *hop == next_hop;
        let waiting = self.unresolved.iter().filter(|entry| same_hop(entry));
        let goes = match waiting.count() {
            UNRES_QLEN.. => self.unresolved.iter().position(same_hop),
            _ if self.unresolved.len() >= UNRESOLVED_LIMIT => Some(0),
            _ => None,
        };
        if let Some(goes) = goes {
            self.unresolved.remove(goes);
            self.lost += 1;
        }
        self.unresolved.push((next_hop, message));
    }

    /// The link address of `next_hop` is known.
    pub(crate) fn resolved(&mut self, next_hop: IpAddr) {
        let mut waiting = std::mem::take(&mut self.unresolved);
        for (_, message) in waiting.extract_if(.., |(hop, _)| *hop == next_hop) {
            self.push(message);
        }
        self.unresolved = waiting;
    }

    /// `next_hop` does not answer.
    pub(crate) fn given_up(&mut self, next_hop: IpAddr) {
        let before = self.unresolved.len();
        self.unresolved.retain(|(hop, _)| *hop != next_hop);
        self.lost += (before - self.unresolved.len()) as u64;
    }

    /// Messages that were lost in here.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// `next_hop` was asked for in vain a moment ago: a message for it is lost.
    pub(crate) fn lose(&mut self) {
        self.lost += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
