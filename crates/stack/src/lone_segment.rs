//! A segment that no connection sends, from its header into a frame: a SYN/ACK, a RST. It has no text, and of its headers nothing is
//! kept for the next one.

use crate::flow_header::{HEADERS, write_front};
use crate::frame_writer::TRANSPORT;
use crate::segment_writer::CHECKSUM;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, TxChecksum, TxDescriptor};
use periplus_tcp::{Ends, RingFull, SegmentHeader};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::EthernetAddress;
use periplus_wire::{ipv4, tcp};

/// Writes it into the ring, from the first station of the `link` to the second. Returns whether it could: IPv6 is not carried yet.
pub(crate) fn write_lone_segment(
    device: &mut dyn Device,
    capabilities: &Capabilities,
    now: Instant,
    link: (EthernetAddress, EthernetAddress),
    ends: &Ends,
    header: &SegmentHeader,
) -> Result<bool, RingFull> {
    let (Ends::V4(bytes), Some((local, remote))) = (ends, ends.ipv4()) else {
        return Ok(false);
    };
    let options_length = header.options.encoded_length();
    let header_length = tcp::HEADER_LENGTH + options_length;
    let length = HEADERS + options_length;
    let frame = device.reserve(length).ok_or(RingFull)?;
    let (head, rest) = frame
        .split_first_chunk_mut::<HEADERS>()
        .expect("a reserved frame has room for its headers");
    let (front, _) = head
        .split_first_chunk_mut()
        .expect("headers begin with their front");
    let sums = write_front(front, bytes, link.0, link.1);
    let mut sum = sums.write(head, header, header_length, 0);
    header
        .options
        .write_and_sum(&mut rest[..options_length], &mut sum);
    let (checksum, field) = if capabilities.tx_checksum {
        let (source, destination) = (local.0.into(), remote.0.into());
        let length = header_length as u32;
        let checksum = TxChecksum::Partial {
            start: TRANSPORT as u16,
            offset: CHECKSUM as u16,
        };
        let sum = Sum::pseudo_header(source, destination, ipv4::TCP, length);
        (checksum, sum.partial())
    } else {
        (TxChecksum::Complete, sum.finish())
    };
    head[TRANSPORT + CHECKSUM..][..2].copy_from_slice(&field.to_be_bytes());
    let descriptor = TxDescriptor {
        length,
        checksum,
        segmentation: None,
    };
    device.commit(now, descriptor);
    Ok(true)
}
