//! W1: a request of 100 bytes on an established connection, and its answer of 1 KiB. The next request acknowledges it.

use super::{ANSWER, REQUEST, Work};
use crate::bench::{Bench, Watch};
use crate::client::Frame;
use crate::stacks::{BURST, Stack};

/// One connection.
pub(crate) struct RequestAnswer;
/// One that has agreed on timestamps.
pub(crate) struct RequestAnswerWithTimestamps;
/// As many connections as a burst has frames, with a request each.
pub(crate) struct RequestAnswerBurst;

impl Work for RequestAnswer {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.connect(watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send_from_each(watch, Frame::Data);
        let mut asked = false;
        bench.read_all(watch, |bench, watch, served| {
            asked = true;
            answer(bench, watch, served.connection);
        });
        if asked {
            bench.turn(watch);
        }
        bench.read += REQUEST as u64;
        bench.written += ANSWER as u64;
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

impl Work for RequestAnswerBurst {
    const PAYLOAD: usize = REQUEST;
    const CONNECTIONS: usize = BURST;
    const BURST: usize = BURST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        RequestAnswer::prepare(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        RequestAnswer::iterate(bench, watch);
    }
}

/// The backend answers the request that it has just read.
#[inline]
pub(super) fn answer<S: Stack>(
    bench: &mut Bench<S>,
    watch: &mut impl Watch,
    connection: S::Connection,
) {
    let (now, read, written) = (bench.now, bench.read, bench.written);
    let stack = &mut bench.stack;
    stack.request(now, connection, read, Some(read + REQUEST as u64));
    let taken = bench.write(watch, connection, ANSWER);
    assert_eq!(taken, ANSWER, "no room for an answer");
    let end = written + ANSWER as u64;
    bench.stack.answer(now, connection, written, Some(end));
}
