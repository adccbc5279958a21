//! From a datagram, or a packet that is ready, to a frame.

use crate::udp::Datagram;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, TxChecksum, TxDescriptor};
use periplus_tcp::RingFull;
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::ipv4::{self, Ipv4Fields};
use periplus_wire::udp;
use std::net::Ipv4Addr;

/// Where the IPv4 header begins in a frame, and where the TCP header.
pub(crate) const NETWORK: usize = ethernet::HEADER_LENGTH;
pub(crate) const TRANSPORT: usize = NETWORK + ipv4::HEADER_LENGTH;
/// Hops a packet of ours may take (RFC 1700; Linux's `ip_default_ttl`).
pub(crate) const DEFAULT_TTL: u8 = 64;
/// Where from the start of the UDP header its checksum is.
const UDP_CHECKSUM: usize = 6;

/// The IPv4 header of whatever we send. Don't Fragment is set and the identification zero: the packet is never cut, so
/// nothing has to tell its fragments apart (RFC 6864 4.1, atomic datagrams).
pub(crate) fn ip_fields(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    payload_length: u16,
) -> Ipv4Fields {
    Ipv4Fields {
        source,
        destination,
        protocol,
        ttl: DEFAULT_TTL,
        identification: 0,
        dont_fragment: true,
        ecn_dscp: 0,
        payload_length,
    }
}

/// Writes a datagram into the ring. Its checksum is always made (RFC 1122 4.1.3.4), by the device where it can.
pub(crate) fn write_datagram(
    device: &mut dyn Device,
    capabilities: &Capabilities,
    now: Instant,
    link: (EthernetAddress, EthernetAddress),
    datagram: &Datagram,
) -> Result<(), RingFull> {
    let Datagram {
        source,
        destination,
        data,
    } = datagram;
    let udp_length = (udp::HEADER_LENGTH + data.len()) as u16;
    let length = TRANSPORT + usize::from(udp_length);
    let frame = device.reserve(length).ok_or(RingFull)?;
    ethernet::write(frame, link.1, link.0, EtherType::IPV4);
    ip_fields(*source.ip(), *destination.ip(), ipv4::UDP, udp_length).write(&mut frame[NETWORK..]);
    let (head, text) = frame[TRANSPORT..length].split_at_mut(udp::HEADER_LENGTH);
    let mut sum = Sum::pseudo_header(
        (*source.ip()).into(),
        (*destination.ip()).into(),
        ipv4::UDP,
        u32::from(udp_length),
    );
    let mut write_header = |checksum| {
        udp::write_header(
            head,
            source.port(),
            destination.port(),
            udp_length,
            checksum,
        )
    };
    let checksum = if capabilities.tx_checksum {
        write_header(sum.partial());
        text.copy_from_slice(data);
        TxChecksum::Partial {
            start: TRANSPORT as u16,
            offset: UDP_CHECKSUM as u16,
        }
    } else {
        write_header(0);
        sum.add(head);
        sum.copy(data, text);
        udp::write_header(
            head,
            source.port(),
            destination.port(),
            udp_length,
            udp::field(sum),
        );
        TxChecksum::Complete
    };
    device.commit(
        now,
        TxDescriptor {
            length,
            checksum,
            segmentation: None,
        },
    );
    Ok(())
}

/// Writes an IPv4 packet with a ready payload into the ring.
pub(crate) fn write_packet(
    device: &mut dyn Device,
    now: Instant,
    link: (EthernetAddress, EthernetAddress),
    addresses: (Ipv4Addr, Ipv4Addr),
    protocol: u8,
    payload: &[u8],
) -> Result<(), RingFull> {
    let length = TRANSPORT + payload.len();
    let frame = device.reserve(length).ok_or(RingFull)?;
    ethernet::write(frame, link.1, link.0, EtherType::IPV4);
    ip_fields(addresses.0, addresses.1, protocol, payload.len() as u16)
        .write(&mut frame[NETWORK..]);
    frame[TRANSPORT..length].copy_from_slice(payload);
    device.commit(now, TxDescriptor::complete(length));
    Ok(())
}
