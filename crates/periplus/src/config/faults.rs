//! What is wrong with a file: all of it, so that it is not found out one run after the other.

use crate::failure::{Failure, Kind};
use std::cell::RefCell;

/// The faults that were found so far, each with the offset at which it stands.
#[derive(Debug, Default)]
pub(super) struct Faults(RefCell<Vec<(usize, Failure)>>);

impl Faults {
    /// One more.
    pub(super) fn add(&self, offset: usize, fault: Failure) {
        self.0.borrow_mut().push((offset, fault));
    }

    /// All of them in the order of the file, or none.
    pub(super) fn end(self) -> Result<(), Vec<Failure>> {
        let mut faults = self.0.into_inner();
        faults.sort_by_key(|&(offset, _)| offset);
        if faults.is_empty() {
            return Ok(());
        }
        Err(faults.into_iter().map(|(_, fault)| fault).collect())
    }
}

/// A fault at a place.
pub(super) fn fault(what: String) -> Failure {
    Failure::new(Kind::Usage, what)
}
