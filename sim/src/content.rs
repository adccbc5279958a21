//! What is sent: bytes that tell where they belong.

/// The byte at `offset` of `stream`. One out of place shows, because neighbours differ, no short period repeats, and each stream
/// has bytes of its own.
pub fn byte(stream: u64, offset: u64) -> u8 {
    let place = (stream << 40).wrapping_add(offset);
    (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}

/// Writes the bytes of `stream` from `offset` on into `out`.
pub fn fill(stream: u64, offset: u64, out: &mut [u8]) {
    for (place, byte) in (offset..).zip(out) {
        *byte = self::byte(stream, place);
    }
}

/// The first place in `bytes`, which should be those of `stream` from `offset` on, where they are not.
pub fn mismatch(stream: u64, offset: u64, bytes: &[u8]) -> Option<u64> {
    let mut places = (offset..).zip(bytes);
    places
        .find(|&(place, &read)| read != byte(stream, place))
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_out_of_place_or_of_another_stream_is_seen() {
        let mut bytes = [0; 100];
        fill(3, 1000, &mut bytes);
        assert_eq!(mismatch(3, 1000, &bytes), None);
        assert!(mismatch(3, 1001, &bytes).is_some());
        assert!(mismatch(4, 1000, &bytes).is_some());
        bytes[70] ^= 1;
        assert_eq!(mismatch(3, 1000, &bytes), Some(1070));
    }
}
