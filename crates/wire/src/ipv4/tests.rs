use super::*;
use proptest::prelude::*;

const FIELDS: Ipv4Fields = Ipv4Fields {
    source: Ipv4Addr::new(10, 0, 0, 1),
    destination: Ipv4Addr::new(10, 0, 0, 2),
    protocol: TCP,
    ttl: 64,
    identification: 0x1234,
    dont_fragment: true,
    ecn_dscp: 0b1011_1001,
    payload_length: 4,
};

fn packet() -> [u8; 32] {
    let mut packet = [0xee; 32];
    FIELDS.write(&mut packet);
    packet
}

#[test]
fn a_header_reads_as_it_was_written_and_padding_is_cut_off() {
    let packet = packet();
    let (header, payload) = Ipv4Header::parse(&packet).unwrap();
    assert_eq!(
        (header.source(), header.destination()),
        (FIELDS.source, FIELDS.destination)
    );
    assert_eq!((header.protocol(), header.ttl()), (TCP, 64));
    assert_eq!(header.identification(), 0x1234);
    assert_eq!((header.header_length(), header.total_length()), (20, 24));
    assert_eq!((header.dscp(), header.ecn()), (0b10_1110, Ecn::Ect1));
    assert!(header.dont_fragment() && !header.is_fragment());
    assert_eq!(payload, [0xee; 4]);
    assert!(verify_checksum(&packet));
}

#[test]
fn one_changed_bit_breaks_the_checksum() {
    for bit in 0..HEADER_LENGTH * 8 {
        let mut packet = packet();
        packet[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_checksum(&packet), "bit {bit}");
    }
}

#[test]
fn options_are_skipped_and_summed() {
    let mut packet = packet();
    packet[0] = 0x46;
    packet[3] = 26;
    packet[20..24].copy_from_slice(&[1, 1, 1, 0]);
    assert!(!verify_checksum(&packet));
    write_checksum(&mut packet);
    let (header, payload) = Ipv4Header::parse(&packet).unwrap();
    assert_eq!((header.header_length(), payload), (24, &[0xee; 2][..]));
    assert!(verify_checksum(&packet));
    packet[20] = 0;
    assert!(!verify_checksum(&packet));
}

#[test]
fn fragments_are_told() {
    let mut packet = packet();
    packet[6..8].copy_from_slice(&[0x20, 0x03]);
    let (header, _) = Ipv4Header::parse(&packet).unwrap();
    assert!(header.is_fragment() && header.more_fragments() && !header.dont_fragment());
    assert_eq!(header.fragment_offset(), 24);
    packet[6..8].copy_from_slice(&[0x00, 0x01]);
    let (header, _) = Ipv4Header::parse(&packet).unwrap();
    assert!(header.is_fragment() && !header.more_fragments());
}

#[test]
fn contradictions_are_malformed() {
    let malformed = |place: usize, value: u8| {
        let mut packet = packet();
        packet[place] = value;
        Ipv4Header::parse(&packet).err()
    };
    assert_eq!(malformed(0, 0x65), Some(Malformed::BadVersion));
    assert_eq!(
        malformed(0, 0x44),
        Some(Malformed::BadLength),
        "a header shorter than its fixed part"
    );
    assert_eq!(
        malformed(0, 0x4f),
        Some(Malformed::BadLength),
        "a header longer than the packet"
    );
    assert_eq!(
        malformed(3, 19),
        Some(Malformed::BadLength),
        "a total shorter than the header"
    );
    assert_eq!(
        malformed(3, 33),
        Some(Malformed::BadLength),
        "a total longer than the bytes"
    );
    assert_eq!(
        Ipv4Header::parse(&packet()[..19]).err(),
        Some(Malformed::TooShort)
    );
}

#[test]
fn a_quoted_packet_may_be_cut_short() {
    let packet = packet();
    assert_eq!(
        Ipv4Header::parse(&packet[..22]).err(),
        Some(Malformed::BadLength)
    );
    let (_, payload) = Ipv4Header::parse_quoted(&packet[..22]).unwrap();
    assert_eq!(payload, [0xee; 2]);
    let (_, payload) = Ipv4Header::parse_quoted(&packet).unwrap();
    assert_eq!(payload, [0xee; 4]);
}

proptest! {
    #[test]
    fn any_bytes_are_a_packet_or_malformed(
        first in prop_oneof![Just(0x45u8), Just(0x4f), any::<u8>()],
        total in 0u8..80,
        mut bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        if bytes.len() > 3 {
            (bytes[0], bytes[2], bytes[3]) = (first, 0, total);
        }
        if let Ok((header, payload)) = Ipv4Header::parse(&bytes) {
            prop_assert_eq!(header.header_length() + payload.len(), header.total_length());
        }
        let _ = Ipv4Header::parse_quoted(&bytes);
        let _ = verify_checksum(&bytes);
    }
}
