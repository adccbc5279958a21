//! The limit on answers to segments that are out of window, for each connection (`tcp_invalid_ratelimit`): two ends that think
//! each other's ACKs out of window would answer each other for ever.

use crate::Sysctls;
use periplus_journey::Instant;

/// When the last such answer was given, coarsely: milliseconds since the start and one, 0 for never. It fits into a compact
/// record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastAnswer(u32);

impl LastAnswer {
    /// Whether another answer would come too soon. If not, this is one.
    pub fn is_limited(&mut self, now: Instant, sysctls: &Sysctls) -> bool {
        let now = (now.as_millis() as u32).wrapping_add(1).max(1);
        let elapsed = now.wrapping_sub(self.0);
        if self.0 != 0 && u128::from(elapsed) < sysctls.tcp_invalid_ratelimit.as_millis() {
            return true;
        }
        self.0 = now;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_answer_in_tcp_invalid_ratelimit() {
        let mut last = LastAnswer::default();
        let sysctls = Sysctls::default();
        assert!(!last.is_limited(Instant::ZERO, &sysctls));
        assert!(last.is_limited(Instant::from_millis(499), &sysctls));
        assert!(!last.is_limited(Instant::from_millis(500), &sysctls));
        assert!(last.is_limited(Instant::from_millis(999), &sysctls));
        let unlimited = Sysctls {
            tcp_invalid_ratelimit: Duration::ZERO,
            ..sysctls
        };
        assert!(!last.is_limited(Instant::from_millis(999), &unlimited));
    }

    #[test]
    fn the_clock_of_32_bits_may_wrap() {
        let mut last = LastAnswer::default();
        let sysctls = Sysctls::default();
        let wraps = u64::from(u32::MAX);
        for (millis, limited) in [(wraps - 2, false), (wraps + 10, true), (wraps + 500, false)] {
            assert_eq!(
                last.is_limited(Instant::from_millis(millis), &sysctls),
                limited
            );
        }
    }
}
