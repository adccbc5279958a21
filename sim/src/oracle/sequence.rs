//! Sequence numbers as places in a stream that does not wrap.

/// The place of `sequence`, counted from `first`: of all that it may be, the one nearest to the place `near`.
pub(super) fn place(first: u32, near: i64, sequence: u32) -> i64 {
    // The lower half of `near` is all that a sequence number knows of it.
    let expected = first.wrapping_add(near as u32);
    near + i64::from(sequence.wrapping_sub(expected) as i32)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_go_on_where_numbers_wrap() {
        assert_eq!(place(u32::MAX - 1, 0, 3), 5);
        assert_eq!(
            place(7, 5_000_000_000, 7u32.wrapping_add(705_032_704)),
            5_000_000_000
        );
        assert_eq!(place(7, 10, 6), -1);
    }
}
