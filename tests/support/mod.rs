//! What the tests drive stacks with.

mod content;
mod datagram;
mod host;
mod namespace;
pub mod notation;
mod packet;
mod pair;
mod responder;
mod script;
mod segment;
mod stream;
mod tap;
mod watched;

pub use content::content;
pub use datagram::Datagram;
pub use host::Host;
pub use namespace::{in_namespace, in_namespace_with_tap};
pub use packet::packet;
pub use pair::{Cable, Pair, options};
pub use responder::{ANSWER, REQUEST, Responder};
pub use script::{PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Script, arp_frame};
pub use segment::Segment;
pub use stream::Stream;
pub use tap::Tap;
pub use watched::{Looks, Watched};
