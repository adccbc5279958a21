//! No stack: it answers every frame with the next one that the client expects, checks nothing, copies nothing and keeps
//! nothing. What it costs is the script, the reader's sum and the answer's making: the part of every figure that is not a
//! stack's.

use super::{BUFFER, Outgoing, SLOTS, Setup, Stack, Taken};
use crate::client::{FIN, MSS, SLOT, SYN};
use periplus_journey::Instant;

/// The numbers of a connection, and what is to be answered.
pub(crate) struct Nothing {
    slots: Vec<[u8; SLOT]>,
    next: usize,
    arrived: Option<(usize, usize)>,
    sent: Outgoing,
    accepted: bool,
    connecting: bool,
    /// SND.NXT, and how far the client has acknowledged.
    seq: u32,
    acknowledged: u32,
    /// Bytes to read, and to send.
    unread: usize,
    unsent: usize,
    segments: usize,
    ack_due: bool,
    ended: bool,
    closing: bool,
}

impl Nothing {
    fn send(&mut self, flags: u8, length: usize) {
        let frame = 54 + length;
        let Some(slot) = self.sent.reserve(frame) else {
            return;
        };
        slot[12..14].copy_from_slice(&[8, 0]);
        slot[16..18].copy_from_slice(&(40 + length as u16).to_be_bytes());
        slot[38..42].copy_from_slice(&self.seq.to_be_bytes());
        slot[46] = 0x50;
        slot[47] = flags;
        self.sent.commit(frame);
        let occupied = length as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.seq = self.seq.wrapping_add(occupied);
        self.ack_due = false;
    }

    fn take(&mut self, slot: usize, length: usize) {
        let frame = &self.slots[slot];
        if frame[12..14] != [8, 0] {
            return;
        }
        let flags = frame[47];
        let [a, b, c, d] = [42, 43, 44, 45].map(|at| frame[at]);
        if flags & SYN != 0 {
            self.send(SYN, 0);
            self.connecting = true;
            return;
        }
        self.acknowledged = u32::from_be_bytes([a, b, c, d]);
        let text = length - 34 - usize::from(frame[46] >> 4) * 4;
        self.unread += text;
        self.segments += usize::from(text == MSS);
        self.ended |= flags & FIN != 0;
        self.ack_due = flags & FIN != 0 || self.segments == 2;
    }
}

impl Stack for Nothing {
    const IS_STACK: bool = false;
    const READS_IN_PLACE: bool = true;

    fn new(_: Setup) -> Self {
        Self {
            slots: vec![[0; SLOT]; SLOTS],
            next: 0,
            arrived: None,
            sent: Outgoing::new(),
            accepted: false,
            connecting: false,
            seq: 0,
            acknowledged: 0,
            unread: 0,
            unsent: 0,
            segments: 0,
            ack_due: false,
            ended: false,
            closing: false,
        }
    }

    fn slots(&mut self, mut each: impl FnMut(&mut [u8])) {
        self.slots.iter_mut().for_each(|slot| each(slot));
    }

    fn deliver(&mut self, _now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        let slot = self.next;
        self.next = (slot + 1) % SLOTS;
        let length = write(&mut self.slots[slot]);
        self.arrived = Some((slot, length));
    }

    fn deliver_apart(&mut self, _frame: &[u8]) {}

    fn turn(&mut self, _now: Instant) {
        if let Some((slot, length)) = self.arrived.take() {
            self.take(slot, length);
        }
        let window = 64 * 1024 - self.seq.wrapping_sub(self.acknowledged) as usize;
        let mut allowed = self.unsent.min(window);
        while allowed >= MSS.min(self.unsent) && self.unsent > 0 {
            let length = self.unsent.min(MSS);
            self.unsent -= length;
            allowed -= length;
            let fin = self.closing && self.unsent == 0;
            self.closing &= !fin;
            self.send(if fin { FIN } else { 0 }, length);
        }
        if self.closing {
            self.closing = false;
            self.send(FIN, 0);
        }
        if self.ack_due {
            self.segments = 0;
            self.send(0, 0);
        }
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.sent.take(each);
    }

    fn accept(&mut self, _now: Instant) -> bool {
        let accepted = std::mem::take(&mut self.connecting);
        self.accepted |= accepted;
        accepted
    }

    fn is_readable(&mut self) -> bool {
        self.unread > 0 || self.accepted && self.ended
    }

    fn read(&mut self, _now: Instant, buffer: &mut [u8]) -> Taken {
        match std::mem::take(&mut self.unread) {
            0 if self.ended => Taken::End,
            0 => Taken::Nothing,
            length => Taken::Bytes(length.min(buffer.len())),
        }
    }

    fn read_in_place(&mut self, _now: Instant, mut each: impl FnMut(&[u8])) -> Taken {
        let length = std::mem::take(&mut self.unread);
        if length == 0 {
            return Taken::Nothing;
        }
        each(&self.slots[(self.next + SLOTS - 1) % SLOTS][54..54 + length]);
        Taken::Bytes(length)
    }

    fn is_writable(&mut self) -> bool {
        self.accepted && self.unsent < BUFFER
    }

    fn write(&mut self, _now: Instant, data: &[u8]) -> usize {
        let length = data.len().min(BUFFER - self.unsent);
        self.unsent += length;
        length
    }

    fn close(&mut self, _now: Instant) {
        self.closing = true;
        self.accepted = false;
        self.ended = false;
    }
}
