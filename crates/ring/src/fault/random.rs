//! Chance that can be repeated.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014): small, even enough, and the same everywhere.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// True with `probability`: never with 0, always with 1.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        // 53 bits are what a float between 0 and 1 holds
        let number = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        number < probability
    }

    /// A time of at most `longest`.
    pub(super) fn up_to(&mut self, longest: Duration) -> Duration {
        let nanoseconds = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(scale(self.next(), nanoseconds.saturating_add(1)))
    }
}

/// Brings `number`, any of 64 bits, into `0..end`, evenly.
pub(super) fn scale(number: u64, end: u64) -> u64 {
    ((u128::from(number) * u128::from(end)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference_implementation() {
        let mut random = Random::new(1_234_567);
        let numbers: Vec<_> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn never_always_and_about_a_third() {
        let mut random = Random::new(0);
        let mut count = |probability| (0..3000).filter(|_| random.chance(probability)).count();
        assert_eq!((count(0.0), count(1.0)), (0, 3000));
        assert!((900..1100).contains(&count(1.0 / 3.0)));
    }

    #[test]
    fn times_stay_within_their_bound() {
        let mut random = Random::new(0);
        assert_eq!(random.up_to(Duration::ZERO), Duration::ZERO);
        let longest = Duration::from_nanos(3);
        let mut seen = [0; 4];
        (0..100).for_each(|_| seen[random.up_to(longest).as_nanos() as usize] += 1);
        assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    }
}
