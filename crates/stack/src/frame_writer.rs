//! From a segment's header and payload to a frame, in one pass over the bytes.

use crate::flow_table::FlowKey;
use crate::udp::Datagram;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, TxChecksum, TxDescriptor};
use periplus_tcp::{RingFull, SegmentHeader};
use periplus_wire::Ecn;
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::ipv4::{self, Ipv4Fields};
use periplus_wire::tcp::{self, TcpFields, TcpOptions};
use periplus_wire::udp;
use std::net::{IpAddr, Ipv4Addr};

/// Where the IPv4 header begins in a frame, and where the TCP header.
const NETWORK: usize = ethernet::HEADER_LENGTH;
const TRANSPORT: usize = NETWORK + ipv4::HEADER_LENGTH;
/// Hops a packet of ours may take (RFC 1700; Linux's `ip_default_ttl`).
const DEFAULT_TTL: u8 = 64;
/// Where from the start of the TCP header its checksum is, and of the UDP header.
const TCP_CHECKSUM: usize = 16;
const UDP_CHECKSUM: usize = 6;

/// Ready Ethernet, IPv4 and TCP headers of a flow: what differs from segment to segment is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowHeader {
    bytes: [u8; TRANSPORT + tcp::HEADER_LENGTH],
    source: Ipv4Addr,
    destination: Ipv4Addr,
}

impl FlowHeader {
    /// The headers of a flow whose next hop is at `to`. `None` for IPv6, which the stack does not carry yet.
    pub(crate) fn new(key: &FlowKey, from: EthernetAddress, to: EthernetAddress) -> Option<Self> {
        let (IpAddr::V4(source), IpAddr::V4(destination)) = (key.local.ip(), key.remote.ip())
        else {
            return None;
        };
        let mut bytes = [0; TRANSPORT + tcp::HEADER_LENGTH];
        ethernet::write(&mut bytes, to, from, EtherType::IPV4);
        ip_fields(source, destination, ipv4::TCP, 0).write(&mut bytes[NETWORK..]);
        let ports = TcpFields {
            source_port: key.local.port(),
            destination_port: key.remote.port(),
            ..TcpFields::default()
        };
        ports.write(&mut bytes[TRANSPORT..], &TcpOptions::default());
        Some(Self {
            bytes,
            source,
            destination,
        })
    }

    /// Fills in the IPv4 header's length, ECN field and checksum.
    fn write_network(&self, frame: &mut [u8], payload_length: usize, ecn: Ecn) {
        frame[..TRANSPORT].copy_from_slice(&self.bytes[..TRANSPORT]);
        let total_length = (ipv4::HEADER_LENGTH + payload_length) as u16;
        frame[NETWORK + 2..NETWORK + 4].copy_from_slice(&total_length.to_be_bytes());
        ipv4::write_ecn(&mut frame[NETWORK..], ecn);
        ipv4::write_checksum(&mut frame[NETWORK..]);
    }

    /// Fills in the TCP header and returns its length; the checksum field is left zero.
    fn write_transport(&self, segment: &mut [u8], header: &SegmentHeader) -> usize {
        let port = |at: usize| {
            u16::from_be_bytes([self.bytes[TRANSPORT + at], self.bytes[TRANSPORT + at + 1]])
        };
        let fields = TcpFields {
            source_port: port(0),
            destination_port: port(2),
            sequence: header.seq,
            acknowledgment: header.ack,
            flags: header.flags,
            window: header.wnd,
        };
        fields.write(segment, &header.options)
    }
}

/// The IPv4 header of whatever we send. Don't Fragment is set and the identification zero: the packet is never cut, so
/// nothing has to tell its fragments apart (RFC 6864 4.1, atomic datagrams).
fn ip_fields(
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

/// Writes a segment, or a super-frame that the device cuts at every `segment_size` payload bytes, into the ring.
pub(crate) fn write_segment(
    device: &mut dyn Device,
    capabilities: &Capabilities,
    now: Instant,
    flow: &FlowHeader,
    header: &SegmentHeader,
    payload: &[&[u8]],
    segment_size: usize,
) -> Result<(), RingFull> {
    let payload_length: usize = payload.iter().map(|piece| piece.len()).sum();
    let header_length = tcp::HEADER_LENGTH + header.options.encoded_length();
    let length = TRANSPORT + header_length + payload_length;
    let frame = device.reserve(length).ok_or(RingFull)?;
    flow.write_network(frame, header_length + payload_length, header.ecn);
    let segment = &mut frame[TRANSPORT..length];
    flow.write_transport(segment, header);
    let (head, mut text) = segment.split_at_mut(header_length);
    let mut sum = Sum::pseudo_header(
        flow.source.into(),
        flow.destination.into(),
        ipv4::TCP,
        (header_length + payload_length) as u32,
    );
    let (checksum, field) = if capabilities.tx_checksum {
        for piece in payload {
            let (place, rest) = text.split_at_mut(piece.len());
            place.copy_from_slice(piece);
            text = rest;
        }
        (
            TxChecksum::Partial {
                start: TRANSPORT as u16,
                offset: TCP_CHECKSUM as u16,
            },
            sum.partial(),
        )
    } else {
        sum.add(head);
        for piece in payload {
            let (place, rest) = text.split_at_mut(piece.len());
            sum.copy(piece, place);
            text = rest;
        }
        (TxChecksum::Complete, sum.finish())
    };
    head[TCP_CHECKSUM..TCP_CHECKSUM + 2].copy_from_slice(&field.to_be_bytes());
    let is_cut = segment_size > 0 && payload_length > segment_size;
    let segmentation = is_cut.then_some(segment_size as u16);
    device.commit(
        now,
        TxDescriptor {
            length,
            checksum,
            segmentation,
        },
    );
    Ok(())
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

/// The largest payload of one frame in segments of `segment_size`.
pub(crate) fn largest_payload(capabilities: &Capabilities, segment_size: usize) -> usize {
    let headers = ipv4::HEADER_LENGTH + tcp::MAX_HEADER_LENGTH;
    match capabilities.segmentation {
        Some(largest) if segment_size > 0 => {
            let segments = largest.saturating_sub(headers) / segment_size;
            segments.max(1) * segment_size
        }
        _ => segment_size,
    }
}
