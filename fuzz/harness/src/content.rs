//! What travels: bytes that say where they belong.

/// The byte at a place of a stream. Neighbours, and places a power of two apart, have nothing in common.
pub(crate) fn content(place: u32) -> u8 {
    let mixed = place.wrapping_mul(0x9e37_79b1);
    (mixed ^ mixed >> 15)
        .wrapping_mul(0x85eb_ca77)
        .to_be_bytes()[0]
}

/// The bytes of a stream from `place` on.
pub(crate) fn contents(place: u32, length: usize) -> Vec<u8> {
    let places = (0..length as u32).map(|at| place.wrapping_add(at));
    places.map(content).collect()
}

/// Whether `bytes` are those of a stream from `place` on.
pub(crate) fn is_content(place: u32, bytes: &[u8]) -> bool {
    let mut places = (0..).map(|at| place.wrapping_add(at));
    bytes
        .iter()
        .all(|&byte| places.next().map(content) == Some(byte))
}
