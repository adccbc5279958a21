//! From a segment's header and payload to a frame, in one pass over the bytes.

use crate::flow_header::FlowHeader;
use crate::udp::Datagram;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, TxChecksum, TxDescriptor};
use periplus_tcp::{RingFull, SegmentHeader};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::ipv4::{self, Ipv4Fields};
use periplus_wire::{tcp, udp};
use std::net::Ipv4Addr;

/// Where the IPv4 header begins in a frame, and where the TCP header.
pub(crate) const NETWORK: usize = ethernet::HEADER_LENGTH;
pub(crate) const TRANSPORT: usize = NETWORK + ipv4::HEADER_LENGTH;
/// Hops a packet of ours may take (RFC 1700; Linux's `ip_default_ttl`).
const DEFAULT_TTL: u8 = 64;
/// Where from the start of the TCP header its checksum is, and of the UDP header.
const TCP_CHECKSUM: usize = 16;
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

/// Writes a segment, or a super-frame that the device cuts at every `segment_size` payload bytes, into the ring.
#[inline]
pub(crate) fn write_segment(
    device: &mut dyn Device,
    capabilities: &Capabilities,
    now: Instant,
    flow: &FlowHeader,
    header: &SegmentHeader,
    payload: &[&[u8]],
    segment_size: usize,
) -> Result<(), RingFull> {
    let payload_length = match payload {
        [] => 0,
        [piece] => piece.len(),
        pieces => length_of(pieces),
    };
    let options_length = header.options.encoded_length();
    let header_length = tcp::HEADER_LENGTH + options_length;
    let length = TRANSPORT + header_length + payload_length;
    let frame = device.reserve(length).ok_or(RingFull)?;
    let (head, rest) = frame
        .split_first_chunk_mut()
        .expect("a reserved frame has room for its headers");
    let (options, text) = rest.split_at_mut(options_length);
    let mut sum = flow.write(head, header, header_length, payload_length);
    header.options.write_and_sum(options, &mut sum);
    let (checksum, field) = if capabilities.tx_checksum {
        copy(payload, text);
        let checksum = TxChecksum::Partial {
            start: TRANSPORT as u16,
            offset: TCP_CHECKSUM as u16,
        };
        (checksum, flow.pseudo_header(header_length + payload_length))
    } else {
        match payload {
            [] => {}
            [piece] => sum.copy(piece, &mut text[..payload_length]),
            pieces => sum.add_u16(copy_and_sum(pieces, text)),
        }
        (TxChecksum::Complete, sum.finish())
    };
    head[TRANSPORT + TCP_CHECKSUM..][..2].copy_from_slice(&field.to_be_bytes());
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

/// Bytes of a payload of several pieces.
#[inline(never)]
fn length_of(pieces: &[&[u8]]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

/// Copies a payload to its place; the device sums it.
#[inline(never)]
fn copy(payload: &[&[u8]], mut text: &mut [u8]) {
    for piece in payload {
        let (place, rest) = text.split_at_mut(piece.len());
        place.copy_from_slice(piece);
        text = rest;
    }
}

/// Copies a payload of several pieces to its place, and returns its folded sum.
#[inline(never)]
fn copy_and_sum(pieces: &[&[u8]], mut text: &mut [u8]) -> u16 {
    let mut sum = Sum::new();
    for piece in pieces {
        let (place, rest) = text.split_at_mut(piece.len());
        sum.copy(piece, place);
        text = rest;
    }
    sum.partial()
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
