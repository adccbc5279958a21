//! From an Ethernet frame to a TCP segment.

use super::options::Options;
use super::segment::{Codepoint, Flags, Segment};
use etherparse::checksum::Sum16BitWords;
use etherparse::{
    EtherType, Ethernet2Slice, Icmpv4Slice, IpEcn, IpNumber, Ipv4HeaderSlice, TcpSlice,
};
use std::net::{Ipv4Addr, SocketAddrV4};

/// An IPv4 packet in an Ethernet frame; what is behind its length is Ethernet's padding.
pub(super) struct Packet<'a> {
    pub(super) to: [u8; 6],
    pub(super) from: [u8; 6],
    pub(super) header: Ipv4HeaderSlice<'a>,
    pub(super) payload: &'a [u8],
}

/// A TCP packet of the host's that a router could not deliver.
pub(super) struct Undeliverable {
    pub(super) source: SocketAddrV4,
    pub(super) destination: SocketAddrV4,
    /// It was too long (RFC 1191 4).
    pub(super) too_long: bool,
}

/// Reads a frame; none if it is no IPv4, or damaged beyond reading.
pub(super) fn packet(frame: &[u8]) -> Option<Packet<'_>> {
    let ethernet = Ethernet2Slice::from_slice_without_fcs(frame).ok()?;
    if ethernet.ether_type() != EtherType::IPV4 {
        return None;
    }
    let bytes = ethernet.payload_slice();
    let header = Ipv4HeaderSlice::from_slice(bytes).ok()?;
    let payload = bytes.get(header.slice().len()..usize::from(header.total_len()))?;
    Some(Packet {
        to: ethernet.destination(),
        from: ethernet.source(),
        header,
        payload,
    })
}

/// Whether two checksums are the same one: in one's complement there are two zeros (RFC 1071 2).
fn same_sum(one: u16, another: u16) -> bool {
    let plain = |sum| if sum == u16::MAX { 0 } else { sum };
    plain(one) == plain(another)
}

impl<'a> Packet<'a> {
    /// Whether the checksum of the IP header is right (RFC 1122 3.2.1.2: a host must verify it).
    pub(super) fn header_is_whole(&self) -> bool {
        // Over the bytes as they are: a header that is parsed has lost its reserved bit.
        let sum = Sum16BitWords::new().add_slice(self.header.slice());
        same_sum(sum.ones_complement(), 0)
    }

    /// Whether this is TCP, and not a fragment.
    pub(super) fn is_tcp(&self) -> bool {
        self.header.protocol() == IpNumber::TCP && !self.header.is_fragmenting_payload()
    }

    /// The TCP packet that an ICMP message tells of an error with (RFC 1122 3.2.2.1).
    pub(super) fn undeliverable(&self) -> Option<Undeliverable> {
        const DESTINATION_UNREACHABLE: u8 = 3;
        const FRAGMENTATION_NEEDED: u8 = 4;
        let message = Icmpv4Slice::from_slice(self.payload).ok()?;
        if self.header.protocol() != IpNumber::ICMP || message.type_u8() != DESTINATION_UNREACHABLE
        {
            return None;
        }
        let quoted = Ipv4HeaderSlice::from_slice(message.payload()).ok()?;
        let ports = message.payload().get(quoted.slice().len()..)?;
        let port = |at: usize| Some(u16::from_be_bytes([*ports.get(at)?, *ports.get(at + 1)?]));
        (quoted.protocol() == IpNumber::TCP).then_some(Undeliverable {
            source: SocketAddrV4::new(quoted.source_addr(), port(0)?),
            destination: SocketAddrV4::new(quoted.destination_addr(), port(2)?),
            too_long: message.code_u8() == FRAGMENTATION_NEEDED,
        })
    }

    /// The TCP header and text, if they can be told apart.
    pub(super) fn tcp(&self) -> Option<TcpSlice<'a>> {
        TcpSlice::from_slice(self.payload).ok()
    }

    /// Whether TCP's checksum is right (RFC 9293 3.1, MUST-3: the receiver must check it).
    pub(super) fn tcp_is_whole(&self, tcp: &TcpSlice<'_>) -> bool {
        tcp.calc_checksum_ipv4(self.header.source(), self.header.destination())
            .is_ok_and(|sum| same_sum(sum, tcp.checksum()))
    }

    /// The segment, and what is wrong with the layout of its options.
    pub(super) fn segment(&self, tcp: &TcpSlice<'a>) -> (Segment<'a>, Vec<String>) {
        let flags = Flags {
            syn: tcp.syn(),
            ack: tcp.ack(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            urg: tcp.urg(),
            ece: tcp.ece(),
            cwr: tcp.cwr(),
        };
        let (options, faults) = Options::read(tcp.options(), flags.syn);
        let end = |address: [u8; 4], port| SocketAddrV4::new(Ipv4Addr::from(address), port);
        let segment = Segment {
            source: end(self.header.source(), tcp.source_port()),
            destination: end(self.header.destination(), tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledgment: tcp.acknowledgment_number(),
            flags,
            window: tcp.window_size(),
            options,
            payload: &self.payload[tcp.header_slice().len()..],
            codepoint: match self.header.ecn() {
                IpEcn::NotEct => Codepoint::NotCapable,
                IpEcn::CongestionExperienced => Codepoint::CongestionExperienced,
                _ => Codepoint::Capable,
            },
        };
        (segment, faults)
    }
}
