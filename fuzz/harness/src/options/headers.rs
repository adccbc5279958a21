//! Every header, held against another reader's.

use etherparse::{ArpPacketSlice, Icmpv4Slice, Ipv4Slice, TcpSlice, UdpSlice};
use periplus_wire::arp::ArpPacket;
use periplus_wire::ethernet::EthernetHeader;
use periplus_wire::icmpv4::{self, Icmpv4Header};
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use periplus_wire::tcp::{self, QuotedSegment, TcpFields, TcpHeader, TcpOptions};
use periplus_wire::udp::{self, UdpHeader};
use std::net::{IpAddr, Ipv4Addr};

const SOURCE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const DESTINATION: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The authentication header (RFC 4302), which the other reader takes for a part of IPv4's.
const AUTHENTICATION: u8 = 51;

pub(super) fn check(bytes: &[u8]) {
    if let Ok((_, packet)) = EthernetHeader::parse(bytes) {
        network(packet);
    }
    network(bytes);
    segment(bytes);
    datagram(bytes);
    message(bytes);
    address_question(bytes);
}

fn network(bytes: &[u8]) {
    let (ours, other) = (Ipv4Header::parse(bytes), Ipv4Slice::from_slice(bytes));
    let is_right = ipv4::verify_checksum(bytes);
    let Ok((header, payload)) = ours else {
        assert!(other.is_err(), "another reads it: {bytes:02x?}");
        return;
    };
    if header.protocol() == AUTHENTICATION {
        return;
    }
    let other = other.unwrap_or_else(|error| panic!("another does not read it: {error}"));
    let view = other.header();
    assert_eq!(payload, other.payload().payload, "payload");
    assert_eq!(header.source(), view.source_addr());
    assert_eq!(header.destination(), view.destination_addr());
    assert_eq!(header.protocol(), view.protocol().0);
    assert_eq!(header.ttl(), view.ttl());
    assert_eq!(header.identification(), view.identification());
    assert_eq!(header.dont_fragment(), view.dont_fragment());
    assert_eq!(header.more_fragments(), view.more_fragments());
    assert_eq!(
        header.fragment_offset(),
        usize::from(view.fragments_offset().value()) * 8
    );
    assert_eq!(header.is_fragment(), other.is_payload_fragmented());
    assert_eq!(
        (header.dscp(), header.ecn() as u8),
        (view.dcp().value(), view.ecn().value())
    );
    let checksum = view.to_header().calc_header_checksum();
    // The reserved bit is lost in the other's copy.
    if bytes[6] & 0x80 == 0 {
        assert_eq!(
            is_right,
            checksum % 0xffff == view.header_checksum() % 0xffff
        );
    }
    rewritten(header, payload.len());
}

/// A header without options is written as it was read.
fn rewritten(header: &Ipv4Header, length: usize) {
    let fields = Ipv4Fields {
        source: header.source(),
        destination: header.destination(),
        protocol: header.protocol(),
        ttl: header.ttl(),
        identification: header.identification(),
        dont_fragment: header.dont_fragment(),
        ecn_dscp: header.dscp() << 2 | header.ecn() as u8,
        payload_length: length.min(65_515) as u16,
    };
    let mut out = vec![0; ipv4::HEADER_LENGTH + usize::from(fields.payload_length)];
    fields.write(&mut out);
    assert!(ipv4::verify_checksum(&out), "its checksum");
    let Ok((again, payload)) = Ipv4Header::parse(&out) else {
        panic!("what was written cannot be read: {fields:?}");
    };
    assert_eq!(payload.len(), usize::from(fields.payload_length));
    assert_eq!(
        (again.source(), again.destination()),
        (header.source(), header.destination())
    );
    assert_eq!(
        (again.protocol(), again.ttl()),
        (header.protocol(), header.ttl())
    );
    assert_eq!((again.dscp(), again.ecn()), (header.dscp(), header.ecn()));
}

