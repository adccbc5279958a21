//! Seeds that hold: the first ones, and for ever those that once failed.

use periplus_sim::campaign;
use std::ops::ControlFlow;

/// How many are played with every run of the tests.
const SEEDS: u64 = 500;

#[test]
fn the_first_seeds_hold() {
    let totals = campaign::play((1, SEEDS), 2, |_, _| ControlFlow::Continue(()));
    assert_eq!(totals.seeds, SEEDS);
    assert!(totals.failures.is_empty(), "{:#?}", totals.failures);
    // an engine that does nothing would hold as well
    assert!(totals.bytes > SEEDS * 10_000, "{totals:?}");
}
