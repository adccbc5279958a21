//! W3: a long stream in full segments, or in super-frames, received or sent. W6: the way in of one small segment.

use super::{REQUEST, Work};
use crate::bench::{Bench, Watch};
use crate::client::{Frame, MSS};
use crate::stacks::{BURST, SUPER, Stack};

/// Bytes of which a sending stack is told with an ACK.
pub(super) const ACKNOWLEDGED: usize = 2 * MSS;

/// Bytes that the sending backend offers at a time.
const PIECE: usize = 16 * 1024;
const SUPER_PIECE: usize = 64 * 1024;

/// A stream is received in segments of `PAYLOAD` bytes, so many of them before a turn. The backend reads by copies.
pub(crate) struct Receive<const PAYLOAD: usize, const AT_ONCE: usize>;
/// The same, with a backend that looks at what came where it lies.
pub(crate) struct ReceiveInPlace<const PAYLOAD: usize>;
/// A small segment on each of as many connections as a burst has frames.
pub(crate) struct ReceiveSmallBurst;
/// A stream is sent, in super-frames if `SUPER_FRAMES`.
pub(crate) struct Send<const SUPER_FRAMES: bool>;

/// W3r, and in a burst; W6; W3gr.
pub(crate) type ReceiveSegments = Receive<MSS, 1>;
pub(crate) type ReceiveBurst = Receive<MSS, BURST>;
pub(crate) type ReceiveSmall = Receive<REQUEST, 1>;
pub(crate) type ReceiveSuper = Receive<SUPER, 1>;

/// For the record, the stream is one request that goes on.
fn begin<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    bench.connect(watch);
    bench.send_from_each(watch, Frame::Data);
    bench.read_all(watch, |bench, _, served| {
        bench.stack.request(bench.now, served.connection, 0, None);
    });
}

impl<const PAYLOAD: usize, const AT_ONCE: usize> Work for Receive<PAYLOAD, AT_ONCE> {
    const PAYLOAD: usize = PAYLOAD;
    const BURST: usize = AT_ONCE;
    const SUPER_FRAMES: bool = PAYLOAD == SUPER;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        begin(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send_burst(watch, Frame::Data, AT_ONCE);
        bench.read_all(watch, |_, _, _| {});
    }
}

impl<const PAYLOAD: usize> Work for ReceiveInPlace<PAYLOAD> {
    const PAYLOAD: usize = PAYLOAD;
    const IN_PLACE: bool = true;
    const SUPER_FRAMES: bool = PAYLOAD == SUPER;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        begin(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send(watch, Frame::Data);
        bench.read_all_in_place(watch);
    }
}

impl Work for ReceiveSmallBurst {
    const PAYLOAD: usize = REQUEST;
    const CONNECTIONS: usize = BURST;
    const BURST: usize = BURST;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        begin(bench, watch);
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.send_from_each(watch, Frame::Data);
        bench.read_all(watch, |_, _, _| {});
    }
}

/// The answer to one request that goes on. The client acknowledges every second segment, or as many bytes as a super-frame
/// has, and its window is less than waits to be sent.
impl<const SUPER_FRAMES: bool> Work for Send<SUPER_FRAMES> {
    const PAYLOAD: usize = REQUEST;
    const SUPER_FRAMES: bool = SUPER_FRAMES;

    fn prepare<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        bench.connect(watch);
        bench.send(watch, Frame::Data);
        bench.client.holds_acks = true;
        bench.read_all(watch, |bench, _, served| {
            let (stack, now) = (&mut bench.stack, bench.now);
            stack.request(now, served.connection, 0, Some(REQUEST as u64));
            stack.answer(now, served.connection, 0, None);
        });
        write::<SUPER_FRAMES, _>(bench, watch);
        bench.turn(watch);
        bench.moved = 0;
    }

    #[inline]
    fn iterate<S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
        let most = if SUPER_FRAMES { SUPER } else { ACKNOWLEDGED };
        let mut acknowledged = bench.client.acknowledge(most as u32);
        while acknowledged == 0 {
            bench.wait(watch);
            acknowledged = bench.client.acknowledge(most as u32);
        }
        bench.moved += u64::from(acknowledged);
        bench.send(watch, Frame::Ack);
        write::<SUPER_FRAMES, _>(bench, watch);
    }
}

#[inline]
fn write<const SUPER_FRAMES: bool, S: Stack>(bench: &mut Bench<S>, watch: &mut impl Watch) {
    let Some(connection) = bench.newest else {
        return;
    };
    let piece = if SUPER_FRAMES { SUPER_PIECE } else { PIECE };
    while bench.stack.is_writable(connection) {
        let taken = bench.write(watch, connection, piece);
        if taken == 0 {
            return;
        }
        bench.written += taken as u64;
    }
}
