//! Sizes and times, written with their unit.

use std::time::Duration;

/// What a size is, in an error.
pub(super) const A_SIZE: &str = "a size in B, KiB, MiB or GiB, as \"64 MiB\"";

/// What a time is, in an error.
pub(super) const A_TIME: &str = "a time in ms, s, min, h or d, as \"15 s\"";

/// A number, and the unit behind it: with a blank between them or without.
fn number_and_unit(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    (number, unit.strip_prefix(' ').unwrap_or(unit))
}

/// A number of B, KiB, MiB or GiB.
pub(super) fn size(text: &str) -> Option<usize> {
    let (number, unit) = number_and_unit(text);
    let shift = match unit {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    let number: usize = number.parse().ok()?;
    number.checked_mul(1 << shift)
}

/// A number of milliseconds, seconds, minutes, hours or days. None is 0: it would be over before it began.
pub(super) fn time(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let number: u32 = number.parse().ok().filter(|&number| number > 0)?;
    Some(Duration::from_millis(u64::from(number) * milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_before_the_unit_may_be_left_out_and_the_unit_may_not() {
        assert_eq!(size("64 MiB"), Some(64 << 20));
        assert_eq!(size("64MiB"), Some(64 << 20));
        assert_eq!(time("90s"), Some(Duration::from_secs(90)));
        assert_eq!(time("5min"), Some(Duration::from_secs(300)));
        for wrong in [
            "", " ", "64", "MiB", " MiB", "64  MiB", "64 MiB ", "6.4 MiB", "64mib", "-1 B",
        ] {
            assert_eq!(size(wrong), None, "{wrong:?}");
        }
        for wrong in ["", "15", "s", "30 sec", "0 s", "0s", "+1 s", "1 m"] {
            assert_eq!(time(wrong), None, "{wrong:?}");
        }
    }
}
