//! The UDP header (RFC 768).

use crate::Malformed;
use crate::checksum::Sum;
use crate::ipv4::UDP;
use std::net::{IpAddr, SocketAddr};
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a UDP header.
pub const HEADER_LENGTH: usize = 8;

/// A view of a UDP header.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct UdpHeader {
    source_port: U16,
    destination_port: U16,
    length: U16,
    checksum: U16,
}

impl UdpHeader {
    /// The header of `datagram`, and its data: what follows the datagram's own length is cut off.
    #[inline]
    pub fn parse(datagram: &[u8]) -> Result<(&Self, &[u8]), Malformed> {
        let header = Self::parse_quoted(datagram)?;
        let data = datagram
            .get(HEADER_LENGTH..header.length.get().into())
            .ok_or(Malformed::BadLength)?;
        Ok((header, data))
    }

    /// As [`parse`](Self::parse), for the front of a datagram whose data may go on elsewhere, or is cut off.
    #[inline]
    pub fn parse_quoted(datagram: &[u8]) -> Result<&Self, Malformed> {
        let (header, _) = Self::ref_from_prefix(datagram).map_err(|_| Malformed::TooShort)?;
        if header.length() < HEADER_LENGTH {
            return Err(Malformed::BadLength);
        }
        Ok(header)
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

    /// Bytes of header and data.
    #[inline]
    pub fn length(&self) -> usize {
        self.length.get().into()
    }

    /// The checksum field; 0 when the sender made none.
    #[inline]
    pub fn checksum(&self) -> u16 {
        self.checksum.get()
    }
}

/// Whether `datagram` holds its correct checksum, or over IPv4 none at all (a field of 0). Over IPv6 there
/// has to be one (RFC 8200 8.1).
#[inline]
pub fn verify_checksum(source: IpAddr, destination: IpAddr, datagram: &[u8]) -> bool {
    let Ok((header, _)) = UdpHeader::parse(datagram) else {
        return false;
    };
    if header.checksum() == 0 {
        return source.is_ipv4();
    }
    let length = header.length();
    let mut sum = Sum::pseudo_header(source, destination, UDP, length as u32);
    sum.add(&datagram[..length]);
    sum.finish() == 0
}

/// Writes a header without data behind it. `checksum` is the field's: [`field`] of the whole datagram's sum, or for a
/// device that adds the rest the folded sum of the pseudo-header.
///
/// # Panics
/// If `out` has no room for a header.
pub fn write_header(
    out: &mut [u8],
    source_port: u16,
    destination_port: u16,
    length: u16,
    checksum: u16,
) {
    let header = UdpHeader {
        source_port: source_port.into(),
        destination_port: destination_port.into(),
        length: length.into(),
        checksum: checksum.into(),
    };
    out[..HEADER_LENGTH].copy_from_slice(header.as_bytes());
}

/// The checksum field for a sum: 0 would say that there is none, and its other spelling is sent instead (RFC 768).
#[inline]
pub fn field(sum: Sum) -> u16 {
    match sum.finish() {
        0 => 0xffff,
        checksum => checksum,
    }
}

/// Writes the header, with its checksum, to the first [`HEADER_LENGTH`] bytes of `datagram`, whose data is
/// in place.
///
/// # Panics
/// If `datagram` has no room for a header or is longer than 65,535 bytes.
#[inline]
pub fn write(datagram: &mut [u8], source: SocketAddr, destination: SocketAddr) {
    let length = u16::try_from(datagram.len()).expect("a UDP datagram has at most 65,535 bytes");
    write_header(datagram, source.port(), destination.port(), length, 0);
    let mut sum = Sum::pseudo_header(source.ip(), destination.ip(), UDP, length.into());
    sum.add(datagram);
    write_header(
        datagram,
        source.port(),
        destination.port(),
        length,
        field(sum),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn addresses() -> (SocketAddr, SocketAddr) {
        (
            "10.0.0.1:5353".parse().unwrap(),
            "10.0.0.2:53".parse().unwrap(),
        )
    }

    #[test]
    fn a_datagram_reads_as_it_was_written() {
        let (source, destination) = addresses();
        let mut datagram = *b"........query";
        write(&mut datagram, source, destination);
        let (header, data) = UdpHeader::parse(&datagram).unwrap();
        assert_eq!(
            (header.source_port(), header.destination_port()),
            (5353, 53)
        );
        assert_eq!((header.length(), data), (13, &b"query"[..]));
        assert!(verify_checksum(source.ip(), destination.ip(), &datagram));
        datagram[12] ^= 1;
        assert!(!verify_checksum(source.ip(), destination.ip(), &datagram));
    }

    #[test]
    fn a_checksum_of_zero_is_sent_as_ones() {
        let (source, destination) = addresses();
        let mut datagram = [0; 10];
        write(&mut datagram, source, destination);
        // data that makes the sum 0xffff: what was left to it
        let (header, _) = UdpHeader::parse(&datagram).unwrap();
        let rest = header.checksum().to_be_bytes();
        datagram[8..].copy_from_slice(&rest);
        write(&mut datagram, source, destination);
        assert_eq!(datagram[6..8], [0xff, 0xff]);
        assert!(verify_checksum(source.ip(), destination.ip(), &datagram));
    }

    #[test]
    fn no_checksum_is_accepted_over_ipv4_only() {
        let (source, destination) = addresses();
        let mut datagram = *b"........query";
        write(&mut datagram, source, destination);
        datagram[6..8].fill(0);
        assert!(verify_checksum(source.ip(), destination.ip(), &datagram));
        let v6: IpAddr = "fd00::1".parse().unwrap();
        assert!(!verify_checksum(v6, v6, &datagram));
    }

    #[test]
    fn lengths_that_contradict_are_malformed() {
        assert_eq!(UdpHeader::parse(&[0; 7]).err(), Some(Malformed::TooShort));
        for length in [7, 10] {
            let datagram = [0, 1, 0, 2, 0, length, 0, 0, 0xee];
            assert_eq!(
                UdpHeader::parse(&datagram).err(),
                Some(Malformed::BadLength)
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_datagram_or_malformed(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..64),
            length in 0u8..64,
        ) {
            if bytes.len() > 5 {
                (bytes[4], bytes[5]) = (0, length);
            }
            if let Ok((header, data)) = UdpHeader::parse(&bytes) {
                prop_assert_eq!(header.length(), HEADER_LENGTH + data.len());
            }
            let (source, destination) = addresses();
            let _ = verify_checksum(source.ip(), destination.ip(), &bytes);
        }
    }
}
