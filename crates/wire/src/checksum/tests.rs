use super::*;
use proptest::prelude::*;

/// RFC 1071 1, word by word.
fn by_the_book(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for word in bytes.chunks(2) {
        sum += u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Every loop that sums, and whether the processor has what it needs.
fn sums(piece: &[u8]) -> [Option<u64>; 2] {
    [Some(words::sum(piece)), simd::sum(piece)]
}

/// Every loop that sums and copies.
fn copies(source: &[u8], destination: &mut [u8]) -> [Option<(u64, Vec<u8>)>; 2] {
    let copied = |sum: Option<u64>, destination: &mut [u8]| {
        let copy = destination.to_vec();
        destination.fill(0xa5);
        sum.map(|sum| (sum, copy))
    };
    let portable = Some(words::sum_and_copy(source, destination));
    let portable = copied(portable, destination);
    let vectors = simd::sum_and_copy(source, destination);
    [portable, copied(vectors, destination)]
}

#[cfg(not(target_arch = "x86_64"))]
mod simd {
    pub(super) fn sum(_: &[u8]) -> Option<u64> {
        None
    }

    pub(super) fn sum_and_copy(_: &[u8], _: &mut [u8]) -> Option<u64> {
        None
    }
}

/// Holds every loop against the book, with the piece at `from` and its copy at `to`: nothing beside the copy is touched.
fn hold_against_the_book(bytes: &[u8], from: usize, to: usize) {
    let mut source = vec![0x5a; from];
    source.extend_from_slice(bytes);
    source.push(0x5a);
    let piece = &source[from..from + bytes.len()];
    let right = by_the_book(bytes);
    for sum in sums(piece).into_iter().flatten() {
        assert_eq!(!words::fold(sum).swap_bytes(), right, "{from} {bytes:02x?}");
    }
    let mut room = vec![0xa5; to + bytes.len() + 64];
    let place = to..to + bytes.len();
    for (sum, copy) in copies(piece, &mut room[place.clone()])
        .into_iter()
        .flatten()
    {
        assert_eq!(
            !words::fold(sum).swap_bytes(),
            right,
            "{from} {to} {bytes:02x?}"
        );
        assert_eq!(copy, bytes, "{from} {to}");
    }
    assert!(
        room.iter().all(|&byte| byte == 0xa5),
        "{from} {to} {place:?}"
    );
}

#[test]
fn every_length_at_every_place_of_a_vector() {
    let bytes: Vec<u8> = (0..600u32).map(|n| (n * n + 7 * n + 0xf1) as u8).collect();
    for length in 0..bytes.len() {
        for place in 0..64 {
            hold_against_the_book(&bytes[..length], 63 - place, place);
        }
    }
}

#[test]
fn bytes_that_hold_their_checksum_sum_to_zero() {
    let mut bytes =
        *b"\x45\x00\x00\x3c\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02";
    let mut sum = Sum::new();
    sum.add(&bytes);
    bytes[10..12].copy_from_slice(&sum.finish().to_be_bytes());
    let mut sum = Sum::new();
    sum.add(&bytes);
    assert_eq!((sum.partial(), sum.finish()), (0xffff, 0));
}

#[test]
fn the_sum_of_a_long_run_of_ones_does_not_overflow() {
    let bytes = vec![0xff; 1 << 20];
    let mut sum = Sum::new();
    for _ in 0..64 {
        sum.add(&bytes);
    }
    assert_eq!(sum.finish(), 0);
}

#[test]
fn pseudo_header_of_either_family() {
    let v4: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
    let sum = Sum::pseudo_header(v4[0], v4[1], 6, 20);
    assert_eq!(sum.partial(), 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6 + 20);
    let v6: [IpAddr; 2] = ["fd00::1".parse().unwrap(), "fd00::2".parse().unwrap()];
    let sum = Sum::pseudo_header(v6[0], v6[1], 6, 0x1_0002);
    assert_eq!(sum.partial(), 0xfa00 + 1 + 1 + 2 + 6 + 1 + 2);
}

proptest! {
    #[test]
    fn every_loop_sums_by_the_book(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..5000),
        from in 0usize..64,
        to in 0usize..64,
        ones in any::<bool>(),
    ) {
        if ones {
            bytes.fill(0xff); // a carry at every step
        }
        hold_against_the_book(&bytes, from, to);
    }

    #[test]
    fn an_array_is_a_piece(before in proptest::collection::vec(any::<u8>(), 0..3), array: [u8; 29]) {
        let (mut one, mut other) = (Sum::new(), Sum::new());
        one.add(&before);
        other.add(&before);
        one.add_array(&array);
        one.add_u32(0x0102_0304);
        other.add(&array);
        other.add(&[1, 2, 3, 4]);
        prop_assert_eq!(one.finish(), other.finish());
    }

    #[test]
    fn any_split_sums_to_the_whole(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        mut cuts in proptest::collection::vec(0usize..400, 0..8),
    ) {
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(bytes.len()));
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let (mut added, mut copied, mut start) = (Sum::new(), Sum::new(), 0);
        let mut copy = vec![0; bytes.len()];
        for cut in cuts {
            added.add(&bytes[start..cut]);
            copied.copy(&bytes[start..cut], &mut copy[start..cut]);
            start = cut;
        }
        prop_assert_eq!(added.finish(), by_the_book(&bytes));
        prop_assert_eq!(added.finish(), copied.finish());
        prop_assert_eq!(copy, bytes);
    }

    #[test]
    fn a_number_is_its_two_bytes(before in proptest::collection::vec(any::<u8>(), 0..9), value: u16) {
        let (mut number, mut bytes) = (Sum::new(), Sum::new());
        number.add(&before);
        number.add_u16(value);
        bytes.add(&before);
        bytes.add(&value.to_be_bytes());
        prop_assert_eq!(number.finish(), bytes.finish());
    }
}
