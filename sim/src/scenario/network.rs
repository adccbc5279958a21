//! Networks, drawn.

use super::PathLimit;
use crate::random::Random;
use periplus_ring::fault::{FaultOptions, LossBursts};
use periplus_ring::memory::LinkOptions;
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);

/// What two ways of a path have in common: how bad the network is in this scenario.
pub(super) struct Weather {
    loss: f64,
    bursts: bool,
    mark: f64,
    duplicate: f64,
    reorder: f64,
    corrupt: f64,
    delay: Duration,
    jitter: Duration,
    rate: Option<u64>,
}

impl Weather {
    /// Of each fault a third of the scenarios has none, so that every fault is also seen alone.
    pub(super) fn draw(random: &mut Random) -> Self {
        let mut perhaps = |most: f64| match random.below(3) {
            0 => 0.0,
            1 => random.fraction() * most / 10.0,
            _ => random.fraction() * most,
        };
        let loss = perhaps(0.3);
        let (mark, duplicate) = (perhaps(0.1), perhaps(0.2));
        let (reorder, corrupt) = (perhaps(0.3), perhaps(0.05));
        let delay = random.time(MILLISECOND / 20..=MILLISECOND * 150);
        Self {
            loss,
            bursts: random.one_in(3),
            mark,
            duplicate,
            reorder,
            corrupt,
            delay,
            jitter: if random.one_in(3) {
                delay.mul_f64(random.fraction())
            } else {
                Duration::ZERO
            },
            rate: random
                .one_in(2)
                .then(|| random.magnitude(1_000_000..=1_000_000_000)),
        }
    }

    /// One way of the path.
    pub(super) fn way(&self, random: &mut Random) -> FaultOptions {
        // One way may be better than the other.
        let share = random.pick(&[0.0, 0.5, 1.0, 1.0]);
        let bursts = LossBursts {
            begin: 0.002 + random.fraction() * 0.03,
            end: 0.05 + random.fraction() * 0.5,
            loss: random.pick(&[0.5, 0.9, 1.0]),
        };
        FaultOptions {
            seed: random.number(),
            loss: self.loss * share,
            bursts: (self.bursts && share > 0.0).then_some(bursts),
            mark: self.mark * share,
            duplicate: self.duplicate * share,
            reorder: self.reorder * share,
            reorder_delay: random.time(MILLISECOND..=self.delay * 3 + MILLISECOND * 2),
            corrupt: self.corrupt * share,
            delay: self.delay,
            jitter: self.jitter,
            rate: self.rate,
            longest_wait: self
                .rate
                .map(|_| random.time(MILLISECOND * 5..=MILLISECOND * 200)),
            limit: random.pick(&[50, 200, 1000]),
        }
    }
}

/// What is left of a way's faults when it heals: how long it is, and how wide.
pub(super) fn healed(faults: &FaultOptions) -> FaultOptions {
    FaultOptions {
        seed: faults.seed,
        delay: faults.delay,
        rate: faults.rate,
        ..FaultOptions::default()
    }
}

/// A link, and what of it the device does by itself.
pub(super) fn link(random: &mut Random) -> LinkOptions {
    LinkOptions {
        mtu: random.pick(&[576, 1280, 1500, 1500, 1500, 1500, 9000]),
        ring_size: random.pick(&[64, 256, 1024]),
        frames: random.pick(&[256, 2048, 4096]),
        frame_size: random.pick(&[512, 2048, 2048]),
        offloads: random.chance(0.6),
        drop_when_full: random.one_in(4),
    }
}

/// What packets the way from a host carries where a link carries `mtu`.
pub(super) fn path_limit(random: &mut Random, mtu: usize) -> Option<PathLimit> {
    let narrow = mtu > 600 && random.one_in(6);
    narrow.then(|| PathLimit {
        longest: random.between(576..=mtu as u64 - 1) as usize,
        is_black_hole: random.one_in(4),
    })
}
