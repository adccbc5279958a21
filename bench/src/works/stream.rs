//! W3: a long stream in full segments, received or sent. W6: the way in of one small segment.

use super::{REQUEST, Work};
use crate::bench::{Bench, Watch};
use crate::client::{Frame, MSS};
use crate::stacks::Stack;

/// Bytes that one iteration receives, or sends.
pub(super) const RECEIVED: u32 = MSS as u32;
pub(super) const SENT: u32 = 2 * MSS as u32;

/// Bytes that the sending backend offers at a time.
const PIECE: usize = 16 * 1024;

/// W3r: the backend reads by copies.
pub(crate) struct Receive;
/// W3r with a backend that looks at what came where it lies.
pub(crate) struct ReceiveInPlace;
/// W6.
pub(crate) struct ReceiveSmall;
/// W3s.
pub(crate) struct Send;

/// For the record, the stream is one request that goes on.
fn begin<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    bench.connect(watch);
    bench.read_all(watch);
    bench.stack.request(bench.now, 0, None);
}

#[inline]
fn receive<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    bench.send(watch, Frame::Data);
    if bench.stack.is_readable() {
        bench.read_all(watch);
    }
}

impl Work for Receive {
    const PAYLOAD: usize = MSS;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        begin(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        receive(bench, watch);
    }
}

impl Work for ReceiveInPlace {
    const PAYLOAD: usize = MSS;
    const IN_PLACE: bool = true;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        begin(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send(watch, Frame::Data);
        if bench.stack.is_readable() {
            bench.read_all_in_place(watch);
        }
    }
}

impl Work for ReceiveSmall {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        begin(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        receive(bench, watch);
    }
}

/// The answer to one request that goes on. The client acknowledges every second segment, and has a window of 64 KiB: less than waits to be sent.
impl Work for Send {
    const PAYLOAD: usize = REQUEST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.connect(watch);
        bench.send(watch, Frame::Data);
        bench.read_all(watch);
        bench.stack.request(bench.now, 0, Some(bench.read));
        bench.stack.answer(bench.now, 0);
        bench.client.holds_acks = true;
        write(bench, watch);
        bench.turn(watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        let sent = bench.client.acknowledge(SENT);
        assert!(sent, "the stack stopped sending");
        bench.send(watch, Frame::Ack);
        write(bench, watch);
    }
}

#[inline]
fn write<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    while bench.stack.is_writable() && bench.write(watch, PIECE) > 0 {}
}
