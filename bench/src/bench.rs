//! One contestant at its work: the client, the stack and the backend, joined.

use crate::client::{Client, Frame, SLOT};
use crate::content::{Answer, sum};
use crate::stacks::{Setup, Stack, Taken};
use periplus_journey::Instant;
use std::time::Duration;

/// How far apart frames are.
const FRAME: Duration = Duration::from_micros(1);

/// Who looks on. While time is measured nobody does, and all of this is nothing.
pub(crate) trait Watch {
    /// A frame came to the stack.
    fn came(&mut self, _frame: &[u8]) {}
    /// A frame left it.
    fn left(&mut self, _frame: &[u8]) {}
    /// The backend read `bytes`.
    fn read(&mut self, _bytes: &[u8]) {}
    /// The backend wrote `bytes`.
    fn wrote(&mut self, _bytes: &[u8]) {}
    /// Whether a damaged copy of the next frame shall come before it.
    fn wants_damage(&mut self) -> bool {
        false
    }
    /// Damages it.
    fn damage(&mut self, _frame: &mut [u8]) {}
}

/// Nobody.
pub(crate) struct Nobody;

impl Watch for Nobody {}

/// The client, the stack and the backend.
pub(crate) struct Bench<S> {
    pub(crate) stack: S,
    pub(crate) client: Client,
    pub(crate) now: Instant,
    /// Offsets in the streams: what the backend has read and written.
    pub(crate) read: u64,
    pub(crate) written: u64,
    /// The sum of all that the backend has read.
    pub(crate) sum: u64,
    /// Frames that came and left.
    pub(crate) frames_in: u64,
    pub(crate) frames_out: u64,
    answer: Answer,
    buffer: Vec<u8>,
}

impl<S: Stack> Bench<S> {
    /// A stack that knows its client's link address, and a client whose segments have `payload` bytes.
    pub(crate) fn new(setup: Setup, payload: usize, watch: &mut impl Watch) -> Self {
        let mut bench = Self {
            stack: S::new(setup),
            client: Client::new(payload, setup.timestamps),
            now: Instant::from_millis(1000),
            read: 0,
            written: 0,
            sum: 0,
            frames_in: 0,
            frames_out: 0,
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

    /// The client connects, and the backend accepts.
    ///
    /// # Panics
    /// If it does not come to that.
    pub(crate) fn connect(&mut self, watch: &mut impl Watch) {
        self.send(watch, Frame::Syn);
        assert!(self.client.connected, "the SYN was not answered");
        self.send(watch, Frame::Ack);
        assert!(self.stack.accept(self.now), "nothing to accept");
        (self.read, self.written) = (0, 0);
        self.fill(); // a SYN with timestamps is longer than what it may spoil
    }

    /// The client sends a frame, and the stack has a turn.
    #[inline]
    pub(crate) fn send(&mut self, watch: &mut impl Watch, frame: Frame) {
        self.send_damaged(watch, frame);
        self.send_one(watch, frame);
        if self.client.was_asked {
            self.send_one(watch, Frame::ArpReply);
        }
    }

    #[inline]
    fn send_one(&mut self, watch: &mut impl Watch, frame: Frame) {
        self.now += FRAME;
        self.frames_in += 1;
        let (client, now) = (&self.client, self.now);
        self.stack.deliver(now, |slot| {
            let length = client.write(frame, slot, now);
            watch.came(&slot[..length]);
            length
        });
        self.client.sent(frame);
        self.turn(watch);
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
        self.now += FRAME * frames;
        self.frames_out += u64::from(frames);
    }

    /// If the watch wants it, a damaged copy of the next frame comes first. Nothing may come of it.
    #[inline]
    fn send_damaged(&mut self, watch: &mut impl Watch, frame: Frame) {
        if !watch.wants_damage() {
            return;
        }
        self.turn(watch); // what is due by itself is not the damaged frame's doing
        let mut copy = [0; SLOT];
        self.client.fill(&mut copy);
        let length = self.client.write(frame, &mut copy, self.now);
        watch.damage(&mut copy[..length]);
        let dropped = self.stack.dropped();
        self.stack.deliver_apart(&copy[..length]);
        self.stack.turn(self.now);
        self.stack
            .take_sent(|frame| panic!("a damaged frame was answered: {frame:02x?}"));
        assert!(!self.stack.is_readable(), "a damaged frame was delivered");
        assert_eq!(
            self.stack.dropped(),
            dropped.map(|dropped| dropped + 1),
            "a damaged frame was not counted as dropped"
        );
    }

    /// The backend reads all there is, by copies. Returns whether the client has closed.
    #[inline]
    pub(crate) fn read_all(&mut self, watch: &mut impl Watch) -> bool {
        loop {
            match self.stack.read(self.now, &mut self.buffer) {
                Taken::Bytes(length) => {
                    let bytes = &self.buffer[..length];
                    watch.read(bytes);
                    self.sum = self.sum.wrapping_add(sum(bytes));
                    self.read += length as u64;
                }
                Taken::Nothing => return false,
                Taken::End => return true,
            }
        }
    }

    /// The backend reads all there is, in place.
    #[inline]
    pub(crate) fn read_all_in_place(&mut self, watch: &mut impl Watch) {
        let total = &mut self.sum;
        let each = |bytes: &[u8]| {
            watch.read(bytes);
            *total = total.wrapping_add(sum(bytes));
        };
        if let Taken::Bytes(length) = self.stack.read_in_place(self.now, each) {
            self.read += length as u64;
        }
    }

    /// The backend writes the next `length` bytes of what it has to say. Returns how many were taken.
    #[inline]
    pub(crate) fn write(&mut self, watch: &mut impl Watch, length: usize) -> usize {
        let data = self.answer.next(length);
        let taken = self.stack.write(self.now, data);
        watch.wrote(&data[..taken]);
        self.written += taken as u64;
        taken
    }
}
