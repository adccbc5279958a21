//! What crosses rooms: the support of the tests in `rooms.rs`. Whole stacks run here on virtual time; nothing reads a
//! clock or waits, so every test gives the same frames whenever it is run.
//!
//! - [`Script`] is one stack facing peers that are played by the test, in packetdrill's notation.
//! - [`Pair`] is two stacks joined by a cable that may be faulty.

mod support;

pub use support::*;
