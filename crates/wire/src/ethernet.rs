//! Ethernet II framing (IEEE 802.3 3.2, RFC 894).
//!
//! ```text
//! +-------------+-------------+------------+---------
//! | destination |   source    | EtherType  | payload
//! |   6 bytes   |   6 bytes   |  2 bytes   |
//! +-------------+-------------+------------+---------
//! ```

use crate::Malformed;
use std::fmt;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of an Ethernet header.
pub const HEADER_LENGTH: usize = 14;

/// A MAC address.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(transparent)]
pub struct EthernetAddress(pub [u8; 6]);

impl EthernetAddress {
    /// Every station on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether the address is a group's (IEEE 802.3 3.2.3: the first bit sent is 1); broadcast is one.
    #[inline]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Whether the address is that of every station.
    #[inline]
    pub fn is_broadcast(self) -> bool {
        self == Self::BROADCAST
    }
}

impl fmt::Display for EthernetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for EthernetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a frame carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4 (RFC 894).
    pub const IPV4: Self = Self(0x0800);
    /// ARP (RFC 826).
    pub const ARP: Self = Self(0x0806);
    /// IPv6 (RFC 2464).
    pub const IPV6: Self = Self(0x86dd);
}

/// A view of an Ethernet header.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct EthernetHeader {
    destination: EthernetAddress,
    source: EthernetAddress,
    ether_type: U16,
}

impl EthernetHeader {
    /// The header of `frame`, and what follows it (which may end in padding).
    #[inline]
    pub fn parse(frame: &[u8]) -> Result<(&Self, &[u8]), Malformed> {
        Self::ref_from_prefix(frame).map_err(|_| Malformed::TooShort)
    }

    /// The station the frame is for.
    #[inline]
    pub fn destination(&self) -> EthernetAddress {
        self.destination
    }

    /// The station that sent it.
    #[inline]
    pub fn source(&self) -> EthernetAddress {
        self.source
    }

    /// What it carries.
    #[inline]
    pub fn ether_type(&self) -> EtherType {
        EtherType(self.ether_type.get())
    }
}

/// Writes a header to the first [`HEADER_LENGTH`] bytes of `out`.
///
/// # Panics
/// If `out` is shorter.
#[inline]
pub fn write(
    out: &mut [u8],
    destination: EthernetAddress,
    source: EthernetAddress,
    ether_type: EtherType,
) {
    let header = EthernetHeader {
        destination,
        source,
        ether_type: ether_type.0.into(),
    };
    out[..HEADER_LENGTH].copy_from_slice(header.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATION: EthernetAddress = EthernetAddress([0x02, 0, 0, 0, 0, 0x01]);

    #[test]
    fn a_header_reads_as_it_was_written() {
        let mut frame = [0xee; 16];
        write(
            &mut frame,
            EthernetAddress::BROADCAST,
            STATION,
            EtherType::ARP,
        );
        let (header, payload) = EthernetHeader::parse(&frame).unwrap();
        assert_eq!(header.destination(), EthernetAddress::BROADCAST);
        assert_eq!(header.source(), STATION);
        assert_eq!(header.ether_type(), EtherType::ARP);
        assert_eq!(payload, [0xee; 2]);
        assert_eq!(
            frame[..HEADER_LENGTH],
            *b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06"
        );
    }

    #[test]
    fn thirteen_bytes_are_no_frame() {
        assert_eq!(
            EthernetHeader::parse(&[0; 13]).err(),
            Some(Malformed::TooShort)
        );
    }

    #[test]
    fn groups_are_told_by_the_first_bit() {
        assert!(
            EthernetAddress::BROADCAST.is_multicast() && EthernetAddress::BROADCAST.is_broadcast()
        );
        assert!(EthernetAddress([0x01, 0, 0x5e, 0, 0, 1]).is_multicast());
        assert!(!STATION.is_multicast());
        assert_eq!(STATION.to_string(), "02:00:00:00:00:01");
    }
}
