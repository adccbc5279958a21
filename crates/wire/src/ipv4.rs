//! The IPv4 header (RFC 791 3.1).

use crate::checksum::Sum;
use crate::{Ecn, Malformed};
use std::net::Ipv4Addr;
use std::ops::Range;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

#[cfg(test)]
mod tests;

/// Bytes of a header without options.
pub const HEADER_LENGTH: usize = 20;
/// Bytes of the longest header.
pub const MAX_HEADER_LENGTH: usize = 60;
/// Protocol number of ICMP (RFC 792).
pub const ICMP: u8 = 1;
/// Protocol number of TCP (RFC 9293).
pub const TCP: u8 = 6;
/// Protocol number of UDP (RFC 768).
pub const UDP: u8 = 17;

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET_MASK: u16 = 0x1fff;

/// The first byte of a header without options: version 4, five words.
const WITHOUT_OPTIONS: u8 = 0x45;

/// Where in a header the DS field stands, whose lower two bits are the ECN field.
const DS_FIELD: usize = 1;
/// Where in a header its checksum stands.
const CHECKSUM: Range<usize> = 10..12;

/// A view of the fixed part of an IPv4 header.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Ipv4Header {
    version_ihl: u8,
    ds_field: u8,
    total_length: U16,
    identification: U16,
    flags_fragment_offset: U16,
    ttl: u8,
    protocol: u8,
    header_checksum: U16,
    source: [u8; 4],
    destination: [u8; 4],
}

impl Ipv4Header {
    /// The header of `packet`, and its payload: options are skipped, and what follows the packet's total
    /// length (Ethernet's padding) is cut off. The checksum is not looked at: see [`verify_checksum`].
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<(&Self, &[u8]), Malformed> {
        let (header, _) = Self::parse_quoted(packet)?;
        let payload = packet
            .get(header.header_length()..header.total_length())
            .ok_or(Malformed::BadLength)?;
        Ok((header, payload))
    }

    /// As [`parse`](Self::parse), for the front of a packet that an ICMP error quotes: the payload may be
    /// shorter than the total length says (RFC 792 promises its first 64 bits only).
    #[inline]
    pub fn parse_quoted(packet: &[u8]) -> Result<(&Self, &[u8]), Malformed> {
        let (header, _) = Self::ref_from_prefix(packet).map_err(|_| Malformed::TooShort)?;
        if header.version_ihl >> 4 != 4 {
            return Err(Malformed::BadVersion);
        }
        let start = header.header_length();
        if start < HEADER_LENGTH || start > header.total_length() {
            return Err(Malformed::BadLength);
        }
        let end = header.total_length().min(packet.len());
        let payload = packet.get(start..end).ok_or(Malformed::BadLength)?;
        Ok((header, payload))
    }

    /// Where the packet comes from.
    #[inline]
    pub fn source(&self) -> Ipv4Addr {
        self.source.into()
    }

    /// Where it goes.
    #[inline]
    pub fn destination(&self) -> Ipv4Addr {
        self.destination.into()
    }

    /// Whose payload it carries: [`ICMP`], [`TCP`], [`UDP`] or another.
    #[inline]
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// Hops the packet may still take.
    #[inline]
    pub fn ttl(&self) -> u8 {
        self.ttl
    }

    /// What the fragments of one packet have in common (RFC 6864: of no meaning in a whole packet).
    #[inline]
    pub fn identification(&self) -> u16 {
        self.identification.get()
    }

    /// Whether routers may not cut the packet.
    #[inline]
    pub fn dont_fragment(&self) -> bool {
        self.flags_fragment_offset.get() & DONT_FRAGMENT != 0
    }

    /// Whether this is a fragment and not the last.
    #[inline]
    pub fn more_fragments(&self) -> bool {
        self.flags_fragment_offset.get() & MORE_FRAGMENTS != 0
    }

    /// Where in the packet this fragment's payload belongs, in bytes.
    #[inline]
    pub fn fragment_offset(&self) -> usize {
        usize::from(self.flags_fragment_offset.get() & OFFSET_MASK) * 8
    }

    /// Whether this is a piece of a packet, not a whole one.
    #[inline]
    pub fn is_fragment(&self) -> bool {
        self.flags_fragment_offset.get() & (MORE_FRAGMENTS | OFFSET_MASK) != 0
    }

