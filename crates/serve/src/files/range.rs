//! The part of a representation that is asked for (RFC 9110 section 14).

use http::HeaderValue;
use std::ops::Range;

/// What a Range line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Everything: what it says is malformed, of an unknown unit, or more than one part. A server may take it as not said
    /// (section 14.2); to be asked for many parts is how others were made to send far more than they have.
    Whole,
    /// These bytes, which are there and at least one.
    Part(Range<u64>),
    /// Bytes that are not there: 416.
    Nothing,
}

/// What `value` asks for of `length` bytes.
pub(super) fn asked(value: &HeaderValue, length: u64) -> Asked {
    parse(value.as_bytes(), length).unwrap_or(Asked::Whole)
}

/// Of two lines, or of what is no range, `None`.
fn parse(value: &[u8], length: u64) -> Option<Asked> {
    let (unit, set) = value.split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let mut range = None;
    // A list may have empty members (section 5.6.1.2).
    for member in set.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        if member.is_empty() {
            continue;
        }
        if range.replace(member).is_some() {
            return None;
        }
    }
    let range = range?;
    let dash = range.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (&range[..dash], &range[dash + 1..]);
    Some(match (first, last) {
        // The last so many. Of nothing, all of it is nothing, which no part can be.
        (b"", suffix) => match number(suffix)? {
            0 => Asked::Nothing,
            _ if length == 0 => Asked::Whole,
            suffix => Asked::Part(length.saturating_sub(suffix)..length),
        },
        (first, b"") => from(number(first)?, length, length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            from(first, last.saturating_add(1), length)
        }
    })
}

fn from(first: u64, end: u64, length: u64) -> Asked {
    if first >= length {
        return Asked::Nothing;
    }
    Asked::Part(first..end.min(length))
}

/// Digits alone. What is too large for a number of ours is larger than any file.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let push = |number: u64, digit: &u8| {
        let number = number.saturating_mul(10);
        number.saturating_add(u64::from(digit - b'0'))
    };
    Some(digits.iter().fold(0, push))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_1000(value: &str) -> Asked {
        asked(&HeaderValue::from_str(value).expect("it is a value"), 1000)
    }

    #[test]
    fn a_part_is_what_it_says_as_far_as_there_is_something() {
        for (value, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-499", 0..500),
            ("bytes=500-999", 500..1000),
            ("bytes=500-", 500..1000),
            ("bytes=999-", 999..1000),
            ("bytes=-1", 999..1000),
            ("bytes=-500", 500..1000),
            ("bytes=-1000", 0..1000),
            ("bytes=-5000", 0..1000),
            ("bytes=0-5000", 0..1000),
            ("bytes=0-18446744073709551615", 0..1000),
            ("bytes=1-99999999999999999999999", 1..1000),
            ("BYTES=1-2", 1..3),
            ("bytes= 1-2 ,", 1..3),
        ] {
            assert_eq!(of_1000(value), Asked::Part(expected), "{value}");
        }
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for value in [
            "bytes=1000-",
            "bytes=1000-1001",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(of_1000(value), Asked::Nothing, "{value}");
        }
        assert_eq!(
            asked(&HeaderValue::from_static("bytes=0-"), 0),
            Asked::Nothing
        );
        assert_eq!(
            asked(&HeaderValue::from_static("bytes=-5"), 0),
            Asked::Whole
        );
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_as_if_not_said() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=1",
            "bytes=2-1",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=1 -2",
            "bytes =1-2",
            "bytes=0-0,2-2",
            "bytes=0-,0-,0-,0-",
            "lines=1-2",
            "bytes: 1-2",
        ] {
            assert_eq!(of_1000(value), Asked::Whole, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_outside(value in "[bB]ytes=[-, 0-9]{0,24}", length in any::<u64>()) {
            let value = HeaderValue::try_from(value).expect("it is a value");
            if let Asked::Part(part) = asked(&value, length) {
                prop_assert!(part.start < part.end && part.end <= length);
            }
        }

        #[test]
        fn what_is_written_is_what_is_read(first in any::<u64>(), more in any::<u64>(), length in 1..u64::MAX) {
            let last = first.saturating_add(more);
            let value = HeaderValue::try_from(format!("bytes={first}-{last}")).expect("it is a value");
            let expected = if first < length {
                Asked::Part(first..last.saturating_add(1).min(length))
            } else {
                Asked::Nothing
            };
            prop_assert_eq!(asked(&value, length), expected);
        }

        #[test]
        fn any_bytes_are_something(value in prop::collection::vec(any::<u8>(), 0..64), length in any::<u64>()) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                asked(&value, length);
            }
        }
    }
}
