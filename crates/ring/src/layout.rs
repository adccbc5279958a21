//! Where the parts of a frame are.

use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{self, TcpHeader};
use periplus_wire::udp;
use std::net::IpAddr;

/// Longest headers that have to be in a chain's first buffer: Ethernet, IP and TCP with all their options.
pub(crate) const MAX_HEADERS: usize =
    ethernet::HEADER_LENGTH + ipv4::MAX_HEADER_LENGTH + tcp::MAX_HEADER_LENGTH;

/// The parts of a frame with an unfragmented TCP segment or UDP datagram, by their place in the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) is_tcp: bool,
    /// Start of the IP header.
    pub(crate) network: usize,
    /// Start of the TCP or UDP header.
    pub(crate) transport: usize,
    /// Start of the data.
    pub(crate) data: usize,
    /// End of the data, by what the IP header says: padding is not data.
    pub(crate) end: usize,
}

impl Layout {
    /// The parts of `frame`, which may be the first of a chain: all its headers have to be there, its data not.
    pub(crate) fn of(frame: &[u8]) -> Option<Self> {
        let (header, packet) = EthernetHeader::parse(frame).ok()?;
        match header.ether_type() {
            EtherType::IPV4 => Self::of_ipv4(packet),
            _ => None,
        }
    }

    fn of_ipv4(packet: &[u8]) -> Option<Self> {
        let (header, payload) = Ipv4Header::parse_quoted(packet).ok()?;
        let header_length = match header.protocol() {
            _ if header.is_fragment() => return None,
            ipv4::TCP => TcpHeader::parse(payload).ok()?.0.header_length(),
            ipv4::UDP if payload.len() >= udp::HEADER_LENGTH => udp::HEADER_LENGTH,
            _ => return None,
        };
        let network = ethernet::HEADER_LENGTH;
        let transport = network + header.header_length();
        Some(Self {
            source: header.source().into(),
            destination: header.destination().into(),
            is_tcp: header.protocol() == ipv4::TCP,
            network,
            transport,
            data: transport + header_length,
            end: network + header.total_length(),
        })
    }

    /// Where in the transport header its checksum is.
    pub(crate) fn checksum_offset(&self) -> usize {
        if self.is_tcp { 16 } else { 6 }
    }

    /// How many segments or datagrams of `size` bytes of data the frame is cut into.
    pub(crate) fn segments(&self, size: u16) -> usize {
        if size == 0 {
            return 1;
        }
        (self.end - self.data).div_ceil(size.into()).max(1)
    }
}
