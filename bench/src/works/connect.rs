//! W2: a connection for one request: three frames of the handshake, the request in the fourth, the answer, and the end of
//! both directions.

use super::{REQUEST, Work, request_answer};
use crate::bench::{Bench, Watch};
use crate::client::Frame;
use crate::stacks::{BURST, Stack};
use std::time::Duration;

/// The client closes first: nothing is left at the server.
pub(crate) struct ClientClosesFirst;
/// The server closes first: a TIME-WAIT is left there.
pub(crate) struct ServerClosesFirst;
/// As many connections as a burst has frames, step by step, the clients close first.
pub(crate) struct ConnectBurst;

/// Time between two connections of which the server closes first. A TIME-WAIT of a minute so has 60,000 of its kind
/// around it, fewer than are kept at most, and one expires for each that begins.
const PAUSE: Duration = Duration::from_millis(1);

impl Work for ClientClosesFirst {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(_: &mut Bench<S>, _: &mut impl Watch) {}

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        open(bench, watch);
        bench.send_from_each(watch, Frame::Data);
        serve(bench, watch, false);
        bench.send_from_each(watch, Frame::Fin);
        serve(bench, watch, false);
        bench.send_from_each(watch, Frame::Ack);
        serve(bench, watch, false);
        assert!(bench.client.connection().ended, "the server did not close");
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
        assert!(bench.client.connection().ended, "the server did not close");
        bench.send(watch, Frame::Fin);
        serve(bench, watch, true);
        bench.now += PAUSE;
    }
}

impl Work for ConnectBurst {
    const PAYLOAD: usize = REQUEST;
    const CONNECTIONS: usize = BURST;
    const BURST: usize = BURST;

    fn prepare<S: Stack>(_: &mut Bench<S>, _: &mut impl Watch) {}

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        ClientClosesFirst::iterate(bench, watch);
    }
}

#[inline]
fn open<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    for index in 0..bench.client.connections().len() {
        bench.client.select(index);
        bench.client.begin();
    }
    bench.send_from_each(watch, Frame::Syn);
    serve(bench, watch, false);
    assert!(
        bench.client.connection().connected,
        "the SYN was not answered"
    );
    bench.send_from_each(watch, Frame::Ack);
    serve(bench, watch, false);
}

/// The backend does what there is to do: accepts, answers, closes.
#[inline]
fn serve<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch, closes_first: bool) {
    bench.accept_all();
    let mut acted = false;
    bench.read_all(watch, |bench, watch, served| {
        let asked = served.bytes > 0;
        if asked {
            request_answer::answer(bench, watch, served.connection);
        }
        if served.ended || asked && closes_first {
            bench.stack.close(bench.now, served.connection);
        }
        acted |= served.ended || asked;
    });
    if acted {
        bench.turn(watch);
    }
}
