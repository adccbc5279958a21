//! Chance that can be repeated: everything in a simulation is drawn from its seed.

use std::ops::RangeInclusive;
use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers that begin at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any of 64 bits.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Numbers of their own, for a part that may come to need more or fewer of them.
    pub fn fork(&mut self) -> Self {
        Self(self.number())
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(end)) >> 64) as u64
    }

    /// A number of `range`.
    pub fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// A number of `range` whose order of magnitude is as likely as any other's; it does not begin at 0.
    pub fn magnitude(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = (*range.start() as f64, *range.end() as f64);
        let number = (low.ln() + self.fraction() * (high / low).ln()).exp();
        (number.round() as u64).clamp(*range.start(), *range.end())
    }

    /// A time whose order of magnitude is as likely as any other's.
    pub fn time(&mut self, range: RangeInclusive<Duration>) -> Duration {
        let nanoseconds = |time: &Duration| (time.as_nanos() as u64).max(1);
        let range = nanoseconds(range.start())..=nanoseconds(range.end());
        Duration::from_nanos(self.magnitude(range))
    }

    /// From 0, below 1.
    pub fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with `probability`.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// True once in `many` times.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// One of `choices`.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_ranges_and_reach_both_ends() {
        let mut random = Random::new(1);
        let drawn: Vec<_> = (0..1000).map(|_| random.between(3..=5)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&5));
        let drawn: Vec<_> = (0..1000).map(|_| random.magnitude(1..=1_000_000)).collect();
        assert!(drawn.iter().all(|number| (1..=1_000_000).contains(number)));
        let small = drawn.iter().filter(|&&number| number < 1000).count();
        assert!((400..600).contains(&small), "half the magnitudes: {small}");
    }

    #[test]
    fn a_fork_goes_its_own_way() {
        let (mut one, mut other) = (Random::new(1), Random::new(1));
        let mut fork = one.fork();
        let _ = other.fork();
        let _ = fork.number();
        assert_eq!(one.number(), other.number());
    }
}
