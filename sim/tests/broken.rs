//! The known faults can still be built in.

use periplus_sim::broken::{Fault, root};

/// At least so many, or a folder that is not there would pass.
const LEAST: usize = 10;

#[test]
fn what_every_known_fault_changes_stands_in_the_sources_once() {
    let faults = Fault::all(&root()).unwrap_or_else(|error| panic!("{error}"));
    assert!(faults.len() >= LEAST, "{} faults", faults.len());
    for fault in &faults {
        let changed = fault
            .changed(&root())
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(!changed.is_empty(), "{} changes nothing", fault.name);
    }
}
