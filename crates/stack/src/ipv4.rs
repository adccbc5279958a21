//! IPv4 (RFC 791, RFC 1122 3.2): checks, and on to the transport.

use crate::Shard;
use crate::receive::Fate;
use periplus_journey::{Counters, DropReason, Instant};
use periplus_ring::Arrival;
use periplus_wire::Ecn;
use periplus_wire::ethernet;
use periplus_wire::ipv4::{self, Ipv4Header};
use std::net::Ipv4Addr;

/// An IPv4 packet that passed the checks. Its headers lie in the arrival's first frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ipv4Packet {
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) protocol: u8,
    pub(crate) ecn: Ecn,
    /// Where in the frame the payload begins.
    pub(crate) payload_start: usize,
    /// Bytes of payload, the whole chain's.
    pub(crate) payload_length: usize,
}

impl Shard {
    /// `to_all`: the frame went to every station on the link.
    pub(crate) fn ipv4_arrives(&mut self, now: Instant, arrival: Arrival, to_all: bool) -> Fate {
        self.environment.counters.ip_in_receives += 1;
        let packet = &arrival.frame[ethernet::HEADER_LENGTH..];
        // The headers are in the first frame, the payload may go on in others.
        let Ok((header, _)) = Ipv4Header::parse_quoted(packet) else {
            return Fate::Dropped(DropReason::IpInHdr);
        };
        if header.total_length() > arrival.length() - ethernet::HEADER_LENGTH {
            return Fate::Dropped(DropReason::PktTooSmall);
        }
        if !ipv4::verify_checksum(packet) {
            return Fate::Dropped(DropReason::IpCsum);
        }
        if self.routes.is_martian_source(header.source().into()) {
            return Fate::Dropped(DropReason::IpInvalidSource);
        }
        if !self.routes.is_ours(header.destination().into()) {
            return Fate::Dropped(DropReason::IpInAddrErrors);
        }
        // Answering would have every station on the link answer one packet (RFC 1122 3.3.6, 3.2.2).
        if to_all {
            return Fate::Dropped(DropReason::UnicastInL2Multicast);
        }
        if header.is_fragment() {
            return Fate::Dropped(DropReason::IpFragment);
        }
        count_ecn(&mut self.environment.counters, header.ecn(), 1);
        let packet = Ipv4Packet {
            source: header.source(),
            destination: header.destination(),
            protocol: header.protocol(),
            ecn: header.ecn(),
            payload_start: ethernet::HEADER_LENGTH + header.header_length(),
            payload_length: header.total_length() - header.header_length(),
        };
        match packet.protocol {
            ipv4::TCP => self.tcp_arrives(now, packet, arrival),
            ipv4::ICMP => self.icmp_arrives(now, packet, &arrival),
            ipv4::UDP => self.udp_arrives(now, packet, &arrival),
            _ => Fate::Dropped(DropReason::UnhandledProto),
        }
    }
}

/// So many packets came in with this ECN field.
#[inline]
pub(crate) fn count_ecn(counters: &mut Counters, ecn: Ecn, packets: u64) {
    let counter = match ecn {
        Ecn::NotEct => &mut counters.ip_in_no_ect_pkts,
        Ecn::Ect1 => &mut counters.ip_in_ect1_pkts,
        Ecn::Ect0 => &mut counters.ip_in_ect0_pkts,
        Ecn::Ce => &mut counters.ip_in_ce_pkts,
    };
    *counter += packets;
}
