//! The portable inner loops: a piece's 64-bit words, added with their carries.
//!
//! One's complement addition puts the carry back in at the lower end. A chain of additions may put each carry in one word
//! later: that is an instruction a word where the processor adds with carry. Words are read with the lower byte first
//! wherever this runs.

use std::mem::take;

/// Bytes of a step of the loops: one chain of carries.
const STEP: usize = 64;
const WORD: usize = 8;

/// The one's complement sum of `piece`'s words; an odd last byte counts as the first of a word whose second is 0.
#[inline(never)] // whoever calls this or another loop shall save registers for none
pub(super) fn sum(piece: &[u8]) -> u64 {
    let (steps, rest) = piece.as_chunks::<STEP>();
    add_rest(steps.iter().fold(0, add_array), piece, rest)
}

/// [`sum`], and `destination`, which is as long, becomes a copy of `source` in the same pass.
#[inline(never)]
pub(super) fn sum_and_copy(source: &[u8], destination: &mut [u8]) -> u64 {
    let destination = &mut destination[..source.len()];
    let (steps, rest) = source.as_chunks::<STEP>();
    let mut total = 0;
    for (step, copy) in steps.iter().zip(destination.as_chunks_mut::<STEP>().0) {
        *copy = *step;
        total = add_array(total, step);
    }
    add_and_copy_rest(total, source, destination, rest.len())
}

/// `total` and the words of `rest`: the end of `piece`, less than a step, after an even number of bytes.
#[inline(always)]
fn add_rest(mut total: u64, piece: &[u8], mut rest: &[u8]) -> u64 {
    add_front::<32>(&mut total, &mut rest);
    add_front::<16>(&mut total, &mut rest);
    add_front::<8>(&mut total, &mut rest);
    match rest.len() {
        0 => total,
        bytes => add(total, last_word(piece, bytes)),
    }
}

/// [`add_rest`] of the last `length` bytes of `source`, which are copied to the end of `destination`.
#[inline(always)]
fn add_and_copy_rest(mut total: u64, source: &[u8], destination: &mut [u8], length: usize) -> u64 {
    let start = source.len() - length;
    let (mut rest, mut room) = (&source[start..], &mut destination[start..]);
    add_and_copy_front::<32>(&mut total, &mut rest, &mut room);
    add_and_copy_front::<16>(&mut total, &mut rest, &mut room);
    add_and_copy_front::<8>(&mut total, &mut rest, &mut room);
    match (
        rest.len(),
        source.last_chunk::<WORD>(),
        destination.last_chunk_mut::<WORD>(),
    ) {
        (0, ..) => return total,
        (_, Some(last), Some(copy)) => *copy = *last, // some of it again
        _ => copy_few(source, destination),
    }
    add(total, last_word(source, rest.len()))
}

/// `total` and the words of `piece`. Where the compiler knows that there are few there is no loop.
#[inline(always)]
pub(super) fn add_array<const LENGTH: usize>(mut total: u64, piece: &[u8; LENGTH]) -> u64 {
    let (words, rest) = piece.as_chunks::<WORD>();
    let mut carry = false;
    for word in words {
        (total, carry) = total.carrying_add(u64::from_le_bytes(*word), carry);
    }
    if !rest.is_empty() {
        let mut word = [0; WORD];
        word[..rest.len()].copy_from_slice(rest);
        (total, carry) = total.carrying_add(u64::from_le_bytes(word), carry);
    }
    total + u64::from(carry) // a chain that begins without a carry does not end in one and the largest number
}

/// One's complement addition.
#[inline(always)]
pub(super) const fn add(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum + carry as u64 // after a carry the sum is not the largest number
}

/// Folds carries back in until 16 bits are left (RFC 1071 4.1): what is added to itself with its halves exchanged has the
/// sum of both, and its carry, in the upper half.
#[inline(always)]
pub(super) const fn fold(sum: u64) -> u16 {
    let sum = (sum.wrapping_add(sum.rotate_left(32)) >> 32) as u32;
    (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
}

#[inline(always)]
fn add_front<const LENGTH: usize>(total: &mut u64, rest: &mut &[u8]) {
    if let Some((front, after)) = rest.split_first_chunk::<LENGTH>() {
        *total = add_array(*total, front);
        *rest = after;
    }
}

#[inline(always)]
fn add_and_copy_front<const LENGTH: usize>(
    total: &mut u64,
    rest: &mut &[u8],
    room: &mut &mut [u8],
) {
    if rest.len() >= LENGTH
        && let Some((front, after)) = rest.split_first_chunk::<LENGTH>()
        && let Some((copy, room_after)) = take(room).split_first_chunk_mut::<LENGTH>()
    {
        *copy = *front;
        *total = add_array(*total, front);
        (*rest, *room) = (after, room_after);
    }
}

/// The last `length` bytes of `piece`, less than a word, as a word that begins with them.
#[inline(always)]
fn last_word(piece: &[u8], length: usize) -> u64 {
    if let Some(last) = piece.last_chunk::<WORD>() {
        return u64::from_le_bytes(*last) >> (u64::BITS - 8 * length as u32);
    }
    let byte = |at: usize| u64::from(piece[at]) << (8 * at);
    (0..length).fold(0, |word, at| word | byte(at))
}

/// Copies less than a word.
#[cold]
fn copy_few(source: &[u8], destination: &mut [u8]) {
    destination.copy_from_slice(source);
}
