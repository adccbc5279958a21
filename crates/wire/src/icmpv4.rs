//! ICMP for IPv4 (RFC 792): echo, and the errors that tell a sender why its packet was refused.

use crate::Malformed;
use crate::checksum::Sum;
use crate::ipv4;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of the header that every message has.
pub const HEADER_LENGTH: usize = 8;

/// Most of an offending packet that an error quotes: the error as an IP packet has at most 576 bytes
/// (RFC 1812 4.3.2.3).
pub const MAX_QUOTE: usize = 576 - ipv4::HEADER_LENGTH - HEADER_LENGTH;

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageType(pub u8);

impl MessageType {
    /// The answer to [`ECHO`](Self::ECHO).
    pub const ECHO_REPLY: Self = Self(0);
    /// A packet could not be delivered; the codes in [`mod@unreachable`] say why.
    pub const DESTINATION_UNREACHABLE: Self = Self(3);
    /// Asks to send more slowly; ignored by everybody (RFC 6633).
    pub const SOURCE_QUENCH: Self = Self(4);
    /// Asks for an answer with the same data.
    pub const ECHO: Self = Self(8);
    /// A packet's hops, or the time to reassemble it, ran out.
    pub const TIME_EXCEEDED: Self = Self(11);
    /// A packet's header could not be understood.
    pub const PARAMETER_PROBLEM: Self = Self(12);
}

/// Codes of [`MessageType::DESTINATION_UNREACHABLE`] (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1).
pub mod unreachable {
    /// No way to that network.
    pub const NET: u8 = 0;
    /// The host does not answer.
    pub const HOST: u8 = 1;
    /// The host does not speak that protocol.
    pub const PROTOCOL: u8 = 2;
    /// Nobody there listens on that port.
    pub const PORT: u8 = 3;
    /// Too long for the next link, and not to be cut (RFC 1191).
    pub const FRAGMENTATION_NEEDED: u8 = 4;
    /// A router on the source route is out of reach.
    pub const SOURCE_ROUTE: u8 = 5;
    /// Nobody knows that network.
    pub const NET_UNKNOWN: u8 = 6;
    /// Nobody knows that host.
    pub const HOST_UNKNOWN: u8 = 7;
    /// Traffic with that network is forbidden.
    pub const NET_PROHIBITED: u8 = 9;
    /// Traffic with that host is forbidden.
    pub const HOST_PROHIBITED: u8 = 10;
    /// No way to that network for this type of service.
    pub const NET_FOR_SERVICE: u8 = 11;
    /// No way to that host for this type of service.
    pub const HOST_FOR_SERVICE: u8 = 12;
    /// Forbidden by an administrator.
    pub const COMMUNICATION_PROHIBITED: u8 = 13;
    /// The packet's precedence is not allowed.
    pub const PRECEDENCE_VIOLATION: u8 = 14;
    /// The packet's precedence is too low.
    pub const PRECEDENCE_CUTOFF: u8 = 15;
}

/// A view of an ICMP header.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Icmpv4Header {
    message_type: u8,
    code: u8,
    checksum: U16,
    /// Identifier and sequence number of an echo; unused and next-hop MTU of an error.
    rest: [U16; 2],
}

impl Icmpv4Header {
    /// The header of `message`, and what follows it: an echo's data or the packet that an error quotes.
    pub fn parse(message: &[u8]) -> Result<(&Self, &[u8]), Malformed> {
        Self::ref_from_prefix(message).map_err(|_| Malformed::TooShort)
    }

    /// What the message is about.
    pub fn message_type(&self) -> MessageType {
        MessageType(self.message_type)
    }

    /// What it says about it.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// In an echo and its reply: which sender's it is.
    pub fn identifier(&self) -> u16 {
        self.rest[0].get()
    }

    /// In an echo and its reply: its place among those of one identifier.
    pub fn sequence_number(&self) -> u16 {
        self.rest[1].get()
    }

    /// In [`unreachable::FRAGMENTATION_NEEDED`]: what the next link carries (RFC 1191 4); 0 from a router
    /// that does not say.
    pub fn next_hop_mtu(&self) -> u16 {
        self.rest[1].get()
    }
}

