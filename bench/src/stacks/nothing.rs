//! No stack: it answers every frame with the next one that the client expects, checks nothing, copies nothing and keeps
//! next to nothing. What it costs is the script, the reader's sum and the answer's making: the part of every figure that is
//! not a stack's.

use super::incoming::{Arrived, Incoming};
use super::{BUFFER, Outgoing, Setup, Stack, Taken};
use crate::client::{FIN, MSS, SYN};
use periplus_journey::Instant;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Connections that are told apart: as many as a burst has.
const TOLD_APART: usize = super::BURST;

/// The rings, and what is going on.
pub(crate) struct Nothing {
    incoming: Incoming,
    sent: Outgoing,
    flows: Vec<Flow>,
    connecting: VecDeque<u16>,
    readable: VecDeque<u16>,
    /// Where the last frame lies.
    last: Arrived,
    /// What goes in a frame, and how far the client lets it go.
    segment: usize,
    window: usize,
}

/// The numbers of a connection, and what is to be answered.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    end: [u8; 6],
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
    fn send(&mut self, flow: u16, flags: u8, length: usize) {
        let frame = 54 + length;
        let Some(slot) = self.sent.reserve(frame) else {
            return;
        };
        let flow = &mut self.flows[usize::from(flow)];
        slot[12..14].copy_from_slice(&[8, 0]);
        slot[16..18].copy_from_slice(&(40 + length as u16).to_be_bytes());
        slot[30..34].copy_from_slice(&flow.end[..4]);
        slot[36..38].copy_from_slice(&flow.end[4..]);
        slot[38..42].copy_from_slice(&flow.seq.to_be_bytes());
        slot[46] = 0x50;
        slot[47] = flags;
        self.sent.commit(frame);
        let occupied = length as u32 + u32::from(flags & (SYN | FIN) != 0);
        flow.seq = flow.seq.wrapping_add(occupied);
        flow.ack_due = false;
    }

    fn take(&mut self, arrived: Arrived) {
        self.last = arrived;
        let frame = self.incoming.frame(arrived);
        if frame[12..14] != [8, 0] {
            return;
        }
        let flags = frame[47];
        let port = u16::from_be_bytes([frame[34], frame[35]]);
        let index = port % TOLD_APART as u16;
        let flow = &mut self.flows[usize::from(index)];
        if flags & SYN != 0 {
            let seq = flow.seq;
            *flow = Flow {
                seq,
                acknowledged: seq.wrapping_add(1),
                ..Flow::default()
            };
            flow.end[..4].copy_from_slice(&frame[26..30]);
            flow.end[4..].copy_from_slice(&frame[34..36]);
            if self.connecting.len() < TOLD_APART {
                self.connecting.push_back(index);
            }
            return self.send(index, SYN, 0);
        }
        let [a, b, c, d] = [42, 43, 44, 45].map(|at| frame[at]);
        flow.acknowledged = u32::from_be_bytes([a, b, c, d]);
        let text = frame.len() - 34 - usize::from(frame[46] >> 4) * 4;
        flow.ended |= flags & FIN != 0;
        if flow.unread == 0 && (text > 0 || flow.ended) {
            self.readable.push_back(index);
        }
        flow.unread += text;
        flow.segments += text.div_ceil(MSS) * usize::from(text >= MSS);
        flow.ack_due = flags & FIN != 0 || flow.segments >= 2;
        self.answer(index);
    }

    /// Sends what may be sent.
    fn answer(&mut self, index: u16) {
        loop {
            let (segment, window) = (self.segment, self.window);
            let flow = &mut self.flows[usize::from(index)];
            let allowed = window - flow.seq.wrapping_sub(flow.acknowledged) as usize;
            let length = flow.unsent.min(segment);
            if length == 0 || length > allowed {
                break;
            }
            flow.unsent -= length;
            let fin = flow.closing && flow.unsent == 0;
            flow.closing &= !fin;
            self.send(index, if fin { FIN } else { 0 }, length);
        }
        let flow = &mut self.flows[usize::from(index)];
        if flow.closing {
            flow.closing = false;
            self.send(index, FIN, 0);
        } else if flow.ack_due {
            flow.segments = 0;
            self.send(index, 0, 0);
        }
    }
}

impl Stack for Nothing {
    const IS_STACK: bool = false;
    const READS_IN_PLACE: bool = true;
    const SUPER_MSS: Option<u16> = Some(MSS as u16);
    const MOST_CONNECTIONS: usize = usize::MAX;
    const SERVES_IN_A_FLOOD: bool = false;

    type Connection = u16;

    fn new(setup: Setup) -> Self {
        Self {
            incoming: Incoming::new(&setup),
            sent: Outgoing::new(&setup),
            flows: vec![Flow::default(); TOLD_APART],
            connecting: VecDeque::new(),
            readable: VecDeque::new(),
            last: (0, 0),
            segment: if setup.super_frames {
                super::SUPER
            } else {
                MSS
            },
            window: if setup.super_frames { 4 } else { 1 } * 64 * 1024,
        }
    }

    fn slots(&mut self, each: impl FnMut(&mut [u8])) {
        self.incoming.each(each);
    }

    fn deliver(&mut self, _now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        self.incoming.deliver(write);
    }

    fn deliver_apart(&mut self, _frame: &[u8]) {}

    fn turn(&mut self, _now: Instant) {
        while let Some(arrived) = self.incoming.take() {
            self.take(arrived);
        }
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.sent.take(each);
    }

    fn accept(&mut self, _now: Instant) -> Option<u16> {
        self.connecting.pop_front()
    }

    fn peer(&self, connection: u16) -> SocketAddrV4 {
        let [a, b, c, d, port @ ..] = self.flows[usize::from(connection)].end;
        SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes(port))
    }

    fn next_readable(&mut self) -> Option<u16> {
        self.readable.pop_front()
    }

    fn read(&mut self, _now: Instant, connection: u16, buffer: &mut [u8]) -> Taken {
        let flow = &mut self.flows[usize::from(connection)];
        let length = flow.unread.min(buffer.len());
        flow.unread -= length;
        match length {
            0 if flow.ended => Taken::End,
            0 => Taken::Nothing,
            length => Taken::Bytes(length),
        }
    }

    fn read_in_place(
        &mut self,
        _now: Instant,
        connection: u16,
        mut each: impl FnMut(&[u8]),
    ) -> Taken {
        let flow = &mut self.flows[usize::from(connection)];
        let length = std::mem::take(&mut flow.unread);
        if length == 0 {
            return Taken::Nothing;
        }
        each(&self.incoming.frame(self.last)[54..]);
        Taken::Bytes(length)
    }

    fn is_writable(&mut self, connection: u16) -> bool {
        self.flows[usize::from(connection)].unsent < BUFFER
    }

    fn write(&mut self, _now: Instant, connection: u16, data: &[u8]) -> usize {
        let flow = &mut self.flows[usize::from(connection)];
        let length = data.len().min(BUFFER - flow.unsent);
        flow.unsent += length;
        if length == data.len() && flow.unsent == length {
            self.answer(connection);
        }
        length
    }

    fn close(&mut self, _now: Instant, connection: u16) {
        let flow = &mut self.flows[usize::from(connection)];
        flow.closing = true;
        flow.ended = false;
        self.answer(connection);
    }
}
