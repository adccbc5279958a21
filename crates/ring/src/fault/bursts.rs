//! Losses that come together.

use super::random::Random;

/// Two states of a link, each frame moving it from one to the other by chance (Gilbert, 1960, and Elliott, 1963): a good one that
/// loses nothing of itself, and a bad one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LossBursts {
    /// Probability that a burst begins with a frame.
    pub begin: f64,
    /// Probability that it ends with one: a burst lasts for 1 / `end` frames on average.
    pub end: f64,
    /// Probability that a frame is lost within one.
    pub loss: f64,
}

/// The state that a link is in. It has numbers of its own, so that bursts do not change what befalls the frames they leave.
#[derive(Debug)]
pub(super) struct BurstState {
    random: Random,
    bad: bool,
}

impl BurstState {
    pub(super) fn new(seed: u64) -> Self {
        let random = Random::new(seed ^ 0x6275_7273_7473_2121);
        Self { random, bad: false }
    }

    /// Whether the next frame is lost to a burst.
    pub(super) fn takes(&mut self, bursts: Option<&LossBursts>) -> bool {
        let Some(bursts) = bursts else {
            self.bad = false;
            return false;
        };
        let turn = if self.bad { bursts.end } else { bursts.begin };
        self.bad ^= self.random.chance(turn);
        let lost = self.random.chance(bursts.loss);
        self.bad && lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(bursts: LossBursts) -> Vec<bool> {
        let mut state = BurstState::new(1);
        (0..10_000).map(|_| state.takes(Some(&bursts))).collect()
    }

    #[test]
    fn losses_come_in_runs_of_the_length_asked_for() {
        let lost = losses(LossBursts {
            begin: 0.01,
            end: 0.1,
            loss: 1.0,
        });
        let runs = lost.chunk_by(|a, b| a == b).filter(|run| run[0]).count();
        let frames = lost.iter().filter(|&&lost| lost).count();
        assert!(
            (70..130).contains(&runs),
            "{runs} bursts, about 91 expected"
        );
        let length = frames as f64 / runs as f64;
        assert!(
            (8.0..12.0).contains(&length),
            "{length} frames each, 10 expected"
        );
    }

    #[test]
    fn within_a_burst_some_pass() {
        let lost = losses(LossBursts {
            begin: 1.0,
            end: 0.0,
            loss: 0.5,
        });
        let frames = lost.iter().filter(|&&lost| lost).count();
        assert!((4800..5200).contains(&frames), "{frames} lost of 10,000");
    }

    #[test]
    fn without_bursts_nothing_is_lost() {
        let mut state = BurstState::new(1);
        assert!((0..100).all(|_| !state.takes(None)));
    }
}
