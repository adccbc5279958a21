//! The client: a script that writes frames into the server's ring and looks at what comes back, with as little work as
//! it can, because its work is in every figure.

mod headers;

pub(crate) use headers::{FIN, SLOT, SYN};

use crate::content::Random;
use headers::{ACK, ETHERTYPE, Headers, PSH, RST, Segment, u16_at, u32_at};
use periplus_journey::Instant;
use std::net::Ipv4Addr;

/// Where the client lives.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// Where the server lives.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The port it listens on.
pub(crate) const PORT: u16 = 80;
/// Their link addresses.
pub(crate) const CLIENT_ETHERNET: [u8; 6] = [2, 0, 0, 0, 0, 2];
pub(crate) const SERVER_ETHERNET: [u8; 6] = [2, 0, 0, 0, 0, 1];
/// Payload bytes of a full segment without options.
pub(crate) const MSS: usize = 1460;
/// What the client's window field says, and how far it is shifted: 64 KiB.
pub(crate) const WINDOW: u16 = 512;
pub(crate) const WINDOW_SHIFT: u8 = 7;

/// What the client can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Who has the server's address? It learns the client's by that.
    ArpRequest,
    /// The client's answer to the same question.
    ArpReply,
    /// The SYN, with MSS, SACK-permitted and window scale.
    Syn,
    /// A bare ACK.
    Ack,
    /// The payload that lies in the slot.
    Data,
    /// A FIN, which acknowledges as well.
    Fin,
}

/// One client with one connection at a time.
#[derive(Debug)]
pub(crate) struct Client {
    headers: Headers,
    random: Random,
    port: u16,
    /// The next number to send, and the next to acknowledge.
    next: u32,
    acknowledged: u32,
    /// The next number expected from the server.
    expected: u32,
    /// Payload bytes that came.
    received: u64,
    /// The server's clock as last seen, to be echoed.
    echo: u32,
    /// Payload bytes of [`Frame::Data`].
    payload: usize,
    /// Bytes are acknowledged when the work says so, not as they come.
    pub(crate) holds_acks: bool,
    /// The server's SYN, or FIN, has come.
    pub(crate) connected: bool,
    pub(crate) ended: bool,
    /// The server asked for the client's link address.
    pub(crate) was_asked: bool,
}

impl Client {
    /// A client whose [`Frame::Data`] has `payload` bytes.
    pub(crate) fn new(payload: usize, timestamps: bool) -> Self {
        let mut client = Self {
            headers: Headers::new(timestamps),
            random: Random::new(1),
            port: 1024,
            next: 0,
            acknowledged: 0,
            expected: 0,
            received: 0,
            echo: 0,
            payload,
            holds_acks: false,
            connected: false,
            ended: false,
            was_asked: false,
        };
        client.begin();
        client
    }

    /// Forgets the connection: the next SYN comes from the next port, with a number of its own.
    pub(crate) fn begin(&mut self) {
        self.port = self.port.checked_add(1).unwrap_or(1025);
        self.headers.set_port(self.port);
        self.next = self.random.next() as u32;
        self.acknowledged = 0;
        self.received = 0;
        self.connected = false;
        self.ended = false;
    }

    /// Fills a slot of the ring with a payload, for [`Frame::Data`] to be written around it.
    pub(crate) fn fill(&mut self, slot: &mut [u8]) {
        self.headers
            .fill_payload(slot, self.payload, &mut self.random);
    }

    /// Writes a frame into `slot` and returns its length. What is sent counts with [`sent`](Self::sent).
    #[inline]
    pub(crate) fn write(&self, frame: Frame, slot: &mut [u8], now: Instant) -> usize {
        let (flags, length) = match frame {
            Frame::ArpRequest => return headers::write_arp(slot, 1),
            Frame::ArpReply => return headers::write_arp(slot, 2),
            Frame::Syn => return self.headers.write_syn(slot, self.next, millis(now)),
            Frame::Ack => (ACK, 0),
            Frame::Data => (ACK | PSH, self.payload),
            Frame::Fin => (ACK | FIN, 0),
        };
        let segment = Segment {
            seq: self.next,
            ack: self.acknowledged,
            flags,
            window: WINDOW,
            timestamps: (millis(now), self.echo),
            length,
        };
        self.headers.write(slot, &segment)
    }

    /// Counts a frame that was sent.
    #[inline]
    pub(crate) fn sent(&mut self, frame: Frame) {
        self.next = self.next.wrapping_add(match frame {
            Frame::Data => self.payload as u32,
            Frame::Syn | Frame::Fin => 1,
            _ => 0,
        });
        if frame == Frame::ArpReply {
            self.was_asked = false;
        }
    }

    /// Looks at a frame from the server.
    ///
    /// # Panics
    /// If it is a RST, or not the next one.
    #[inline]
    pub(crate) fn note(&mut self, frame: &[u8]) {
        if u16_at(frame, ETHERTYPE) != 0x0800 {
            self.was_asked |= headers::is_arp_request(frame);
            return;
        }
        let (seq, flags) = (u32_at(frame, 38), frame[47]);
        let header = usize::from(frame[46] >> 4) * 4;
        let length = usize::from(u16_at(frame, 16)) - 20 - header;
        assert!(flags & RST == 0, "the server sent a RST");
        if flags & SYN != 0 {
            self.connected = true;
            self.expected = seq;
        }
        assert_eq!(seq, self.expected, "not the next segment of the server");
        if self.headers.has_timestamps() {
            self.echo = headers::timestamp(&frame[54..34 + header]).unwrap_or(self.echo);
        }
        self.ended |= flags & FIN != 0;
        let occupied = length as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.expected = self.expected.wrapping_add(occupied);
        self.received += length as u64;
        if !self.holds_acks {
            self.acknowledged = self.expected;
        }
    }

    /// Acknowledges `length` more bytes with the next ACK, if as many have come.
    pub(crate) fn acknowledge(&mut self, length: u32) -> bool {
        let open = self.expected.wrapping_sub(self.acknowledged);
        let here = open >= length;
        if here {
            self.acknowledged = self.acknowledged.wrapping_add(length);
        }
        here
    }
}

impl Client {
    /// For a referee that comes late: the next number of the client and that of the server, and how much of its stream has
    /// come.
    pub(crate) fn numbers(&self) -> (u32, u32, u64) {
        (self.next, self.expected, self.received)
    }
}

/// The client's clock of timestamps.
fn millis(now: Instant) -> u32 {
    now.as_millis() as u32
}
