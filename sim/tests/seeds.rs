//! Seeds that hold: the first ones, and for ever those that once found something.

use periplus_sim::campaign;
use std::ops::ControlFlow;

/// How many are played with every run of the tests.
const SEEDS: u64 = 500;

/// What once failed, and by what. Where scenarios are drawn otherwise later on, a seed is another scenario: then the fault is put
/// among the known ones (`sim/broken`), and the first seed that notices it takes the place.
const KEPT: [(u64, &str); 1] = [(
    298,
    "after a time-out, what the peer had named by SACK and never had was not sent again (RFC 2018 8): sacked-for-ever",
)];

#[test]
fn the_first_seeds_hold() {
    let totals = campaign::play((1, SEEDS), 2, |_, _| ControlFlow::Continue(()));
    assert_eq!(totals.seeds, SEEDS);
    assert!(totals.failures.is_empty(), "{:#?}", totals.failures);
    // an engine that does nothing would hold as well
    assert!(totals.bytes > SEEDS * 10_000, "{totals:?}");
}

#[test]
fn what_once_failed_holds() {
    for (seed, found) in KEPT {
        let broken = campaign::play_one(seed).broken;
        assert!(
            broken.is_none(),
            "seed {seed}, which found that {found}: {broken:?}"
        );
    }
}
