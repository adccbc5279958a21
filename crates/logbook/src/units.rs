//! Numbers as people read them.

/// A time with three digits that count: `840 ns`, `3.12 µs`, `41.0 µs`, `130 µs`, `1.20 ms`, `2.50 s`.
pub fn time(ns: u64) -> String {
    if ns < 1000 {
        return format!("{ns} ns");
    }
    let (mut value, mut unit) = (ns as f64 / 1e3, "µs");
    // 999.5 would be shown as 1000 of its unit: it is 1.00 of the next.
    for next in ["ms", "s"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1e3, next);
    }
    let decimals = decimals(value);
    format!("{value:.decimals$} {unit}")
}

/// Bytes with three digits that count: `840 B`, `1.50 KiB`, `512 KiB`, `2.00 MiB`.
pub fn bytes(count: u64) -> String {
    if count < 1024 {
        return format!("{count} B");
    }
    let (mut value, mut unit) = (count as f64 / 1024.0, "KiB");
    // 1023.5 would be shown as 1024 of its unit: it is 1.00 of the next.
    for next in ["MiB", "GiB"] {
        if value < 1023.5 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    let decimals = decimals(value);
    format!("{value:.decimals$} {unit}")
}

/// So that three digits count.
fn decimals(value: f64) -> usize {
    if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    }
}

/// A count with its thousands apart: `1,048,576`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and what is counted, in the singular or the plural: `1 byte`, `1,023 bytes`.
pub fn counted(count: u64, one: &str) -> String {
    format!(
        "{} {one}{}",
        grouped(count),
        if count == 1 { "" } else { "s" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_three_digits_and_change_unit_where_they_round_up() {
        let shown = [
            0,
            999,
            1_000,
            9_994,
            9_996,
            99_940,
            99_960,
            999_499,
            999_500,
            41_000_000,
            2_500_000_000,
        ]
        .map(time)
        .join("  ");
        assert_eq!(
            shown,
            "0 ns  999 ns  1.00 µs  9.99 µs  10.0 µs  99.9 µs  100 µs  999 µs  1.00 ms  41.0 ms  2.50 s"
        );
        assert_eq!(time(86_400_000_000_000), "86400 s");
    }

    #[test]
    fn bytes_keep_three_digits_and_change_unit_where_they_round_up() {
        let shown = [
            0,
            1_023,
            1_024,
            1_536,
            14_600,
            524_288,
            1_048_063,
            1_048_064,
            1 << 30,
            u64::MAX,
        ]
        .map(bytes)
        .join("  ");
        assert_eq!(
            shown,
            "0 B  1023 B  1.00 KiB  1.50 KiB  14.3 KiB  512 KiB  1023 KiB  1.00 MiB  1.00 GiB  17179869184 GiB"
        );
    }

    #[test]
    fn counts_are_grouped_and_inflected() {
        assert_eq!(counted(0, "byte"), "0 bytes");
        assert_eq!(counted(1, "byte"), "1 byte");
        assert_eq!(counted(1_023, "byte"), "1,023 bytes");
        assert_eq!(counted(10_485_760, "byte"), "10,485,760 bytes");
    }
}
