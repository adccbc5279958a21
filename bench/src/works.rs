//! What is measured: a work each, the same for every stack.

mod connect;
mod crowd;
mod flood;
mod name;
mod request_answer;
mod stream;

pub(crate) use connect::{ClientClosesFirst, ConnectBurst, ServerClosesFirst};
pub(crate) use crowd::{Crowd, LOOKUP_BYTES};
pub(crate) use flood::Flood;
pub(crate) use name::{Name, Unit};
pub(crate) use request_answer::{RequestAnswer, RequestAnswerBurst, RequestAnswerWithTimestamps};
pub(crate) use stream::{
    ReceiveBurst, ReceiveInPlace, ReceiveSegments, ReceiveSmall, ReceiveSmallBurst, ReceiveSuper,
    Send,
};

use crate::bench::{Bench, Watch};
use crate::stacks::Stack;

/// Bytes of a request and of its answer.
pub(crate) const REQUEST: usize = 100;
pub(crate) const ANSWER: usize = 1024;

/// A work, done again and again on one stack.
pub(crate) trait Work {
    /// Payload bytes of the client's segments.
    const PAYLOAD: usize;
    /// The client's SYN offers timestamps.
    const TIMESTAMPS: bool = false;
    /// The backend reads in place.
    const IN_PLACE: bool = false;
    /// Frames of up to 64 KiB pass.
    const SUPER_FRAMES: bool = false;
    /// Most SYNs are of a flood.
    const FLOOD: bool = false;
    /// Connections at a time.
    const CONNECTIONS: usize = 1;
    /// How often the work is done at once, by frames that come together.
    const BURST: usize = 1;

    /// What comes before the first time.
    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch);

    /// What comes, while no time is taken, before it is done so often.
    fn plan<S: Stack>(_bench: &mut Bench<S>, _times: usize) {}

    /// Once, or as often as frames come together.
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch);
}
