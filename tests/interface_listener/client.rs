//! A client as the scripts have it: it does what it is told when it is told, and of its own accord only what answers a segment.

use super::wire::{CLIENTS, LISTENER};
use periplus_tests::Segment;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::net::SocketAddrV4;

/// The port of the listener.
pub(super) const PORT: u16 = 7;
/// The first client's port.
const FIRST_PORT: u16 = 20_000;
/// The clients' initial sequence number.
const ISS: SeqNum = SeqNum(1_000);
/// What a client asks.
pub(super) const REQUEST: &[u8] = b"halcyon?";
/// What it is answered.
pub(super) const ANSWER: &[u8] = b"halcyon!";

/// What became of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// SYNs sent.
    pub(super) syns: u32,
    /// SYN/ACKs received.
    pub(super) syn_acks: u32,
    /// Whether it takes itself for connected, or took.
    pub(super) connected: bool,
    /// Bytes of the answer.
    pub(super) answer: usize,
    /// Whether the answer has ended.
    pub(super) ended: bool,
    /// Whether it was reset.
    pub(super) reset: bool,
}

/// A client.
#[derive(Debug)]
pub(super) struct Client {
    local: SocketAddrV4,
    /// It does not answer a SYN/ACK before it is told to.
    holds_ack: bool,
    /// The listener's initial sequence number, once it is known.
    iss: Option<SeqNum>,
    /// SND.NXT, and RCV.NXT from the SYN/ACK on.
    nxt: SeqNum,
    rcv_nxt: SeqNum,
    acknowledged: SeqNum,
    finished: bool,
    /// It broke off.
    gone: bool,
    pub(super) outcome: Outcome,
}

impl Client {
    pub(super) fn new(number: u16) -> Self {
        Self {
            local: SocketAddrV4::new(CLIENTS, FIRST_PORT + number),
            holds_ack: true,
            iss: None,
            nxt: ISS,
            rcv_nxt: SeqNum(0),
            acknowledged: ISS,
            finished: false,
            gone: false,
            outcome: Outcome::default(),
        }
    }

    /// Which client has that port.
    pub(super) fn number(port: u16) -> u16 {
        port - FIRST_PORT
    }

    /// A SYN, the first or once more, unless one was answered.
    pub(super) fn syn(&mut self) -> Option<Segment> {
        let answered = self.iss.is_some() || self.outcome.reset;
        (!answered).then(|| self.syn_again())
    }

    /// A SYN, though one may have been answered: as if the SYN/ACK had been lost.
    pub(super) fn syn_again(&mut self) -> Segment {
        self.outcome.syns += 1;
        self.nxt = ISS + 1;
        let options = TcpOptions {
            mss: Some(1460),
            ..TcpOptions::default()
        };
        let mut syn = self.segment(TcpFlags::SYN, ISS, &[]);
        syn.options = options;
        syn
    }

    /// The ACK that completes the handshake, once there is something to acknowledge. From now on SYN/ACKs are answered.
    pub(super) fn ack(&mut self) -> Option<Segment> {
        self.holds_ack = false;
        let open = self.is_open();
        open.then(|| {
            self.outcome.connected = true;
            self.segment(TcpFlags::ACK, self.nxt, &[])
        })
    }

    /// The request, the first time or once more, unless it was acknowledged.
    pub(super) fn request(&mut self) -> Option<Segment> {
        let end = ISS + 1 + REQUEST.len() as u32;
        if !self.is_open() || !self.outcome.connected || self.acknowledged.at_or_after(end) {
            return None;
        }
        self.nxt = self.nxt.max(end);
        Some(self.segment(TcpFlags::ACK | TcpFlags::PSH, ISS + 1, REQUEST))
    }

    /// Its FIN.
    pub(super) fn finish(&mut self) -> Option<Segment> {
        if !self.is_open() || !self.outcome.connected || self.finished {
            return None;
        }
        self.finished = true;
        let fin = self.segment(TcpFlags::ACK | TcpFlags::FIN, self.nxt, &[]);
        self.nxt += 1;
        Some(fin)
    }

    /// It breaks off.
    pub(super) fn reset(&mut self) -> Option<Segment> {
        if !self.is_open() {
            return None;
        }
        self.gone = true;
        Some(self.segment(TcpFlags::RST, self.nxt, &[]))
    }

    fn is_open(&self) -> bool {
        self.iss.is_some() && !self.gone && !self.outcome.reset
    }

    /// A segment arrives. What answers it is appended to `answers`.
    pub(super) fn receive(&mut self, segment: &Segment, answers: &mut Vec<Segment>) {
        if self.gone || self.outcome.reset {
            return;
        }
        if segment.flags.contains(TcpFlags::RST) {
            self.outcome.reset = true;
            return;
        }
        if segment.flags.contains(TcpFlags::ACK) {
            self.acknowledged = self.acknowledged.max(segment.acknowledgment);
        }
        if segment.flags.contains(TcpFlags::SYN) {
            self.outcome.syn_acks += 1;
            if self.iss.is_none() {
                self.iss = Some(segment.sequence);
                self.rcv_nxt = segment.sequence + 1;
            }
            if !self.holds_ack {
                answers.extend(self.ack());
            }
            return;
        }
        let fin = segment.flags.contains(TcpFlags::FIN);
        if segment.data.is_empty() && !fin {
            return;
        }
        if segment.sequence == self.rcv_nxt {
            self.rcv_nxt = self.rcv_nxt + segment.data.len() as u32 + u32::from(fin);
            self.outcome.answer += segment.data.len();
            self.outcome.ended |= fin;
        }
        answers.push(self.segment(TcpFlags::ACK, self.nxt, &[]));
        if fin {
            answers.extend(self.finish());
        }
    }

    fn segment(&self, flags: TcpFlags, sequence: SeqNum, data: &[u8]) -> Segment {
        let acknowledges = flags.contains(TcpFlags::ACK);
        Segment {
            source: self.local,
            destination: SocketAddrV4::new(LISTENER, PORT),
            sequence,
            acknowledgment: if acknowledges {
                self.rcv_nxt
            } else {
                SeqNum(0)
            },
            flags,
            window: u16::MAX,
            options: TcpOptions::default(),
            option_bytes: Vec::new(),
            ecn: Ecn::NotEct,
            data: data.to_vec(),
        }
    }
}
