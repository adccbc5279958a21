//! The client: a script that writes frames into the server's ring and looks at what comes back, with as little work as
//! it can, because its work is in every figure.

mod connection;
mod headers;
mod plan;

pub(crate) use connection::{Connection, find};
pub(crate) use headers::{FIN, SLOT, SYN, words};

use crate::content::Random;
use headers::{ACK, ETHERTYPE, Headers, PSH, RST, Segment, u16_at, u32_at};
use periplus_journey::Instant;
use plan::Plan;
use std::net::Ipv4Addr;

/// Where the client lives. It is the gateway to all other networks as well, and lives there, too, where it is many.
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
/// How far the client's window field is shifted.
pub(crate) const WINDOW_SHIFT: u8 = 7;
/// The client's window: 64 KiB, or four super-frames.
const WINDOW: u32 = 64 * 1024;
const SUPER_WINDOW: u32 = 256 * 1024;

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
    /// The payload, on the connection that is the next by plan.
    Planned,
    /// The SYN of somebody who never answers, of another one each time.
    Flood,
}

/// How a client is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Payload bytes of [`Frame::Data`].
    pub(crate) payload: usize,
    /// It offers timestamps.
    pub(crate) timestamps: bool,
    /// Connections it has at a time.
    pub(crate) connections: usize,
    /// The MSS it offers, if super-frames pass.
    pub(crate) super_mss: Option<u16>,
}

/// One client, with one connection at a time or many.
#[derive(Debug)]
pub(crate) struct Client {
    headers: Headers,
    random: Random,
    connections: Vec<Connection>,
    /// The one that sends.
    current: usize,
    plan: Plan,
    payload: usize,
    window: u16,
    /// Bytes are acknowledged when the work says so, not as they come.
    pub(crate) holds_acks: bool,
    /// What comes is not looked at: others than the connections are answered, or more than can be kept in mind.
    pub(crate) looks_away: bool,
    /// The server asked for the client's link address.
    pub(crate) was_asked: bool,
    /// Segments that came again.
    pub(crate) repeated: u64,
}

impl Client {
    pub(crate) fn new(manner: Manner) -> Self {
        let mut random = Random::new(1);
        let connections = (0..manner.connections)
            .map(|number| Connection::new(number as u32, manner.connections, &mut random))
            .collect();
        let window = match manner.super_mss {
            Some(_) => SUPER_WINDOW,
            None => WINDOW,
        };
        Self {
            headers: Headers::new(manner.timestamps, manner.super_mss.unwrap_or(MSS as u16)),
            random,
            connections,
            current: 0,
            plan: Plan::default(),
            payload: manner.payload,
            window: (window >> WINDOW_SHIFT) as u16,
            holds_acks: false,
            looks_away: false,
            was_asked: false,
            repeated: 0,
        }
    }

    /// The connection that sends from now on.
    #[inline]
    pub(crate) fn select(&mut self, index: usize) {
        self.current = index;
    }

