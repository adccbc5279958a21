//! ICMP for IPv4 (RFC 792, RFC 1122 3.2.2): echo, and errors both ways.

use crate::Shard;
use crate::ipv4::Ipv4Packet;
use crate::outbox::Message;
use crate::receive::Fate;
use periplus_journey::{DropReason, Instant};
use periplus_ring::{Arrival, first_on_the_wire};
use periplus_wire::icmpv4::{self, Icmpv4Header, MessageType, unreachable};
use periplus_wire::ipv4;
use periplus_wire::{ethernet, icmpv4::unreachable_length};

impl Shard {
    pub(crate) fn icmp_arrives(
        &mut self,
        now: Instant,
        packet: Ipv4Packet,
        arrival: &Arrival,
    ) -> Fate {
        self.environment.counters.icmp_in_msgs += 1;
        let whole = arrival.to_vec();
        let message = &whole[packet.payload_start..packet.payload_start + packet.payload_length];
        if !icmpv4::verify_checksum(message) {
            self.environment.counters.icmp_in_errors += 1;
            self.environment.counters.icmp_in_csum_errors += 1;
            return Fate::Dropped(DropReason::IcmpCsum);
        }
        let Ok((header, body)) = Icmpv4Header::parse(message) else {
            self.environment.counters.icmp_in_errors += 1;
            return Fate::Dropped(DropReason::PktTooSmall);
        };
        match header.message_type() {
            MessageType::ECHO => {
                self.environment.counters.icmp_in_echos += 1;
                if message.len() + ipv4::HEADER_LENGTH > self.capabilities.mtu {
                    return Fate::Dropped(DropReason::IcmpUnhandled);
                }
                let mut reply = vec![0; message.len()];
                icmpv4::write_echo_reply(&mut reply, message);
                self.environment.counters.icmp_out_echo_reps += 1;
                let (source, destination) = (packet.destination, packet.source);
                self.outbox.push(Message::Icmp {
                    source,
                    destination,
                    message: reply,
                });
                Fate::Consumed
            }
            MessageType::DESTINATION_UNREACHABLE => {
                self.environment.counters.icmp_in_dest_unreachs += 1;
                self.icmp_error_arrives(now, header, body)
            }
            MessageType::TIME_EXCEEDED => {
                self.environment.counters.icmp_in_time_excds += 1;
                self.icmp_error_arrives(now, header, body)
            }
            MessageType::PARAMETER_PROBLEM => {
                self.environment.counters.icmp_in_parm_probs += 1;
                self.icmp_error_arrives(now, header, body)
            }
            MessageType::SOURCE_QUENCH => {
                self.environment.counters.icmp_in_src_quenchs += 1;
                Fate::Dropped(DropReason::IcmpUnhandled)
            }
            _ => Fate::Dropped(DropReason::IcmpUnhandled),
        }
    }

    /// Tells the sender of a packet that nobody listens on its port. Says whether it was told: errors are limited in
    /// number, for each destination as well, and never larger than what they answer, so that nobody can use us to
    /// multiply traffic. Only the sender of a short datagram is told by up to 28 bytes more: there is no shorter error, and
    /// no RST in its place.
    pub(crate) fn send_port_unreachable(
        &mut self,
        now: Instant,
        packet: Ipv4Packet,
        arrival: &Arrival,
    ) -> bool {
        let header_length = packet.payload_start - ethernet::HEADER_LENGTH;
        let length = header_length + packet.payload_length;
        let shortest = ipv4::HEADER_LENGTH + icmpv4::HEADER_LENGTH + header_length + 8;
        if shortest > length && packet.protocol != ipv4::UDP {
            return false;
        }
        if !self.icmp_limiter.allow(now, packet.source.into()) {
            return false;
        }
        let frame = first_on_the_wire(arrival);
        let original = &frame[ethernet::HEADER_LENGTH..];
        let total_length = usize::from(u16::from_be_bytes([original[2], original[3]]));
        let quote = quoted(&original[..total_length], header_length);
        let mut message = vec![0; unreachable_length(quote)];
        icmpv4::write_unreachable(&mut message, unreachable::PORT, quote);
        self.environment.counters.icmp_out_dest_unreachs += 1;
        self.outbox.push(Message::Icmp {
            source: packet.destination,
            destination: packet.source,
            message,
        });
        true
    }
}

/// What an error quotes: the header and the first 64 bits of the payload (RFC 792), which hold the ports, and more of it
/// (RFC 1812 4.3.2.3) as long as the error is not larger than the packet.
fn quoted(original: &[u8], header_length: usize) -> &[u8] {
    let room = original
        .len()
        .saturating_sub(ipv4::HEADER_LENGTH + icmpv4::HEADER_LENGTH);
    &original[..room.max(header_length + 8).min(original.len())]
}
