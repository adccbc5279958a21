//! What left the stack, and what of it nobody asked for.

use periplus_journey::Instant;
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::TcpHeader;
use std::collections::VecDeque;
use std::fmt;

/// An IP packet that left the stack.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// When.
    pub(crate) sent_at: Instant,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok((ip, payload)) = Ipv4Header::parse(&self.bytes) else {
            return write!(f, "{} bytes that are no IPv4 packet", self.bytes.len());
        };
        let (source, destination) = (ip.source(), ip.destination());
        match TcpHeader::parse(payload) {
            Ok((tcp, _, data)) if ip.protocol() == ipv4::TCP => write!(
                f,
                "{source}.{} > {destination}.{}: {:?} seq {} ack {} win {} length {}",
                tcp.source_port(),
                tcp.destination_port(),
                tcp.flags(),
                tcp.sequence().0,
                tcp.acknowledgment().0,
                tcp.window(),
                data.len()
            ),
            _ => write!(
                f,
                "{source} > {destination}: protocol {} length {}",
                ip.protocol(),
                payload.len()
            ),
        }
    }
}

/// Packets on their way to packetdrill.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    packets: VecDeque<Packet>,
    /// How many of them were there when the script ended.
    at_end: Option<usize>,
}

impl Outbound {
    /// The next packet.
    pub(crate) fn pop(&mut self) -> Option<Packet> {
        self.packets.pop_front()
    }

    /// A RST is about to be injected: it may be the first of those by which packetdrill ends a script.
    pub(crate) fn reset_arrives(&mut self) {
        self.at_end.get_or_insert(self.packets.len());
    }

    /// Something else happens: the script goes on.
    pub(crate) fn script_goes_on(&mut self) {
        self.at_end = None;
    }

    /// The packets that the script did not ask for: what came after packetdrill's own RSTs is left out.
    pub(crate) fn unasked(&self) -> impl Iterator<Item = &Packet> {
        self.packets
            .iter()
            .take(self.at_end.unwrap_or(self.packets.len()))
    }
}

impl Extend<Packet> for Outbound {
    fn extend<I: IntoIterator<Item = Packet>>(&mut self, packets: I) {
        self.packets.extend(packets);
    }
}
