//! What crosses rooms: the support of the tests in `rooms.rs` and `interfaces.rs`.
//!
//! In `rooms.rs` whole stacks run on virtual time; nothing reads a clock or waits, so every test gives the same frames whenever
//! it is run. In `interfaces.rs` the peer is the host's kernel, in a network namespace of the test's own.
//!
//! - [`Script`] is one stack facing peers that are played by the test, in packetdrill's notation.
//! - [`Pair`] is two stacks joined by a cable that may be faulty.
//! - [`in_namespace`] and [`in_namespace_with_tap`] run a test in a network namespace.

mod support;

pub use support::*;
