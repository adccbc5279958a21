//! The contestants: a stack each, as a server with its backend's calls.

mod incoming;
#[cfg(feature = "lwip")]
mod lwip;
mod nothing;
mod outgoing;
mod periplus;
mod slots;
mod smoltcp;

#[cfg(feature = "lwip")]
pub(crate) use lwip::Lwip;
pub(crate) use nothing::Nothing;
pub(crate) use periplus::{Periplus, Port, options};
pub(crate) use slots::Slots;
pub(crate) use smoltcp::Smoltcp;

use crate::client::{MSS, SLOT};
use incoming::Incoming;
use outgoing::Outgoing;
use periplus_journey::Instant;
use std::fmt::Debug;
use std::net::SocketAddrV4;

/// Frames that may come before a turn.
pub(crate) const BURST: usize = 32;
/// Bytes that a connection's receive and send buffer hold, either stack: Periplus' default.
pub(crate) const BUFFER: usize = 512 * 1024;
/// Payload bytes of a super-frame: 42 segments, of those that a frame of 64 KiB can stand for.
pub(crate) const SUPER: usize = 42 * MSS;

/// How a stack is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Journeys are recorded, and the backend marks its requests.
    pub(crate) recording: bool,
    /// The client's SYN offers timestamps, and the stack answers them: Periplus as it comes, smoltcp with a clock given to it.
    pub(crate) timestamps: bool,
    /// Frames of up to 64 KiB pass.
    pub(crate) super_frames: bool,
    /// Payload bytes of the client's segments.
    pub(crate) payload: usize,
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Frames that come before a turn.
    pub(crate) burst: usize,
}

impl Setup {
    /// Slots of the receive ring, taken in turn; and of the transmit ring.
    pub(crate) fn slots(&self) -> usize {
        match self {
            Self {
                super_frames: true, ..
            } => 128,
            // Periplus lets a connection keep a 64th of the frames: all of a burst.
            Self {
                connections: 1,
                burst: BURST,
                ..
            } => 64 * BURST,
            _ => 256,
        }
    }

    /// Bytes of each.
    pub(crate) fn slot(&self) -> usize {
        if self.super_frames {
            64 * 1024 + 128
        } else {
            SLOT
        }
    }
}

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// So many bytes.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// The client has closed its direction.
    End,
}

/// A stack that listens on one port, and what its backend calls.
pub(crate) trait Stack: Sized {
    /// What it sends can be shown to a referee.
    const IS_STACK: bool;
    /// The backend can read in place, without a copy.
    const READS_IN_PLACE: bool;
    /// The MSS that the client offers where super-frames pass, none if they cannot: that of the wire where the device is to
    /// cut them, or that of a link whose MTU is 64 KiB.
    const SUPER_MSS: Option<u16>;
    /// It answers timestamps with its own.
    const HAS_TIMESTAMPS: bool = true;
    /// A window's right edge may move left by what its field cannot express (RFC 7323 section 2.4).
    const ROUNDS_WINDOWS: bool = false;
    /// Bytes that a connection's window can offer.
    const WINDOW: usize = BUFFER;
    /// How many connections it is worth asking to keep.
    const MOST_CONNECTIONS: usize;
    /// What it keeps of half-open connections has a bound.
    const SURVIVES_A_FLOOD: bool = true;
    /// Honest clients are served while others only send SYNs.
    const SERVES_IN_A_FLOOD: bool;

    /// A connection, as the backend names it.
    type Connection: Copy + Debug;

    fn new(setup: Setup) -> Self;

    /// Shows every slot of the receive ring, none of which is in use.
    fn slots(&mut self, each: impl FnMut(&mut [u8]));

    /// A frame comes: `write` writes it into the next slot and says how long it is. (If that is longer than the slot, its
    /// payload goes on in others.) Up to [`BURST`] may come before a turn.
    fn deliver(&mut self, now: Instant, write: impl FnOnce(&mut [u8]) -> usize);

    /// A frame comes in a buffer of its own, so that no slot changes.
    fn deliver_apart(&mut self, frame: &[u8]);

    /// The whole frame that came last, where the slot that was shown is not all of it.
    fn last_arrived(&self) -> Vec<u8> {
        unreachable!("every frame is in a slot")
    }

    /// One look at the ring and the timers: takes what came, sends what may be sent.
    fn turn(&mut self, now: Instant);

    /// Takes the frames that left.
    fn take_sent(&mut self, each: impl FnMut(&[u8]));

    /// Takes a new connection, if there is one.
    fn accept(&mut self, now: Instant) -> Option<Self::Connection>;

    /// Who is at the other end.
    fn peer(&self, connection: Self::Connection) -> SocketAddrV4;

    /// A connection of which the stack has told its backend that a read is worth while. The backend then reads until there
    /// is [nothing](Taken::Nothing) more, or the end.
    fn next_readable(&mut self) -> Option<Self::Connection>;

    /// Reads into `buffer`.
    fn read(&mut self, now: Instant, connection: Self::Connection, buffer: &mut [u8]) -> Taken;

    /// Shows what comes next in place, and takes it.
    fn read_in_place(
        &mut self,
        _now: Instant,
        _connection: Self::Connection,
        _each: impl FnMut(&[u8]),
    ) -> Taken {
        Taken::Nothing
    }

    /// Whether the stack has told its backend that a write is worth while: of the only connection.
    fn is_writable(&mut self, connection: Self::Connection) -> bool;

    /// Queues a copy of `data`, and returns how many bytes of it.
    fn write(&mut self, now: Instant, connection: Self::Connection, data: &[u8]) -> usize;

    /// The backend is done with the connection.
    fn close(&mut self, now: Instant, connection: Self::Connection);

    /// For the record: a request was at `start..end` of what was read, or begins at `start` if it goes on.
    fn request(&mut self, _: Instant, _: Self::Connection, _start: u64, _end: Option<u64>) {}

    /// For the record: its answer is at `start..end` of what was written, or begins at `start` if it goes on.
    fn answer(&mut self, _: Instant, _: Self::Connection, _start: u64, _end: Option<u64>) {}

    /// Frames thrown away so far, where the stack counts them.
    fn dropped(&self) -> Option<u64> {
        None
    }
}
