//! W4: a SYN of a flood, each from somebody else who never answers. Honest clients are served meanwhile.

use super::{ClientClosesFirst, REQUEST, Work};
use crate::bench::{Bench, Watch};
use crate::client::Frame;
use crate::stacks::Stack;

/// SYNs, after each thousand of which an honest client connects, asks and is answered.
pub(crate) struct Flood;

/// SYNs after which the queue of half-open connections is full, and those for each honest client.
const FILLING: u32 = 10_000;
const FOR_EACH_HONEST: usize = 1000;

impl Work for Flood {
    const PAYLOAD: usize = REQUEST;
    const FLOOD: bool = true;
    const BURST: usize = FOR_EACH_HONEST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        if !S::SERVES_IN_A_FLOOD {
            // All that can be had by a user is in use.
            bench.connect(watch);
        }
        for _ in 0..FILLING {
            flood(bench, watch);
        }
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        for _ in 0..FOR_EACH_HONEST {
            flood(bench, watch);
        }
        if S::SERVES_IN_A_FLOOD {
            ClientClosesFirst::iterate(bench, watch);
        }
    }
}

#[inline]
fn flood<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    bench.client.looks_away = true;
    bench.send(watch, Frame::Flood);
    bench.client.looks_away = false;
}
