//! Nanoseconds to the sheet's units, and where the ticks are.

/// A stretch of time laid along a stretch of the sheet. Linear: twice the time is twice the length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The stretch of time, nanoseconds.
    pub(super) from: u64,
    pub(super) to: u64,
    /// The stretch of the sheet.
    pub(super) left: f64,
    pub(super) right: f64,
}

/// A mark on the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) label: String,
}

/// No more than this many steps on an axis: labels need room to be read.
const MOST_STEPS: u64 = 7;

impl Scale {
    /// Where a moment lies on the sheet; moments outside the stretch are put at its ends.
    pub(super) fn x(&self, ns: u64) -> f64 {
        let span = (self.to - self.from).max(1) as f64;
        let part = (ns.clamp(self.from, self.to) - self.from) as f64 / span;
        self.left + part * (self.right - self.left)
    }

    /// Ticks at round times, counted from the beginning of the stretch.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let span = (self.to - self.from).max(1);
        let step = round_step(span);
        let (unit, name) = unit_of(span / step * step);
        let decimals = decimals_of(step, unit);
        (0..=span / step)
            .map(|count| count * step)
            .map(|ns| Tick {
                x: self.x(self.from + ns),
                label: match ns {
                    0 => "0".into(),
                    _ => format!("{:.decimals$} {name}", ns as f64 / unit as f64),
                },
            })
            .collect()
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50… that needs no more than the allowed steps.
fn round_step(span: u64) -> u64 {
    let mut decade = 1u64;
    loop {
        for factor in [1, 2, 5] {
            let step = decade.saturating_mul(factor);
            if span.div_ceil(step) <= MOST_STEPS {
                return step;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

/// One unit for the whole axis: the largest in which its last tick is at least 1.
fn unit_of(last: u64) -> (u64, &'static str) {
    [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")]
        .into_iter()
        .find(|&(unit, _)| last >= unit)
        .unwrap_or((1, "ns"))
}

/// How many decimals tell two neighbouring ticks apart.
fn decimals_of(step: u64, unit: u64) -> usize {
    let mut decimals = 0;
    let mut finest = unit;
    while finest > step {
        finest /= 10;
        decimals += 1;
    }
    decimals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(span: u64) -> String {
        let scale = Scale {
            from: 0,
            to: span,
            left: 0.0,
            right: 100.0,
        };
        scale
            .ticks()
            .into_iter()
            .map(|tick| tick.label)
            .collect::<Vec<_>>()
            .join("  ")
    }

    #[test]
    fn ticks_are_round_and_share_a_unit() {
        assert_eq!(
            labels(612_000),
            "0  100 µs  200 µs  300 µs  400 µs  500 µs  600 µs"
        );
        assert_eq!(
            labels(1_300_000),
            "0  0.2 ms  0.4 ms  0.6 ms  0.8 ms  1.0 ms  1.2 ms"
        );
        assert_eq!(labels(40_000_000), "0  10 ms  20 ms  30 ms  40 ms");
        assert_eq!(
            labels(70),
            "0  10 ns  20 ns  30 ns  40 ns  50 ns  60 ns  70 ns"
        );
        assert_eq!(
            labels(2_600_000_000),
            "0  0.5 s  1.0 s  1.5 s  2.0 s  2.5 s"
        );
        assert_eq!(labels(0), "0  1 ns");
    }

    #[test]
    fn the_scale_is_linear_and_ends_at_its_ends() {
        let scale = Scale {
            from: 1_000,
            to: 3_000,
            left: 200.0,
            right: 600.0,
        };
        let places = [0, 1_000, 1_500, 2_000, 3_000, 9_000].map(|ns| scale.x(ns));
        assert_eq!(places, [200.0, 200.0, 300.0, 400.0, 600.0, 600.0]);
    }
}
