//! The contestants: a stack each, as a server with its backend's calls.

mod nothing;
mod outgoing;
mod periplus;
mod smoltcp;

pub(crate) use nothing::Nothing;
pub(crate) use periplus::Periplus;
pub(crate) use smoltcp::Smoltcp;

use outgoing::Outgoing;
use periplus_journey::Instant;

/// Slots of the receive ring, taken in turn; and of the transmit ring.
pub(crate) const SLOTS: usize = 256;
/// Bytes that a connection's receive and send buffer hold, either stack: Periplus' default.
pub(crate) const BUFFER: usize = 512 * 1024;

/// How a stack is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Journeys are recorded, and the backend marks its requests.
    pub(crate) recording: bool,
    /// The client's SYN offers timestamps, and the stack answers them: Periplus as it comes, smoltcp with a clock given to it.
    pub(crate) timestamps: bool,
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

/// A stack that listens on one port, and what its backend calls: one connection at a time.
pub(crate) trait Stack: Sized {
    /// What it sends can be shown to a referee.
    const IS_STACK: bool;
    /// The backend can read in place, without a copy.
    const READS_IN_PLACE: bool;

    fn new(setup: Setup) -> Self;

    /// Shows every slot of the receive ring, none of which is in use.
    fn slots(&mut self, each: impl FnMut(&mut [u8]));

    /// A frame comes: `write` writes it into the next slot and says how long it is.
    fn deliver(&mut self, now: Instant, write: impl FnOnce(&mut [u8]) -> usize);

    /// A frame comes in a buffer of its own, so that no slot changes.
    fn deliver_apart(&mut self, frame: &[u8]);

    /// One look at the ring and the timers: takes what came, sends what may be sent.
    fn turn(&mut self, now: Instant);

    /// Takes the frames that left.
    fn take_sent(&mut self, each: impl FnMut(&[u8]));

    /// Takes a new connection, if there is one. From then on the calls are about it.
    fn accept(&mut self, now: Instant) -> bool;

    /// Whether the stack has told its backend that a read is worth while.
    fn is_readable(&mut self) -> bool;

    /// Reads into `buffer`.
    fn read(&mut self, now: Instant, buffer: &mut [u8]) -> Taken;

    /// Shows what there is in place, and takes it.
    fn read_in_place(&mut self, _now: Instant, _each: impl FnMut(&[u8])) -> Taken {
        Taken::Nothing
    }

    /// Whether the stack has told its backend that a write is worth while.
    fn is_writable(&mut self) -> bool;

    /// Queues a copy of `data`, and returns how many bytes of it.
    fn write(&mut self, now: Instant, data: &[u8]) -> usize;

    /// The backend is done with the connection.
    fn close(&mut self, now: Instant);

    /// For the record: a request was at `start..end` of what was read, or begins at `start` if it goes on.
    fn request(&mut self, _now: Instant, _start: u64, _end: Option<u64>) {}

    /// For the record: its answer begins at `start` of what is written.
    fn answer(&mut self, _now: Instant, _start: u64) {}

    /// For the record: and ends at `end`.
    fn answered(&mut self, _now: Instant, _end: u64) {}

    /// Frames thrown away so far, where the stack counts them.
    fn dropped(&self) -> Option<u64> {
        None
    }
}
