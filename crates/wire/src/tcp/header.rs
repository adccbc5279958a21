//! The header without its options: view, writer, checksum.

use super::{MAX_OPTIONS_LENGTH, TcpFlags, TcpOptions};
use crate::checksum::Sum;
use crate::{Malformed, SeqNum, ipv4};
use std::net::IpAddr;
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

#[cfg(test)]
mod tests;

/// Bytes of a header without options.
pub const HEADER_LENGTH: usize = 20;
/// Bytes of the longest header.
pub const MAX_HEADER_LENGTH: usize = HEADER_LENGTH + MAX_OPTIONS_LENGTH;

/// A view of the fixed part of a TCP header (RFC 9293 3.1).
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TcpHeader {
    source_port: U16,
    destination_port: U16,
    sequence: U32,
    acknowledgment: U32,
    data_offset: u8,
    flags: u8,
    window: U16,
    checksum: U16,
    urgent_pointer: U16,
}

impl TcpHeader {
    /// The header of `segment`, its options (for [`TcpOptions::parse`]) and its data. The checksum is not
    /// looked at: see [`verify_checksum`].
    #[inline]
    pub fn parse(segment: &[u8]) -> Result<(&Self, &[u8], &[u8]), Malformed> {
        let (header, rest) = Self::ref_from_prefix(segment).map_err(|_| Malformed::TooShort)?;
        let (options, data) = header
            .header_length()
            .checked_sub(HEADER_LENGTH)
            .and_then(|length| rest.split_at_checked(length))
            .ok_or(Malformed::BadLength)?;
        Ok((header, options, data))
    }

    /// The port it comes from.
    #[inline]
    pub fn source_port(&self) -> u16 {
        self.source_port.get()
    }

    /// The port it goes to.
    #[inline]
    pub fn destination_port(&self) -> u16 {
        self.destination_port.get()
    }

    /// SEG.SEQ: of the first byte of data, or of the SYN.
    #[inline]
    pub fn sequence(&self) -> SeqNum {
        SeqNum(self.sequence.get())
    }

    /// SEG.ACK: the next number the sender expects, if the ACK bit is set.
    #[inline]
    pub fn acknowledgment(&self) -> SeqNum {
        SeqNum(self.acknowledgment.get())
    }

    /// The control bits.
    #[inline]
    pub fn flags(&self) -> TcpFlags {
        TcpFlags(self.flags)
    }

    /// The window field, not yet scaled.
    #[inline]
    pub fn window(&self) -> u16 {
        self.window.get()
    }

    /// Where urgent data ends, if the URG bit is set.
    #[inline]
    pub fn urgent_pointer(&self) -> u16 {
        self.urgent_pointer.get()
    }

    /// The checksum field.
    #[inline]
    pub fn checksum(&self) -> u16 {
        self.checksum.get()
    }

    /// Bytes of the header, options included.
    #[inline]
    pub fn header_length(&self) -> usize {
        usize::from(self.data_offset >> 4) * 4
    }
}

/// The front of a segment as an ICMP error quotes it: 64 bits are all that RFC 792 promises, and enough to
/// tell the connection and whether the segment was really sent (RFC 5927 4).
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QuotedSegment {
    source_port: U16,
    destination_port: U16,
    sequence: U32,
}

impl QuotedSegment {
    /// The front of `segment`.
    #[inline]
    pub fn parse(segment: &[u8]) -> Result<&Self, Malformed> {
        let (quoted, _) = Self::ref_from_prefix(segment).map_err(|_| Malformed::TooShort)?;
        Ok(quoted)
    }

    /// The port it came from.
    #[inline]
    pub fn source_port(&self) -> u16 {
        self.source_port.get()
    }

    /// The port it went to.
    #[inline]
    pub fn destination_port(&self) -> u16 {
        self.destination_port.get()
    }

    /// Its sequence number.
    #[inline]
    pub fn sequence(&self) -> SeqNum {
        SeqNum(self.sequence.get())
    }
}

/// What goes into a header beside its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TcpFields {
    /// The port it comes from.
    pub source_port: u16,
    /// The port it goes to.
    pub destination_port: u16,
    /// SEG.SEQ.
    pub sequence: SeqNum,
    /// SEG.ACK.
    pub acknowledgment: SeqNum,
    /// The control bits.
    pub flags: TcpFlags,
    /// The window field, already scaled.
    pub window: u16,
}

impl TcpFields {
    /// Writes the header with `options` to the front of `out` and returns its length. The checksum field is
    /// left 0 for [`write_checksum`], for a sum made while the data is copied, or for a device to complete.
    ///
    /// # Panics
    /// If `out` is shorter than the header.
    pub fn write(&self, out: &mut [u8], options: &TcpOptions) -> usize {
        let length = HEADER_LENGTH + options.encoded_length();
        let header = TcpHeader {
            source_port: self.source_port.into(),
            destination_port: self.destination_port.into(),
            sequence: self.sequence.0.into(),
            acknowledgment: self.acknowledgment.0.into(),
            data_offset: ((length / 4) << 4) as u8,
            flags: self.flags.0,
            window: self.window.into(),
            checksum: 0.into(),
            urgent_pointer: 0.into(),
        };
        out[..HEADER_LENGTH].copy_from_slice(header.as_bytes());
        options.write(&mut out[HEADER_LENGTH..]);
        length
    }
}

/// Where in a segment its checksum stands.
const CHECKSUM_OFFSET: usize = 16;

/// Whether `segment`, header and data, holds its correct checksum.
#[inline]
pub fn verify_checksum(source: IpAddr, destination: IpAddr, segment: &[u8]) -> bool {
    segment.len() >= HEADER_LENGTH && sum(source, destination, segment).finish() == 0
}

/// Writes the checksum of `segment`, header and data, into it.
///
/// # Panics
/// If `segment` is shorter than a header.
#[inline]
pub fn write_checksum(source: IpAddr, destination: IpAddr, segment: &mut [u8]) {
    segment[CHECKSUM_OFFSET..][..2].fill(0);
    let checksum = sum(source, destination, segment).finish();
    segment[CHECKSUM_OFFSET..][..2].copy_from_slice(&checksum.to_be_bytes());
}

#[inline]
fn sum(source: IpAddr, destination: IpAddr, segment: &[u8]) -> Sum {
    let mut sum = Sum::pseudo_header(source, destination, ipv4::TCP, segment.len() as u32);
    sum.add(segment);
    sum
}
