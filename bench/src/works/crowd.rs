//! W5: what W6 does, one segment until the reader has it, where many connections wait for one, and it comes to a random one
//! of them.

use super::{REQUEST, Work};
use crate::bench::{Bench, Nobody, Watch};
use crate::client::Frame;
use crate::stacks::Stack;

/// So many connections, of which so many get a segment before the stack has a turn.
pub(crate) struct Crowd<const CONNECTIONS: usize, const AT_ONCE: usize>;

/// Bytes of the memory in which a dependent look-up is measured: what a million connections would take at the 256 bytes that
/// one is wished to cost.
pub(crate) const LOOKUP_BYTES: usize = 256 << 20;

impl<const CONNECTIONS: usize, const AT_ONCE: usize> Work for Crowd<CONNECTIONS, AT_ONCE> {
    const PAYLOAD: usize = REQUEST;
    const CONNECTIONS: usize = CONNECTIONS;
    const BURST: usize = AT_ONCE;

    fn prepare<S: Stack>(bench: &mut Bench<S>, _: &mut impl Watch) {
        // Nobody looks on: they are too many.
        bench.connect(&mut Nobody);
        bench.client.looks_away = true;
    }

    fn plan<S: Stack>(bench: &mut Bench<S>, times: usize) {
        bench.client.plan(times);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send_burst(watch, Frame::Planned, AT_ONCE);
        bench.read_all(watch, |_, _, _| {});
    }
}
