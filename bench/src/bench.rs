//! One contestant at its work: the client, the stack and the backend, joined.

mod disturbance;

use crate::client::{self, Client, Frame, Manner};
use crate::content::{Answer, sum};
use crate::referee::Known;
use crate::stacks::{Setup, Stack, Taken};
use periplus_journey::Instant;
use std::net::SocketAddrV4;

/// How far apart frames are, in nanoseconds.
const FRAME: u64 = 1000;

/// Who looks on. While time is measured nobody does, and all of this is nothing.
pub(crate) trait Watch {
    /// Whether there is anybody.
    const LOOKS: bool;

    /// A frame came to the stack.
    fn came(&mut self, _frame: &[u8]) {}
    /// A frame left it.
    fn left(&mut self, _frame: &[u8]) {}
    /// The backend read `bytes` of the connection with `peer`.
    fn read(&mut self, _peer: SocketAddrV4, _bytes: &[u8]) {}
    /// The backend wrote `bytes` there.
    fn wrote(&mut self, _peer: SocketAddrV4, _bytes: &[u8]) {}
    /// Whether a damaged copy of the next frame shall come before it.
    fn wants_damage(&mut self) -> bool {
        false
    }
    /// Damages it.
    fn damage(&mut self, _frame: &mut [u8]) {}
    /// Whether the next ACK shall come so late that what it acknowledges has been sent again.
    fn wants_lateness(&mut self) -> bool {
        false
    }
}

/// Nobody.
pub(crate) struct Nobody;

impl Watch for Nobody {
    const LOOKS: bool = false;
}

/// A connection on which the backend has read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served<C> {
    pub(crate) connection: C,
    /// How many bytes there were.
    pub(crate) bytes: u64,
    /// The client has closed its direction.
    pub(crate) ended: bool,
}

/// The client, the stack and the backend.
pub(crate) struct Bench<S: Stack> {
    pub(crate) stack: S,
    pub(crate) client: Client,
    pub(crate) now: Instant,
    setup: Setup,
    /// The connection that was accepted last.
    pub(crate) newest: Option<S::Connection>,
    /// Offsets in the streams of every connection: what the backend has read and written. Connections go in step.
    pub(crate) read: u64,
    pub(crate) written: u64,
    /// Payload bytes moved, of all connections.
    pub(crate) moved: u64,
    /// The sum of all that the backend has read.
    pub(crate) sum: u64,
    answer: Answer,
    buffer: Vec<u8>,
}

impl<S: Stack> Bench<S> {
    /// A stack that knows its client's link address, and its client.
    pub(crate) fn new(setup: Setup, watch: &mut impl Watch) -> Self {
        let manner = Manner {
            payload: setup.payload,
            timestamps: setup.timestamps,
            connections: setup.connections,
            super_mss: S::SUPER_MSS.filter(|_| setup.super_frames),
        };
        let mut bench = Self {
            stack: S::new(setup),
            client: Client::new(manner),
            now: Instant::from_millis(1000),
            setup,
            newest: None,
            read: 0,
            written: 0,
            moved: 0,
            sum: 0,
            answer: Answer::new(),
            buffer: vec![0; 64 * 1024],
        };
        bench.send(watch, Frame::ArpRequest);
        bench.fill();
        bench
    }

    /// Writes payloads into the slots of the ring.
    fn fill(&mut self) {
        let client = &mut self.client;
        self.stack.slots(|slot| client.fill(slot));
    }

    /// Where connections stand, for a referee that comes late.
    pub(crate) fn known(&self) -> Box<dyn Fn(SocketAddrV4) -> Option<Known>> {
        let connections = self.client.connections().to_vec();
        let written = self.written;
        Box::new(move |client| {
            let connection = client::find(&connections, client)?;
            Some(Known {
                client: connection.next,
                server: connection.expected,
                unsent: written.saturating_sub(connection.received),
            })
        })
    }

    /// Every connection of the client connects, one after the other, and the backend accepts and waits for bytes.
    ///
    /// # Panics
    /// If it does not come to that.
    pub(crate) fn connect(&mut self, watch: &mut impl Watch) {
        for index in 0..self.client.connections().len() {
            self.client.select(index);
            self.send(watch, Frame::Syn);
            assert!(
                self.client.connection().connected,
                "the SYN of connection {index} was not answered"
            );
            self.send(watch, Frame::Ack);
            self.newest = self.stack.accept(self.now);
            assert!(self.newest.is_some(), "nothing to accept");
            self.read_all(watch, |_, _, _| {});
        }
        self.client.select(0);
        (self.read, self.written) = (0, 0);
        self.fill(); // a SYN with timestamps is longer than what it may spoil
    }