/// Whether `message` holds its correct checksum.
pub fn verify_checksum(message: &[u8]) -> bool {
    let mut sum = Sum::new();
    sum.add(message);
    message.len() >= HEADER_LENGTH && sum.finish() == 0
}

/// Writes the reply to `request`, a whole echo message: the same data comes back (RFC 792, Echo). Returns its
/// length, which is the request's.
///
/// # Panics
/// If `out` is shorter than `request`, or `request` shorter than a header.
pub fn write_echo_reply(out: &mut [u8], request: &[u8]) -> usize {
    let out = &mut out[..request.len()];
    let mut sum = Sum::new();
    sum.copy(&request[4..], &mut out[4..]);
    out[..2].copy_from_slice(&[MessageType::ECHO_REPLY.0, 0]);
    out[2..4].copy_from_slice(&sum.finish().to_be_bytes());
    request.len()
}

/// Length of the error that refuses `original`, an IP packet.
pub fn unreachable_length(original: &[u8]) -> usize {
    HEADER_LENGTH + original.len().min(MAX_QUOTE)
}

/// Writes a Destination Unreachable that quotes as much of `original`, an IP packet, as may be. Returns its
/// length, which is [`unreachable_length`].
///
/// # Panics
/// If `out` is shorter than that.
pub fn write_unreachable(out: &mut [u8], code: u8, original: &[u8]) -> usize {
    let length = unreachable_length(original);
    let (head, quote) = out[..length].split_at_mut(HEADER_LENGTH);
    let mut header = Icmpv4Header {
        message_type: MessageType::DESTINATION_UNREACHABLE.0,
        code,
        checksum: 0.into(),
        rest: [0.into(); 2],
    };
    let mut sum = Sum::new();
    sum.add(header.as_bytes());
    sum.copy(&original[..quote.len()], quote);
    header.checksum = sum.finish().into();
    head.copy_from_slice(header.as_bytes());
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_echo_comes_back_as_it_was_but_for_its_type() {
        let request = b"\x08\x00\xf7\xff\x00\x01\x00\x02data!";
        let mut out = [0xee; 20];
        let length = write_echo_reply(&mut out, request);
        let reply = &out[..length];
        let (header, data) = Icmpv4Header::parse(reply).unwrap();
        assert_eq!(
            (header.message_type(), header.code()),
            (MessageType::ECHO_REPLY, 0)
        );
        assert_eq!((header.identifier(), header.sequence_number()), (1, 2));
        assert_eq!(data, b"data!");
        assert!(verify_checksum(reply));
        assert_eq!(out[length..], [0xee; 7]);
    }

    #[test]
    fn an_error_quotes_the_packet_up_to_576_bytes_in_all() {
        for (original, quoted) in [(28, 28), (548, 548), (549, 548), (1500, 548)] {
            let original: Vec<u8> = (0..original).map(|n| n as u8).collect();
            let mut out = [0xee; 600];
            let length = write_unreachable(&mut out, unreachable::PORT, &original);
            assert_eq!(length, unreachable_length(&original));
            let (header, quote) = Icmpv4Header::parse(&out[..length]).unwrap();
            assert_eq!(header.message_type(), MessageType::DESTINATION_UNREACHABLE);
            assert_eq!(
                (header.code(), header.next_hop_mtu()),
                (unreachable::PORT, 0)
            );
            assert_eq!(quote, &original[..quoted]);
            assert!(verify_checksum(&out[..length]));
        }
    }

    #[test]
    fn seven_bytes_are_no_message() {
        assert_eq!(
            Icmpv4Header::parse(&[0; 7]).err(),
            Some(Malformed::TooShort)
        );
        assert!(
            !verify_checksum(&[0xff; 6]),
            "the sum is right, the message is not"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_malformed(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(Icmpv4Header::parse(&bytes).is_ok(), bytes.len() >= HEADER_LENGTH);
            let _ = verify_checksum(&bytes);
        }
    }
}
