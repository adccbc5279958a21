//! W2: a connection for one request: three frames of the handshake, the request in the fourth, the answer, and the end of
//! both directions.

use super::{REQUEST, Work, request_answer};
use crate::bench::{Bench, Watch};
use crate::client::Frame;
use crate::stacks::Stack;
use std::time::Duration;

/// The client closes first: nothing is left at the server.
pub(crate) struct ClientClosesFirst;
/// The server closes first: a TIME-WAIT is left there.
pub(crate) struct ServerClosesFirst;

/// Time between two connections of which the server closes first. A TIME-WAIT of a minute so has 60,000 of its kind
/// around it, fewer than are kept at most, and one expires for each that begins.
const PAUSE: Duration = Duration::from_millis(1);

impl Work for ClientClosesFirst {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(_: &mut Bench<S>, _: &mut impl Watch) {}

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        open(bench, watch);
        bench.send(watch, Frame::Data);
        serve(bench, watch, false);
        bench.send(watch, Frame::Fin);
        serve(bench, watch, false);
        bench.send(watch, Frame::Ack);
        serve(bench, watch, false);
        assert!(bench.client.ended, "the server did not close");
    }
}

impl Work for ServerClosesFirst {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(_: &mut Bench<S>, _: &mut impl Watch) {}

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        open(bench, watch);
        bench.send(watch, Frame::Data);
        serve(bench, watch, true);
        assert!(bench.client.ended, "the server did not close");
        bench.send(watch, Frame::Fin);
        serve(bench, watch, true);
        bench.now += PAUSE;
    }
}

#[inline]
fn open<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    bench.client.begin();
    (bench.read, bench.written) = (0, 0);
    bench.send(watch, Frame::Syn);
    serve(bench, watch, false);
    assert!(bench.client.connected, "the SYN was not answered");
    bench.send(watch, Frame::Ack);
    serve(bench, watch, false);
}

/// The backend does what there is to do: accepts, answers, closes.
#[inline]
fn serve<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch, closes_first: bool) {
    bench.stack.accept(bench.now);
    if !bench.stack.is_readable() {
        return;
    }
    let before = bench.read;
    let ended = bench.read_all(watch);
    let asked = bench.read > before;
    if asked {
        request_answer::answer(bench, watch);
    }
    if ended || asked && closes_first {
        bench.stack.close(bench.now);
    }
    if ended || asked {
        bench.turn(watch);
    }
}