    /// The client sends a frame, and the stack has a turn.
    #[inline]
    pub(crate) fn send(&mut self, watch: &mut impl Watch, frame: Frame) {
        self.disturb(watch, frame);
        self.deliver(watch, frame);
        self.turn(watch);
        if self.client.was_asked {
            self.deliver(watch, Frame::ArpReply);
            self.turn(watch);
        }
    }

    /// The client sends so many frames of a connection, and the stack has a turn then.
    #[inline]
    pub(crate) fn send_burst<W: Watch>(&mut self, watch: &mut W, frame: Frame, count: usize) {
        for _ in 0..if W::LOOKS { count } else { 0 } {
            self.disturb(watch, frame);
        }
        for _ in 0..count {
            self.deliver(watch, frame);
        }
        self.turn(watch);
    }

    /// Every connection of the client sends a frame, and the stack has a turn then.
    #[inline]
    pub(crate) fn send_from_each<W: Watch>(&mut self, watch: &mut W, frame: Frame) {
        if self.setup.connections == 1 {
            return self.send(watch, frame);
        }
        for index in 0..if W::LOOKS { self.setup.connections } else { 0 } {
            self.client.select(index);
            self.disturb(watch, frame);
        }
        for index in 0..self.setup.connections {
            self.client.select(index);
            self.deliver(watch, frame);
        }
        self.turn(watch);
    }

    #[inline]
    fn deliver<W: Watch>(&mut self, watch: &mut W, frame: Frame) {
        self.now = Instant::from_nanos(self.now.as_nanos() + FRAME);
        let (client, now) = (&self.client, self.now);
        let mut is_chained = false;
        self.stack.deliver(now, |slot| {
            let length = client.write(frame, slot, now);
            match slot.get(..length) {
                Some(frame) => watch.came(frame),
                None => is_chained = true,
            }
            length
        });
        if W::LOOKS && is_chained {
            watch.came(&self.stack.last_arrived());
        }
        self.client.sent(frame);
    }

    /// The stack has a turn, and the client looks at what left.
    #[inline]
    pub(crate) fn turn(&mut self, watch: &mut impl Watch) {
        self.stack.turn(self.now);
        let client = &mut self.client;
        let mut frames = 0;
        self.stack.take_sent(|frame| {
            frames += 1;
            watch.left(frame);
            client.note(frame);
        });
        self.now = Instant::from_nanos(self.now.as_nanos() + frames * FRAME);
    }

    /// The backend accepts whoever has come.
    #[inline]
    pub(crate) fn accept_all(&mut self) {
        while self.stack.accept(self.now).is_some() {}
    }

    /// The backend reads all there is on every connection that is said to have something, by copies. `then` is told of a
    /// connection, how many bytes were read there, and whether the client has closed it.
    #[inline]
    pub(crate) fn read_all<W: Watch>(
        &mut self,
        watch: &mut W,
        mut then: impl FnMut(&mut Self, &mut W, Served<S::Connection>),
    ) {
        while let Some(connection) = self.stack.next_readable() {
            let mut served = Served {
                connection,
                bytes: 0,
                ended: false,
            };
            loop {
                match self.stack.read(self.now, connection, &mut self.buffer) {
                    Taken::Bytes(length) => {
                        let bytes = &self.buffer[..length];
                        if W::LOOKS {
                            watch.read(self.stack.peer(connection), bytes);
                        }
                        self.sum = self.sum.wrapping_add(sum(bytes));
                        served.bytes += length as u64;
                    }
                    Taken::Nothing => break,
                    Taken::End => {
                        served.ended = true;
                        break;
                    }
                }
            }
            self.moved += served.bytes;
            then(self, watch, served);
        }
    }

    /// The backend reads all there is, in place.
    #[inline]
    pub(crate) fn read_all_in_place<W: Watch>(&mut self, watch: &mut W) {
        while let Some(connection) = self.stack.next_readable() {
            let peer = W::LOOKS.then(|| self.stack.peer(connection));
            let total = &mut self.sum;
            let mut each = |bytes: &[u8]| {
                peer.iter().for_each(|&peer| watch.read(peer, bytes));
                *total = total.wrapping_add(sum(bytes));
            };
            while let Taken::Bytes(length) =
                self.stack.read_in_place(self.now, connection, &mut each)
            {
                self.moved += length as u64;
            }
        }
    }

    /// The backend writes the next `length` bytes of what it has to say. Returns how many were taken.
    #[inline]
    pub(crate) fn write<W: Watch>(
        &mut self,
        watch: &mut W,
        connection: S::Connection,
        length: usize,
    ) -> usize {
        let data = self.answer.next(length);
        let taken = self.stack.write(self.now, connection, data);
        if W::LOOKS {
            watch.wrote(self.stack.peer(connection), &data[..taken]);
        }
        taken
    }
}
