//! Many seeds, on several threads.

use crate::invariants::Broken;
use crate::run::{Verdict, run, run_twice};
use crate::scenario::Scenario;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// One in so many seeds is played twice, to see whether it is the same.
const TWICE: u64 = 4;

/// A seed that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// What it broke.
    pub broken: Broken,
}

/// What seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Seeds played.
    pub seeds: u64,
    /// Frames that hosts sent in them.
    pub frames: u64,
    /// Bytes that users read.
    pub bytes: u64,
    /// The world's time, in seconds.
    pub seconds: u64,
    /// Those that failed, by seed.
    pub failures: Vec<Failure>,
}

/// Plays `seeds` seeds from `from` on, `threads` at a time. `after` hears of each, and may have it end there.
pub fn play(
    (from, seeds): (u64, u64),
    threads: u16,
    after: impl Fn(&Totals, Option<&Failure>) -> ControlFlow<()> + Sync,
) -> Totals {
    let next = AtomicU64::new(0);
    let totals = Mutex::new(Totals::default());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= seeds {
                return;
            }
            let seed = from.wrapping_add(place);
            let verdict = play_one(seed);
            let Ok(mut totals) = totals.lock() else {
                return;
            };
            let failure = totals.add(seed, verdict);
            if after(&totals, failure.as_ref()).is_break() {
                next.store(seeds, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut totals = totals.into_inner().unwrap_or_default();
    totals.failures.sort_by_key(|failure| failure.seed);
    totals
}

/// Plays one seed as a campaign does.
pub fn play_one(seed: u64) -> Verdict {
    let scenario = Scenario::draw(seed);
    if seed.is_multiple_of(TWICE) {
        run_twice(&scenario)
    } else {
        run(&scenario, false)
    }
}

impl Totals {
    fn add(&mut self, seed: u64, verdict: Verdict) -> Option<Failure> {
        self.seeds += 1;
        self.frames += verdict.frames;
        self.bytes += verdict.bytes;
        self.seconds += verdict.lasted.as_secs();
        let failure = verdict.broken.map(|broken| Failure { seed, broken });
        self.failures.extend(failure.clone());
        failure
    }
}
