//! Which loop sums a piece: in vectors, where the processor has them and the piece is long enough, or word by word.

use super::words;

/// The one's complement sum of `piece`'s words; an odd last byte counts as the first of a word whose second is 0.
pub(super) fn sum(piece: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(sum) = super::simd::sum(piece) {
        return sum;
    }
    words::sum(piece)
}

/// [`sum`], and `destination`, which is as long, becomes a copy of `source` in the same pass.
pub(super) fn sum_and_copy(source: &[u8], destination: &mut [u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(sum) = super::simd::sum_and_copy(source, destination) {
        return sum;
    }
    words::sum_and_copy(source, destination)
}
