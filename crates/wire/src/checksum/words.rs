//! The inner loops: sums of a piece's 16-bit words in the machine's byte order, folded to 16 bits.
//!
//! Thirty-two bytes a step, as eight 32-bit words into eight 64-bit accumulators: with no carry between
//! them the compiler keeps the accumulators in vector registers. An accumulator overflows only after
//! 2^32 steps, more than a slice of a frame can have.

const LANES: usize = 8;
const STEP: usize = LANES * 4;

/// The folded sum of `piece`; an odd last byte counts as the first of a word whose second is 0.
pub(super) fn sum(piece: &[u8]) -> u16 {
    let (steps, tail) = piece.as_chunks::<STEP>();
    if steps.is_empty() {
        return fold(sum_tail(tail)); // a header: the lanes would cost more than they save
    }
    let mut lanes = [0u64; LANES];
    for step in steps {
        add_step(&mut lanes, step);
    }
    fold(fold_lanes(lanes) + sum_tail(tail))
}

/// [`sum`], and `destination` becomes a copy of `source` in the same pass.
pub(super) fn sum_and_copy(source: &[u8], destination: &mut [u8]) -> u16 {
    assert_eq!(
        source.len(),
        destination.len(),
        "a copy needs as much room as there are bytes"
    );
    let (steps, tail) = source.as_chunks::<STEP>();
    let (copied_steps, copied_tail) = destination.as_chunks_mut::<STEP>();
    let mut lanes = [0u64; LANES];
    for (step, copy) in steps.iter().zip(copied_steps) {
        *copy = *step;
        add_step(&mut lanes, step);
    }
    copied_tail.copy_from_slice(tail);
    fold(fold_lanes(lanes) + sum_tail(tail))
}

/// Folds carries back in until 16 bits are left (RFC 1071 4.1). Each line halves what can be above them.
pub(super) fn fold(sum: u64) -> u16 {
    let sum = halves(sum); // at most 33 bits
    let sum = halves(sum); // at most 32
    let sum = (sum & 0xffff) + (sum >> 16); // at most 17
    ((sum & 0xffff) + (sum >> 16)) as u16
}

fn halves(sum: u64) -> u64 {
    (sum & 0xffff_ffff) + (sum >> 32)
}

#[inline(always)]
fn add_step(lanes: &mut [u64; LANES], step: &[u8; STEP]) {
    for (lane, word) in lanes.iter_mut().zip(step.as_chunks::<4>().0) {
        *lane += u64::from(u32::from_ne_bytes(*word));
    }
}

/// The lanes' sum, small enough that more can be added to it.
fn fold_lanes(lanes: [u64; LANES]) -> u64 {
    lanes.into_iter().map(halves).sum()
}

fn sum_tail(tail: &[u8]) -> u64 {
    let (words, rest) = tail.as_chunks::<4>();
    let words = words
        .iter()
        .map(|word| u64::from(u32::from_ne_bytes(*word)))
        .sum::<u64>();
    let last: u32 = match *rest {
        [] => 0,
        [a] => u16::from_ne_bytes([a, 0]).into(),
        [a, b] => u16::from_ne_bytes([a, b]).into(),
        [a, b, c, ..] => u32::from_ne_bytes([a, b, c, 0]),
    };
    words + u64::from(last)
}
