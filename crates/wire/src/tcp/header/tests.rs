use super::*;
use crate::tcp::Timestamps;
use proptest::prelude::*;

const FIELDS: TcpFields = TcpFields {
    source_port: 40_000,
    destination_port: 80,
    sequence: SeqNum(0x0102_0304),
    acknowledgment: SeqNum(0x0506_0708),
    flags: TcpFlags(0x18),
    window: 0x1234,
};

fn addresses() -> (IpAddr, IpAddr) {
    ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap())
}

#[test]
fn a_segment_reads_as_it_was_written() {
    let timestamps = Some(Timestamps {
        value: 1,
        echo_reply: 2,
    });
    let options = TcpOptions {
        timestamps,
        ..TcpOptions::default()
    };
    let mut segment = [b'!'; 35];
    assert_eq!(FIELDS.write(&mut segment, &options), 32);
    let (header, option_bytes, data) = TcpHeader::parse(&segment).unwrap();
    assert_eq!(
        (header.source_port(), header.destination_port()),
        (40_000, 80)
    );
    assert_eq!(header.sequence(), FIELDS.sequence);
    assert_eq!(header.acknowledgment(), FIELDS.acknowledgment);
    assert_eq!(header.flags(), TcpFlags::PSH | TcpFlags::ACK);
    assert_eq!((header.window(), header.urgent_pointer()), (0x1234, 0));
    assert_eq!((header.header_length(), header.checksum()), (32, 0));
    assert_eq!(TcpOptions::parse(option_bytes), options);
    assert_eq!(data, b"!!!");
}

#[test]
fn a_segment_cut_to_64_bits_still_tells_its_connection() {
    let mut segment = [0; HEADER_LENGTH];
    FIELDS.write(&mut segment, &TcpOptions::default());
    let quoted = QuotedSegment::parse(&segment[..8]).unwrap();
    assert_eq!(
        (quoted.source_port(), quoted.destination_port()),
        (40_000, 80)
    );
    assert_eq!(quoted.sequence(), FIELDS.sequence);
    assert_eq!(
        QuotedSegment::parse(&segment[..7]).err(),
        Some(Malformed::TooShort)
    );
}

#[test]
fn one_changed_bit_breaks_the_checksum() {
    let (source, destination) = addresses();
    let mut segment = *b"....................odd";
    FIELDS.write(&mut segment, &TcpOptions::default());
    write_checksum(source, destination, &mut segment);
    assert!(verify_checksum(source, destination, &segment));
    for bit in 0..segment.len() * 8 {
        let mut broken = segment;
        broken[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_checksum(source, destination, &broken), "bit {bit}");
    }
    assert!(
        !verify_checksum(destination, destination, &segment),
        "another pseudo-header"
    );
}

#[test]
fn a_data_offset_outside_the_segment_is_malformed() {
    let mut segment = [0; 24];
    FIELDS.write(&mut segment, &TcpOptions::default());
    assert_eq!(
        TcpHeader::parse(&segment[..19]).err(),
        Some(Malformed::TooShort)
    );
    for (words, fits) in [
        (0, false),
        (4, false),
        (5, true),
        (6, true),
        (7, false),
        (15, false),
    ] {
        segment[12] = words << 4;
        assert_eq!(TcpHeader::parse(&segment).is_ok(), fits, "{words} words");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_segment_or_malformed(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
        if let Ok((header, options, data)) = TcpHeader::parse(&bytes) {
            prop_assert_eq!(HEADER_LENGTH + options.len(), header.header_length());
            prop_assert_eq!(header.header_length() + data.len(), bytes.len());
            let _ = TcpOptions::parse(options);
        }
        let (source, destination) = addresses();
        let _ = verify_checksum(source, destination, &bytes);
    }
}
