//! Bytes that can be told from each other.

use std::ops::Range;

/// The bytes at `offsets` of the stream that every sender of these tests sends. A byte out of place shows, because
/// neighbours differ and no short period repeats.
pub fn content(offsets: Range<u64>) -> Vec<u8> {
    let byte = |offset: u64| (offset.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
    offsets.map(byte).collect()
}