    /// Whether this is version 4 without options, and a whole packet.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.version_ihl == 0x45 && !self.is_fragment()
    }

    /// Bytes of the header, options included.
    #[inline]
    pub fn header_length(&self) -> usize {
        usize::from(self.version_ihl & 0x0f) * 4
    }

    /// Bytes of header and payload.
    #[inline]
    pub fn total_length(&self) -> usize {
        self.total_length.get().into()
    }

    /// The Differentiated Services code point (RFC 2474 3).
    #[inline]
    pub fn dscp(&self) -> u8 {
        self.ds_field >> 2
    }

    /// The Explicit Congestion Notification code point (RFC 3168 5).
    #[inline]
    pub fn ecn(&self) -> Ecn {
        Ecn::of(self.ds_field)
    }
}

/// Whether the header at the front of `packet`, options included, holds its correct checksum.
#[inline]
pub fn verify_checksum(packet: &[u8]) -> bool {
    match packet.first_chunk::<HEADER_LENGTH>() {
        Some(header) if header[0] == WITHOUT_OPTIONS => {
            let mut sum = Sum::new();
            sum.add_array(header);
            sum.finish() == 0
        }
        _ => verify_with_options(packet),
    }
}

#[cold]
fn verify_with_options(packet: &[u8]) -> bool {
    let Ok((header, _)) = Ipv4Header::parse_quoted(packet) else {
        return false;
    };
    let mut sum = Sum::new();
    sum.add(&packet[..header.header_length()]);
    sum.finish() == 0
}

/// Writes the ECN field of the header at the front of `packet`; its checksum is not looked at.
///
/// # Panics
/// If `packet` is shorter than the field's place.
#[inline]
pub fn write_ecn(packet: &mut [u8], ecn: Ecn) {
    packet[DS_FIELD] = packet[DS_FIELD] & !0b11 | ecn as u8;
}

/// Writes the checksum of the header at the front of `packet`, options included, into it: a header that was
/// changed where it lies needs it anew.
///
/// # Panics
/// If `packet` does not begin with a well-formed header.
#[inline]
pub fn write_checksum(packet: &mut [u8]) {
    let header_length = match Ipv4Header::parse_quoted(packet) {
        Ok((header, _)) => header.header_length(),
        Err(malformed) => panic!("no IPv4 header to sum: {malformed}"),
    };
    packet[CHECKSUM].fill(0);
    let mut sum = Sum::new();
    sum.add(&packet[..header_length]);
    packet[CHECKSUM].copy_from_slice(&sum.finish().to_be_bytes());
}

/// What goes into a header without options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Fields {
    /// Where the packet comes from.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub destination: Ipv4Addr,
    /// Whose payload it carries.
    pub protocol: u8,
    /// Hops it may take.
    pub ttl: u8,
    /// What its fragments would have in common.
    pub identification: u16,
    /// Whether routers may not cut it.
    pub dont_fragment: bool,
    /// The DS field: DSCP in the upper six bits, ECN in the lower two (RFC 2474 3, RFC 3168 5).
    pub ecn_dscp: u8,
    /// Bytes that follow the header, at most 65,515.
    pub payload_length: u16,
}

impl Ipv4Fields {
    /// Writes the header, with its checksum, to the first [`HEADER_LENGTH`] bytes of `out`.
    ///
    /// # Panics
    /// If `out` is shorter, or the payload too long for a packet.
    pub fn write(&self, out: &mut [u8]) {
        let total_length = self
            .payload_length
            .checked_add(HEADER_LENGTH as u16)
            .expect("an IPv4 packet has at most 65,535 bytes");
        let flags = if self.dont_fragment { DONT_FRAGMENT } else { 0 };
        let mut header = Ipv4Header {
            version_ihl: WITHOUT_OPTIONS,
            ds_field: self.ecn_dscp,
            total_length: total_length.into(),
            identification: self.identification.into(),
            flags_fragment_offset: flags.into(),
            ttl: self.ttl,
            protocol: self.protocol,
            header_checksum: 0.into(),
            source: self.source.octets(),
            destination: self.destination.octets(),
        };
        let mut sum = Sum::new();
        sum.add_array::<HEADER_LENGTH>(header.as_bytes().first_chunk().expect("its length"));
        header.header_checksum = sum.finish().into();
        out[..HEADER_LENGTH].copy_from_slice(header.as_bytes());
    }
}
