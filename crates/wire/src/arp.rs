//! Address resolution (RFC 826) of IPv4 addresses on Ethernet.

use crate::Malformed;
use crate::ethernet::{EtherType, EthernetAddress};
use std::net::Ipv4Addr;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of an ARP packet for IPv4 on Ethernet.
pub const LENGTH: usize = 28;

/// `ares_hrd$Ethernet`.
const HARDWARE_ETHERNET: u16 = 1;

/// What an ARP packet wants (`ar$op`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Who has the target address?
    Request,
    /// The sender has it.
    Reply,
    /// One of the operations other documents gave a number.
    Other(u16),
}

impl Operation {
    const fn number(self) -> u16 {
        match self {
            Self::Request => 1,
            Self::Reply => 2,
            Self::Other(number) => number,
        }
    }

    const fn from_number(number: u16) -> Self {
        match number {
            1 => Self::Request,
            2 => Self::Reply,
            number => Self::Other(number),
        }
    }
}

/// A view of an ARP packet for IPv4 on Ethernet.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ArpPacket {
    hardware_type: U16,
    protocol_type: U16,
    hardware_length: u8,
    protocol_length: u8,
    operation: U16,
    sender_hardware: EthernetAddress,
    sender_protocol: [u8; 4],
    target_hardware: EthernetAddress,
    target_protocol: [u8; 4],
}

impl ArpPacket {
    /// The packet at the front of `bytes`; the frame's padding may follow it.
    pub fn parse(bytes: &[u8]) -> Result<&Self, Malformed> {
        let (packet, _padding) = Self::ref_from_prefix(bytes).map_err(|_| Malformed::TooShort)?;
        let of_this_format = packet.hardware_type.get() == HARDWARE_ETHERNET
            && packet.protocol_type.get() == EtherType::IPV4.0
            && packet.hardware_length == 6
            && packet.protocol_length == 4;
        if of_this_format {
            Ok(packet)
        } else {
            Err(Malformed::BadAddressFormat)
        }
    }

    /// What the packet wants.
    pub fn operation(&self) -> Operation {
        Operation::from_number(self.operation.get())
    }

    /// The sender's MAC address.
    pub fn sender_hardware(&self) -> EthernetAddress {
        self.sender_hardware
    }

    /// The sender's IPv4 address.
    pub fn sender_protocol(&self) -> Ipv4Addr {
        self.sender_protocol.into()
    }

    /// The target's MAC address; of no meaning in a request.
    pub fn target_hardware(&self) -> EthernetAddress {
        self.target_hardware
    }

    /// The target's IPv4 address: in a request, the one asked for.
    pub fn target_protocol(&self) -> Ipv4Addr {
        self.target_protocol.into()
    }
}

/// Writes a packet to the first [`LENGTH`] bytes of `out`.
///
/// # Panics
/// If `out` is shorter.
pub fn write(
    out: &mut [u8],
    operation: Operation,
    sender: (EthernetAddress, Ipv4Addr),
    target: (EthernetAddress, Ipv4Addr),
) {
    let packet = ArpPacket {
        hardware_type: HARDWARE_ETHERNET.into(),
        protocol_type: EtherType::IPV4.0.into(),
        hardware_length: 6,
        protocol_length: 4,
        operation: operation.number().into(),
        sender_hardware: sender.0,
        sender_protocol: sender.1.octets(),
        target_hardware: target.0,
        target_protocol: target.1.octets(),
    };
    out[..LENGTH].copy_from_slice(packet.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ASKER: (EthernetAddress, Ipv4Addr) = (
        EthernetAddress([2, 0, 0, 0, 0, 1]),
        Ipv4Addr::new(10, 0, 0, 1),
    );
    const ASKED: (EthernetAddress, Ipv4Addr) = (
        EthernetAddress([2, 0, 0, 0, 0, 2]),
        Ipv4Addr::new(10, 0, 0, 2),
    );

    #[test]
    fn a_packet_reads_as_it_was_written_padding_or_not() {
        for operation in [Operation::Request, Operation::Reply, Operation::Other(9)] {
            let mut bytes = [0; 46];
            write(&mut bytes, operation, ASKER, ASKED);
            let packet = ArpPacket::parse(&bytes).unwrap();
            assert_eq!(packet.operation(), operation);
            assert_eq!((packet.sender_hardware(), packet.sender_protocol()), ASKER);
            assert_eq!((packet.target_hardware(), packet.target_protocol()), ASKED);
        }
    }

    #[test]
    fn addresses_of_another_kind_are_refused() {
        for (place, value) in [(1, 6), (2, 0x86), (4, 8), (5, 16)] {
            let mut bytes = [0; LENGTH];
            write(&mut bytes, Operation::Request, ASKER, ASKED);
            bytes[place] = value;
            assert_eq!(
                ArpPacket::parse(&bytes).err(),
                Some(Malformed::BadAddressFormat)
            );
        }
        assert_eq!(
            ArpPacket::parse(&[0; LENGTH - 1]).err(),
            Some(Malformed::TooShort)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_or_malformed(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(packet) = ArpPacket::parse(&bytes) {
                let mut copy = [0; LENGTH];
                let sender = (packet.sender_hardware(), packet.sender_protocol());
                let target = (packet.target_hardware(), packet.target_protocol());
                write(&mut copy, packet.operation(), sender, target);
                prop_assert_eq!(&copy[..], &bytes[..LENGTH]);
            }
        }
    }
}
