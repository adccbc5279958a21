//! The headers that nearly every frame of a busy server has: Ethernet, IPv4 without options, TCP.

use crate::Ecn;
use crate::checksum::Sum;
use crate::ethernet::{EtherType, EthernetAddress, EthernetHeader};
use crate::ipv4::{self, Ipv4Header};
use crate::tcp::{self, TcpHeader};
use std::net::Ipv4Addr;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Where the IPv4 header begins, the TCP header, and what follows that.
pub(crate) const NETWORK: usize = crate::ethernet::HEADER_LENGTH;
pub(crate) const TRANSPORT: usize = NETWORK + ipv4::HEADER_LENGTH;
pub(crate) const END: usize = TRANSPORT + tcp::HEADER_LENGTH;
/// Where addresses and ports lie, and their bytes.
pub(crate) const ENDS: usize = NETWORK + 12;
pub(crate) const ENDS_LENGTH: usize = 12;

/// A view of all three, with one look whether they are there.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct OrdinaryHeaders {
    ethernet: EthernetHeader,
    ip: Ipv4Header,
    tcp: TcpHeader,
}

impl OrdinaryHeaders {
    /// The headers of `frame`, and the TCP options after them. `None` if they are others: not for the station `to`, not IPv4, with
    /// options of its own, a fragment, not TCP, damaged, or longer than the frame's chain of `length` bytes.
    #[inline]
    pub fn parse(frame: &[u8], length: usize, to: EthernetAddress) -> Option<(&Self, &[u8])> {
        let headers = Self::ref_from_bytes(frame.get(..END)?).ok()?;
        let ip = &headers.ip;
        let is_ordinary = headers.ethernet.destination() == to
            && headers.ethernet.ether_type() == EtherType::IPV4
            && ip.is_plain()
            && ip.protocol() == ipv4::TCP
            && NETWORK + ip.total_length() <= length
            && ipv4::HEADER_LENGTH + headers.tcp.header_length() <= ip.total_length();
        if !is_ordinary {
            return None;
        }
        let mut sum = Sum::new();
        sum.add_array::<{ ipv4::HEADER_LENGTH }>(frame.get(NETWORK..)?.first_chunk()?);
        if sum.finish() != 0 {
            return None;
        }
        Self::view(frame)
    }

    /// The headers and options of a frame that [was parsed](Self::parse), without another look at what they say.
    #[inline]
    pub fn view(frame: &[u8]) -> Option<(&Self, &[u8])> {
        let headers = Self::ref_from_bytes(frame.get(..END)?).ok()?;
        let options = frame.get(END..headers.payload_start())?;
        Some((headers, options))
    }

    /// Where a frame that has these headers comes from and goes to, in any order: where it is the same, so is the
    /// [four-tuple](Self::four_tuple).
    #[inline]
    pub fn ends_ahead(frame: &[u8]) -> Option<&[u8; ENDS_LENGTH]> {
        frame.get(ENDS..)?.first_chunk()
    }

    /// The [four-tuple](Self::four_tuple) of a frame that seems to have these headers, which nobody has looked at yet.
    #[inline]
    pub fn four_tuple_ahead(frame: &[u8]) -> Option<[u8; 12]> {
        let headers = Self::ref_from_bytes(frame.get(..END)?).ok()?;
        let is_likely = headers.ethernet.ether_type() == EtherType::IPV4
            && headers.ip.is_plain()
            && headers.ip.protocol() == ipv4::TCP;
        is_likely.then(|| headers.four_tuple())
    }

    /// Bytes of the packet, its header included.
    #[inline]
    pub(crate) fn total_length(&self) -> usize {
        self.ip.total_length()
    }

    /// The TCP header.
    #[inline]
    pub fn tcp(&self) -> &TcpHeader {
        &self.tcp
    }

    /// What the packet says of congestion.
    #[inline]
    pub fn ecn(&self) -> Ecn {
        self.ip.ecn()
    }

    /// Where the packet comes from, and where it goes.
    #[inline]
    pub fn addresses(&self) -> (Ipv4Addr, Ipv4Addr) {
        (self.ip.source(), self.ip.destination())
    }

    /// The receiver's address, the sender's, the receiver's port, the sender's.
    #[inline]
    pub fn four_tuple(&self) -> [u8; 12] {
        let mut tuple = [0; 12];
        tuple[..4].copy_from_slice(&self.ip.destination().octets());
        tuple[4..8].copy_from_slice(&self.ip.source().octets());
        tuple[8..10].copy_from_slice(&self.tcp.destination_port().to_be_bytes());
        tuple[10..].copy_from_slice(&self.tcp.source_port().to_be_bytes());
        tuple
    }

    /// Bytes of TCP header, options and data.
    #[inline]
    pub fn segment_length(&self) -> usize {
        self.ip.total_length() - ipv4::HEADER_LENGTH
    }

    /// Where in the frame the data begins.
    #[inline]
    pub fn payload_start(&self) -> usize {
        TRANSPORT + self.tcp.header_length()
    }

    /// Bytes of data.
    #[inline]
    pub fn payload_length(&self) -> usize {
        self.segment_length() - self.tcp.header_length()
    }

    /// Where in the frame the segment lies.
    #[inline]
    pub fn segment(&self) -> std::ops::Range<usize> {
        TRANSPORT..TRANSPORT + self.segment_length()
    }
}