fn segment(bytes: &[u8]) {
    let (source, destination): (IpAddr, IpAddr) = (SOURCE.into(), DESTINATION.into());
    let is_right = tcp::verify_checksum(source, destination, bytes);
    if let Ok(quoted) = QuotedSegment::parse(bytes) {
        assert_eq!(quoted.source_port().to_be_bytes(), bytes[..2]);
    }
    let (ours, other) = (TcpHeader::parse(bytes), TcpSlice::from_slice(bytes));
    let Ok((header, options, text)) = ours else {
        assert!(other.is_err(), "another reads it: {bytes:02x?}");
        return;
    };
    let other = other.unwrap_or_else(|error| panic!("another does not read it: {error}"));
    assert_eq!((options, text), (other.options(), other.payload()));
    assert_eq!(header.source_port(), other.source_port());
    assert_eq!(header.destination_port(), other.destination_port());
    assert_eq!(header.sequence().0, other.sequence_number());
    assert_eq!(header.acknowledgment().0, other.acknowledgment_number());
    assert_eq!(header.window(), other.window_size());
    assert_eq!(header.urgent_pointer(), other.urgent_pointer());
    if bytes.len() <= usize::from(u16::MAX) && bytes[12] & 0x0e == 0 {
        let checksum = other.calc_checksum_ipv4(SOURCE.octets(), DESTINATION.octets());
        let same = checksum.is_ok_and(|right| right % 0xffff == header.checksum() % 0xffff);
        assert_eq!(is_right, same, "the checksum: {bytes:02x?}");
    }
    let fields = TcpFields {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        sequence: header.sequence(),
        acknowledgment: header.acknowledgment(),
        flags: header.flags(),
        window: header.window(),
    };
    let mut out = [0; tcp::MAX_HEADER_LENGTH];
    let length = fields.write(&mut out, &TcpOptions::parse(options));
    tcp::write_checksum(source, destination, &mut out[..length]);
    assert!(tcp::verify_checksum(source, destination, &out[..length]));
    let Ok((again, again_options, [])) = TcpHeader::parse(&out[..length]) else {
        panic!("what was written cannot be read: {fields:?}");
    };
    assert_eq!(again.flags(), header.flags());
    assert_eq!(again.sequence(), header.sequence());
    assert_eq!(
        TcpOptions::parse(again_options).mss,
        TcpOptions::parse(options).mss
    );
}

fn datagram(bytes: &[u8]) {
    let is_right = udp::verify_checksum(SOURCE.into(), DESTINATION.into(), bytes);
    let (ours, other) = (UdpHeader::parse(bytes), UdpSlice::from_slice(bytes));
    let Ok((header, data)) = ours else {
        // The other takes a length of 0 for all there is, as in a jumbogram.
        let is_jumbo = bytes.get(4..6) == Some(&[0, 0]);
        assert!(other.is_err() || is_jumbo, "another reads it: {bytes:02x?}");
        return;
    };
    let other = other.unwrap_or_else(|error| panic!("another does not read it: {error}"));
    assert_eq!(data, other.payload());
    assert_eq!(
        (header.source_port(), header.destination_port()),
        (other.source_port(), other.destination_port())
    );
    assert_eq!(header.checksum(), other.checksum());
    if header.checksum() != 0 {
        let right = other.to_header().calc_checksum_ipv4_raw(
            SOURCE.octets(),
            DESTINATION.octets(),
            other.payload(),
        );
        let same = right.is_ok_and(|right| right % 0xffff == header.checksum() % 0xffff);
        assert_eq!(is_right, same, "the checksum: {bytes:02x?}");
    }
}

fn message(bytes: &[u8]) {
    let is_right = icmpv4::verify_checksum(bytes);
    let Ok((header, _)) = Icmpv4Header::parse(bytes) else {
        assert!(Icmpv4Slice::from_slice(bytes).is_err(), "another reads it");
        return;
    };
    // The other wants more of some messages than their header.
    if let Ok(other) = Icmpv4Slice::from_slice(bytes) {
        assert_eq!(
            (header.message_type().0, header.code()),
            (other.type_u8(), other.code_u8())
        );
        let rest = [
            header.identifier().to_be_bytes(),
            header.sequence_number().to_be_bytes(),
        ];
        assert_eq!(rest.concat(), other.bytes5to8());
        assert_eq!(is_right, by_the_book(bytes) == 0xffff, "the checksum");
    }
    let mut reply = vec![0; bytes.len()];
    assert_eq!(icmpv4::write_echo_reply(&mut reply, bytes), bytes.len());
    assert!(icmpv4::verify_checksum(&reply), "the reply's checksum");
    assert_eq!(reply[4..], bytes[4..], "an echo is what it answers");
}

fn address_question(bytes: &[u8]) {
    let Ok(packet) = ArpPacket::parse(bytes) else {
        return;
    };
    let other = ArpPacketSlice::from_slice(bytes);
    let other = other.unwrap_or_else(|error| panic!("another does not read it: {error}"));
    assert_eq!(packet.sender_hardware().0, other.sender_hw_addr());
    assert_eq!(
        packet.sender_protocol().octets(),
        other.sender_protocol_addr()
    );
    assert_eq!(packet.target_hardware().0, other.target_hw_addr());
    assert_eq!(
        packet.target_protocol().octets(),
        other.target_protocol_addr()
    );
}

/// The sum of RFC 1071 1, two bytes at a time.
fn by_the_book(bytes: &[u8]) -> u32 {
    let words = bytes.chunks(2).map(|word| {
        let low = word.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([word[0], low]))
    });
    words.fold(0, |sum, word| {
        let sum = sum + word;
        (sum & 0xffff) + (sum >> 16)
    })
}
