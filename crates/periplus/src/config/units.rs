//! Sizes and times, written with their unit.

use std::time::Duration;

/// What a size is, in an error.
pub(super) const A_SIZE: &str = "a size, as \"64 MiB\"";

/// What a time is, in an error.
pub(super) const A_TIME: &str = "a time, as \"15 s\"";

/// A number of B, KiB, MiB or GiB.
pub(super) fn size(text: &str) -> Option<usize> {
    let (number, unit) = text.split_once(' ')?;
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
    let (number, unit) = text.split_once(' ')?;
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
