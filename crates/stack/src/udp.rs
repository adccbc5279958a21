//! UDP (RFC 768). No sockets yet: every port is closed, and its sender is told.

use crate::Shard;
use crate::ipv4::Ipv4Packet;
use crate::receive::Fate;
use periplus_journey::{DropReason, Instant};
use periplus_ring::{Arrival, RxChecksum};
use periplus_wire::udp;

impl Shard {
    pub(crate) fn udp_arrives(
        &mut self,
        now: Instant,
        packet: Ipv4Packet,
        arrival: &Arrival,
    ) -> Fate {
        let whole = arrival.to_vec();
        let datagram = &whole[packet.payload_start..packet.payload_start + packet.payload_length];
        if udp::UdpHeader::parse(datagram).is_err() {
            return Fate::Dropped(DropReason::PktTooSmall);
        }
        let unverified = arrival.checksum == RxChecksum::Unverified;
        if unverified
            && !udp::verify_checksum(packet.source.into(), packet.destination.into(), datagram)
        {
            return Fate::Dropped(DropReason::UdpCsum);
        }
        self.environment.counters.udp_no_ports += 1;
        let told = self.options.on_closed_udp_port.sends_icmp()
            && self.send_port_unreachable(now, packet, arrival);
        if told {
            Fate::Refused
        } else {
            Fate::Dropped(DropReason::NoSocket)
        }
    }
}
