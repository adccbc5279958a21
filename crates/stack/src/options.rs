//! How a shard is set up.

use crate::Shard;
use crate::source_limits::SourceLimits;
use periplus_tcp::{Offer, Sysctls};
use periplus_wire::ethernet::EthernetAddress;
use std::net::{IpAddr, Ipv4Addr};

/// What the sender of a request is told when no socket has its port. The request is dropped in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedPortPolicy {
    /// The RST of RFC 9293 3.10.7.1.
    Rst,
    /// ICMP Destination Unreachable, code 3 (port).
    Icmp,
    /// Both, the RST first.
    Both,
    /// Nothing.
    Drop,
}

impl ClosedPortPolicy {
    pub(crate) fn resets(self) -> bool {
        matches!(self, Self::Rst | Self::Both)
    }

    pub(crate) fn sends_icmp(self) -> bool {
        matches!(self, Self::Icmp | Self::Both)
    }
}

/// A shard's addresses, knobs and limits.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// Our address on the link.
    pub ethernet: EthernetAddress,
    /// Our address.
    pub address: Ipv4Addr,
    /// Bits of it that are the network's.
    pub prefix: u8,
    /// Who takes packets for other networks.
    pub gateway: Option<IpAddr>,
    /// Every destination is ours and loopback sources pass: for a link inside one host (as Linux's `IP_TRANSPARENT` and
    /// `route_localnet`).
    pub any_address: bool,
    /// TCP's knobs.
    pub tcp: Sysctls,
    /// Bytes of memory that a UDP socket's receive queue may hold (Linux's `net.core.rmem_default`).
    pub rmem_default: usize,
    /// Bytes of memory that a UDP socket's datagrams may hold which wait for the ring (`net.core.wmem_default`).
    pub wmem_default: usize,
    /// What a TCP segment to a closed port is answered by.
    pub on_closed_port: ClosedPortPolicy,
    /// What a UDP datagram to a closed port is answered by; a RST it never is.
    pub on_closed_udp_port: ClosedPortPolicy,
    /// Whether journeys are recorded.
    pub recording: bool,
    /// Connections the shard keeps at most, half-open ones and TIME-WAIT apart.
    pub max_connections: usize,
    /// Connections at rest that are not parked: those that came to rest last, ready for a request that is near. A parked one takes a fifth
    /// of the memory, and the time of a few hundred instructions to wake.
    pub max_resting: usize,
    /// Half-open connections of all listeners together. Of a SYN beyond nothing is kept: it gets a cookie, or is dropped.
    pub max_half_open: usize,
    /// What one network of sources may hold.
    pub sources: SourceLimits,
    /// RSTs a second, and at once, to one network of sources for its SYNs to closed ports; beyond, a SYN is dropped. What claims
    /// a connection is always answered.
    pub resets_per_network: u32,
}

impl Default for ShardOptions {
    fn default() -> Self {
        Self {
            // A locally administered address (IEEE 802c): the second bit of the first byte.
            ethernet: EthernetAddress([0x02, 0x70, 0x65, 0x72, 0x69, 0x02]),
            address: Ipv4Addr::new(10, 77, 0, 2),
            prefix: 24,
            gateway: None,
            any_address: false,
            tcp: Sysctls::default(),
            rmem_default: 212_992,
            wmem_default: 212_992,
            on_closed_port: ClosedPortPolicy::Both,
            on_closed_udp_port: ClosedPortPolicy::Icmp,
            recording: true,
            max_connections: 1 << 18,
            // as many as the second cache of a processor has room for, beside what they work on
            max_resting: 128,
            max_half_open: 1 << 18,
            sources: SourceLimits::default(),
            // FreeBSD's net.inet.icmp.icmplim, which is for all networks together
            resets_per_network: 200,
        }
    }
}

impl Shard {
    /// Changes TCP's knobs while it runs, as `sysctl` does. What was agreed on with a peer stays as it is.
    pub fn set_sysctls(&mut self, sysctls: Sysctls) {
        self.options.tcp = sysctls;
        self.environment.sysctls = sysctls;
        self.environment.offer = Offer::new(self.environment.offer.mss, &sysctls);
    }
}
