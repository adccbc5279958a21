//! W1: a request of 100 bytes on an established connection, and its answer of 1 KiB. The next request acknowledges it.

use super::{ANSWER, REQUEST, Work};
use crate::bench::{Bench, Watch};
use crate::client::Frame;
use crate::stacks::Stack;

/// Without timestamps.
pub(crate) struct RequestAnswer;
/// With timestamps.
pub(crate) struct RequestAnswerWithTimestamps;

impl Work for RequestAnswer {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.connect(watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send(watch, Frame::Data);
        serve(bench, watch);
    }
}

impl Work for RequestAnswerWithTimestamps {
    const PAYLOAD: usize = REQUEST;
    const TIMESTAMPS: bool = true;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        RequestAnswer::prepare(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        RequestAnswer::iterate(bench, watch);
    }
}

/// The backend reads a request and answers it.
#[inline]
fn serve<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    if !bench.stack.is_readable() {
        return;
    }
    bench.read_all(watch);
    answer(bench, watch);
    bench.turn(watch);
}

/// The backend answers the request that it has just read.
#[inline]
pub(super) fn answer<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    let (now, read, written) = (bench.now, bench.read, bench.written);
    let start = read - REQUEST as u64;
    bench.stack.request(now, start, Some(read));
    bench.stack.answer(now, written);
    assert_eq!(bench.write(watch, ANSWER), ANSWER, "no room for an answer");
    bench.stack.answered(now, bench.written);
}
