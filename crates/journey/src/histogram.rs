//! Durations, counted in buckets.

use std::time::Duration;

const SUB_BUCKET_BITS: u32 = 2;
const SUB_BUCKETS: usize = 1 << SUB_BUCKET_BITS;
const BUCKETS: usize = 64 * SUB_BUCKETS;

/// A histogram of durations: four buckets an octave, so a value is known to within a quarter of itself. Fixed size.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    count: u64,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: Box::new([0; BUCKETS]),
            count: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanoseconds)] += 1;
        self.count += 1;
        self.max = self.max.max(duration);
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest of them.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// The upper edge of the bucket in which the quantile `q` (0 to 1) lies, never more than the longest; `None` if empty.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Some(Duration::from_nanos(upper_edge(index)).min(self.max));
            }
        }
        Some(self.max)
    }
}

fn bucket(nanoseconds: u64) -> usize {
    if nanoseconds < SUB_BUCKETS as u64 {
        return nanoseconds as usize;
    }
    let octave = 63 - nanoseconds.leading_zeros();
    let sub_bucket = (nanoseconds >> (octave - SUB_BUCKET_BITS)) as usize & (SUB_BUCKETS - 1);
    (octave - SUB_BUCKET_BITS + 1) as usize * SUB_BUCKETS + sub_bucket
}

fn upper_edge(index: usize) -> u64 {
    if index < SUB_BUCKETS {
        return index as u64;
    }
    let octave = (index / SUB_BUCKETS) as u32 + SUB_BUCKET_BITS - 1;
    let sub_bucket = (index % SUB_BUCKETS) as u64;
    let width = 1u64 << (octave - SUB_BUCKET_BITS);
    (1u64 << octave)
        .saturating_add(sub_bucket * width)
        .saturating_add(width - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_quarter() {
        let mut histogram = Histogram::default();
        for microseconds in 1..=1000 {
            histogram.record(Duration::from_micros(microseconds));
        }
        let median = histogram.quantile(0.5).unwrap().as_micros();
        assert!((500..=625).contains(&median), "{median}");
        assert_eq!(histogram.quantile(1.0), Some(Duration::from_micros(1000)));
    }

    #[test]
    fn every_value_lies_at_or_under_its_bucket_edge() {
        for shift in 0..64 {
            for value in [
                1u64 << shift,
                (1u64 << shift) + 1,
                (1u64 << shift).wrapping_sub(1),
            ] {
                assert!(value <= upper_edge(bucket(value)), "{value}");
            }
        }
    }
}
