//! A router on the way that carries shorter packets than the link does.

use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use periplus_wire::icmpv4;
use periplus_wire::icmpv4::unreachable;
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use std::net::Ipv4Addr;

/// The router's address: a stranger's, as routers' are.
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);

/// What packets the way from a host carries, and whether their senders learn of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathMtu {
    /// The longest packet. `None`: whatever the link carries.
    pub longest: Option<usize>,
    /// A packet that is too long vanishes, instead of being answered by ICMP (RFC 2923 2.1).
    pub is_black_hole: bool,
    /// Packets that were too long.
    pub refused: u64,
}

impl PathMtu {
    /// Whether the packet in `frame` passes.
    pub fn carries(&self, frame: &[u8]) -> bool {
        self.longest
            .is_none_or(|longest| frame.len() <= longest + ethernet::HEADER_LENGTH)
    }

    /// The packet in `frame` does not pass: the frame with the ICMP error for its sender (RFC 1191 4), if it is told.
    pub fn refuse(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        self.refused += 1;
        let longest = self.longest.filter(|_| !self.is_black_hole)?;
        router_error(frame, unreachable::FRAGMENTATION_NEEDED, longest as u16)
    }
}

/// The frame with a router's ICMP error (Destination Unreachable) for the sender of `frame`, which quotes what has to be quoted of it.
/// `mtu` means something in a [`FRAGMENTATION_NEEDED`](unreachable::FRAGMENTATION_NEEDED) (RFC 1191 4).
pub fn router_error(frame: &[u8], code: u8, mtu: u16) -> Option<Vec<u8>> {
    let (link, packet) = EthernetHeader::parse(frame).ok()?;
    let (ip, _) = Ipv4Header::parse(packet).ok()?;
    let quote = &packet[..packet.len().min(ip.header_length() + 8)];
    let length = icmpv4::unreachable_length(quote);
    let start = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;
    let mut error = vec![0; start + length];
    ethernet::write(
        &mut error,
        link.source(),
        link.destination(),
        EtherType::IPV4,
    );
    let fields = Ipv4Fields {
        source: ROUTER,
        destination: ip.source(),
        protocol: ipv4::ICMP,
        ttl: 64,
        identification: 0,
        dont_fragment: false,
        ecn_dscp: 0,
        payload_length: length as u16,
    };
    fields.write(&mut error[ethernet::HEADER_LENGTH..]);
    let message = &mut error[start..];
    icmpv4::write_unreachable(message, code, quote);
    // the next hop's MTU is in the second half of what is unused in other errors
    message[6..8].copy_from_slice(&mtu.to_be_bytes());
    message[2..4].fill(0);
    let mut sum = Sum::new();
    sum.add(message);
    let checksum = sum.finish();
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    Some(error)
}
