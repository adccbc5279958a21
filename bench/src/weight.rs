//! Works that are weighed, not timed: the bytes that live on the heap, as the counting allocator knows them.

use crate::allocator::live;
use crate::bench::{Bench, Nobody};
use crate::contestant::ready;
use crate::stacks::{Setup, Stack};
use crate::works::{Flood, Work};

/// So many connections are idle when one is weighed: tables grow by leaps, and the worst place between two counts.
const CROWDS: [usize; 3] = [900_000, 1_000_000, 1_100_000];

/// Bytes that are kept of each of `times` SYNs of a flood, after the queue of half-open connections is full.
pub(crate) fn kept<S: Stack>(recording: bool, times: u32) -> f64 {
    let mut bench = ready::<S, Flood>(recording, &mut Nobody);
    let iterations = times as usize / Flood::BURST;
    for _ in 0..iterations / 4 {
        Flood::iterate(&mut bench, &mut Nobody);
    }
    let before = live();
    for _ in 0..iterations {
        Flood::iterate(&mut bench, &mut Nobody);
    }
    (live() - before) as f64 / f64::from(times)
}

/// Bytes that a connection costs of many that are established and idle, each with a reader that waits, by what `idle_of` says
/// of so many.
pub(crate) fn idle(idle_of: impl Fn(usize) -> f64) -> f64 {
    CROWDS.into_iter().map(idle_of).fold(0.0, f64::max)
}

/// What a connection costs of so many in a bare stack.
pub(crate) fn idle_of<S: Stack>(recording: bool, crowd: usize) -> f64 {
    let setup = Setup {
        recording,
        timestamps: false,
        super_frames: false,
        payload: 1,
        connections: crowd,
        burst: 1,
    };
    // What client and rings need is there before it is weighed.
    let mut bench = Bench::<S>::new(setup, &mut Nobody);
    let before = live();
    bench.connect(&mut Nobody);
    (live() - before) as f64 / crowd as f64
}
