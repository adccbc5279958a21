//! What crosses rooms: the support of the tests in `rooms.rs`. Whole stacks run here on virtual time; nothing reads a
//! clock or waits, so every test gives the same frames whenever it is run.
//!
//! - [`Script`] is one stack facing peers that are played by the test, in packetdrill's notation.
//! - [`Pair`] is two stacks joined by a cable that may be faulty.

#[path = "support/content.rs"]
mod content;
#[path = "support/host.rs"]
mod host;
#[path = "support/notation.rs"]
mod notation;
#[path = "support/pair.rs"]
mod pair;
#[path = "support/script.rs"]
mod script;
#[path = "support/segment.rs"]
mod segment;
#[path = "support/stream.rs"]
mod stream;
#[path = "support/tap.rs"]
mod tap;

pub use content::content;
pub use host::Host;
pub use pair::{Cable, Pair, options};
pub use script::Script;
pub use segment::Segment;
pub use stream::Stream;
pub use tap::Tap;