    /// The connection that sends.
    #[inline]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connections[self.current]
    }

    /// Every connection.
    pub(crate) fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Forgets the connection: the next SYN comes from another port, with a number of its own.
    pub(crate) fn begin(&mut self) {
        let count = self.connections.len() as u32;
        self.connections[self.current].begin_again(count, &mut self.random);
    }

    /// Fills a slot of the ring with a payload, for [`Frame::Data`] to be written around it.
    pub(crate) fn fill(&mut self, slot: &mut [u8]) {
        self.headers
            .fill_payload(slot, self.payload, &mut self.random);
    }

    /// Chooses the connections of the next `count` [planned](Frame::Planned) frames.
    pub(crate) fn plan(&mut self, count: usize) {
        let payload = self.payload as u32;
        self.plan
            .make(count, payload, &mut self.connections, &mut self.random);
    }

    /// Writes a frame into `slot` and returns its length. What is sent counts with [`sent`](Self::sent).
    #[inline]
    pub(crate) fn write(&self, frame: Frame, slot: &mut [u8], now: Instant) -> usize {
        let connection = &self.connections[self.current];
        let (flags, length) = match frame {
            Frame::Data => (ACK | PSH, self.payload),
            Frame::Ack => (ACK, 0),
            Frame::Fin => (ACK | FIN, 0),
            other => return self.write_rare(other, slot, now),
        };
        let timestamps = if self.headers.has_timestamps() {
            (millis(now), connection.echo)
        } else {
            (0, 0)
        };
        let segment = Segment {
            seq: connection.next,
            ack: connection.acknowledged,
            flags,
            window: connection.window,
            timestamps,
            length,
        };
        self.headers.write(slot, connection.end, &segment)
    }

    /// The other kinds of frames.
    fn write_rare(&self, frame: Frame, slot: &mut [u8], now: Instant) -> usize {
        let connection = &self.connections[self.current];
        let (end, seq) = match frame {
            Frame::ArpRequest => return headers::write_arp(slot, 1),
            Frame::ArpReply => return headers::write_arp(slot, 2),
            Frame::Planned => {
                let target = self.plan.next();
                let segment = Segment {
                    seq: target.seq,
                    ack: target.ack,
                    flags: ACK | PSH,
                    window: self.window,
                    timestamps: (0, 0),
                    length: self.payload,
                };
                return self.headers.write(slot, target.end, &segment);
            }
            Frame::Flood => self.plan.flood(),
            _ => (connection.end, connection.next),
        };
        self.headers.write_syn(slot, end, seq, millis(now))
    }

    /// Counts a frame that was sent.
    #[inline]
    pub(crate) fn sent(&mut self, frame: Frame) {
        let occupied = match frame {
            Frame::ArpRequest => return,
            Frame::ArpReply => {
                self.was_asked = false;
                return;
            }
            Frame::Planned => return self.plan.step(),
            Frame::Flood => return self.plan.step_flood(),
            Frame::Data => self.payload as u32,
            Frame::Syn | Frame::Fin => 1,
            Frame::Ack => 0,
        };
        let connection = &mut self.connections[self.current];
        connection.next = connection.next.wrapping_add(occupied);
        connection.told = connection.acknowledged;
    }

    /// Looks at a frame from the server.
    ///
    /// # Panics
    /// If it is a RST, or has what did not come before it.
    #[inline]
    pub(crate) fn note(&mut self, frame: &[u8]) {
        if u16_at(frame, ETHERTYPE) != 0x0800 {
            self.was_asked |= headers::is_arp_request(frame);
            return;
        }
        if self.looks_away {
            return;
        }
        let index = match self.connections.len() {
            1 => 0,
            count => connection::index(u32_at(frame, 30), u16_at(frame, 36), count),
        };
        let connection = &mut self.connections[index];
        let (seq, flags) = (u32_at(frame, 38), frame[47]);
        let header = usize::from(frame[46] >> 4) * 4;
        let length = usize::from(u16_at(frame, 16)) - 20 - header;
        assert!(flags & RST == 0, "the server sent a RST");
        if flags & SYN != 0 && !connection.connected {
            connection.connected = true;
            connection.expected = seq;
            // A cookie without timestamps has no place for a scale, and so the SYN/ACK does not agree to any.
            let scaled = headers::has_window_scale(&frame[54..34 + header]);
            connection.window = if scaled { self.window } else { u16::MAX };
        }
        connection.ended |= flags & FIN != 0;
        let occupied = length as u32 + u32::from(flags & (SYN | FIN) != 0);
        if seq != connection.expected {
            return self.note_repeated(index, seq, (length as u32, occupied));
        }
        if self.headers.has_timestamps() {
            connection.echo =
                headers::timestamp(&frame[54..34 + header]).unwrap_or(connection.echo);
        }
        connection.expected = connection.expected.wrapping_add(occupied);
        connection.received += length as u64;
        if !self.holds_acks {
            connection.acknowledged = connection.expected;
        }
    }

    /// Something came that came before, or some of it did.
    #[cold]
    fn note_repeated(&mut self, index: usize, seq: u32, (length, occupied): (u32, u32)) {
        let connection = &mut self.connections[index];
        let old = connection.expected.wrapping_sub(seq);
        assert!(old as i32 > 0, "not the next segment of the server");
        self.repeated += u64::from(occupied > 0);
        connection.received += u64::from(length.saturating_sub(old));
        connection.expected = seq.wrapping_add(occupied.max(old));
        if !self.holds_acks {
            connection.acknowledged = connection.expected;
        }
    }

    /// Acknowledges up to `length` more bytes of those that have come with the next ACK. Returns how many.
    #[inline]
    pub(crate) fn acknowledge(&mut self, length: u32) -> u32 {
        let connection = &mut self.connections[self.current];
        let open = connection.expected.wrapping_sub(connection.acknowledged);
        let length = open.min(length);
        connection.acknowledged = connection.acknowledged.wrapping_add(length);
        length
    }
}

/// Who sends: an address and a port.
pub(crate) type End = (u32, u16);

/// The client's clock of timestamps.
fn millis(now: Instant) -> u32 {
    now.as_millis() as u32
}
