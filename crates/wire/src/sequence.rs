//! Sequence numbers: positions on a circle.
//!
//! ```text
//!                    0                    a is before b when the way
//!               . '     ' .               forward from a to b is shorter
//!             /        a →  \             than half the circle, 2^31:
//!            |               b
//!             \             /               a.before(b)    b.after(a)
//!               ' . _ _ . '               whether or not 0 lies between them
//! ```

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A sequence number, with the arithmetic modulo 2^32 of RFC 9293 3.4.
///
/// There is no order on a circle, so there is no `Ord`: use [`before`](Self::before) and its kin, which
/// mean something as long as the two numbers are less than 2^31 apart. Windows are at most 2^30 bytes
/// (RFC 7323 2.3), so those of one connection always are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// The sequence number `value`.
    #[inline]
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// Whether this number comes before `other`: RFC 9293's `<`.
    #[inline]
    pub const fn before(self, other: Self) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// Whether this number is `other` or comes before it: RFC 9293's `=<`.
    #[inline]
    pub const fn at_or_before(self, other: Self) -> bool {
        !other.before(self)
    }

    /// Whether this number comes after `other`: RFC 9293's `>`.
    #[inline]
    pub const fn after(self, other: Self) -> bool {
        other.before(self)
    }

    /// Whether this number is `other` or comes after it: RFC 9293's `>=`.
    #[inline]
    pub const fn at_or_after(self, other: Self) -> bool {
        !self.before(other)
    }

    /// The later of the two.
    #[inline]
    pub const fn max(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }

    /// The earlier of the two.
    #[inline]
    pub const fn min(self, other: Self) -> Self {
        if other.before(self) { other } else { self }
    }
}

impl Add<u32> for SeqNum {
    type Output = SeqNum;
    #[inline]
    fn add(self, length: u32) -> SeqNum {
        SeqNum(self.0.wrapping_add(length))
    }
}

impl AddAssign<u32> for SeqNum {
    #[inline]
    fn add_assign(&mut self, length: u32) {
        *self = *self + length;
    }
}

impl Sub<u32> for SeqNum {
    type Output = SeqNum;
    #[inline]
    fn sub(self, length: u32) -> SeqNum {
        SeqNum(self.0.wrapping_sub(length))
    }
}

/// The way forward from `earlier` to this number.
impl Sub<SeqNum> for SeqNum {
    type Output = u32;
    #[inline]
    fn sub(self, earlier: SeqNum) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}

impl fmt::Display for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_circle_closes_at_two_to_the_32() {
        let last = SeqNum::new(u32::MAX);
        assert_eq!(last + 1, SeqNum::new(0));
        assert_eq!(SeqNum::new(0) - 1, last);
        assert_eq!(SeqNum::new(4) - last, 5);
        assert!(last.before(SeqNum::new(0)));
        assert!(SeqNum::new(0).after(last));
    }

    #[test]
    fn a_number_is_neither_before_nor_after_itself() {
        let number = SeqNum::new(7);
        assert!(!number.before(number) && !number.after(number));
        assert!(number.at_or_before(number) && number.at_or_after(number));
    }

    proptest! {
        #[test]
        fn less_than_half_the_circle_forward_is_after(start: u32, way in 1..1u32 << 31) {
            let start = SeqNum::new(start);
            let end = start + way;
            prop_assert!(start.before(end) && end.after(start));
            prop_assert!(start.at_or_before(end) && end.at_or_after(start));
            prop_assert!(!end.before(start) && !end.at_or_before(start));
            prop_assert_eq!(start.max(end), end);
            prop_assert_eq!(end.max(start), end);
            prop_assert_eq!(start.min(end), start);
            prop_assert_eq!(end.min(start), start);
        }

        #[test]
        fn adding_and_subtracting_undo_each_other(start: u32, way: u32) {
            let start = SeqNum::new(start);
            prop_assert_eq!((start + way) - way, start);
            prop_assert_eq!((start + way) - start, way);
            let mut moved = start;
            moved += way;
            prop_assert_eq!(moved, start + way);
        }
    }
}
