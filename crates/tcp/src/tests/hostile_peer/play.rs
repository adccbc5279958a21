//! A connection, its peer and what is between them.

use super::chance::Chance;
use super::peer::Peer;
use super::ring::{Ring, Text};
use crate::{
    Connection, Context, FrameBudget, MemoryBudget, Offer, Recorder, Segment, SpareBuffers, State,
    Sysctls,
};
use periplus_journey::{Counters, Instant};
use periplus_ring::PoolLevel;
use periplus_wire::SeqNum;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const IRS: SeqNum = SeqNum::new(u32::MAX - 3);
pub(super) const SHIFT: u8 = 7;

/// What of a flight goes wrong, in thousandths.
pub(super) struct Trouble {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) late: u64,
    pub(super) lies: u64,
    pub(super) full: u64,
}

pub(super) struct Play {
    pub(super) chance: Chance,
    pub(super) connection: Connection,
    pub(super) counters: Counters,
    pub(super) sysctls: Sysctls,
    pub(super) recorder: Recorder,
    spare: SpareBuffers,
    pub(super) now: Instant,
    pub(super) iss: SeqNum,
    pub(super) peer: Peer,
    pub(super) trouble: Trouble,
    pub(super) delay: u64,
    pub(super) texts: BTreeMap<(Instant, u64), Text>,
    pub(super) acks: BTreeMap<(Instant, u64), Segment>,
    pub(super) number: u64,
    pub(super) written: u64,
    pub(super) most: u64,
    pub(super) ring_at: Option<Instant>,
    /// A ring that was full is so until then.
    pub(super) ring_opens: Instant,
    pub(super) writes_at: Option<Instant>,
    pub(super) sent_now: usize,
    /// The furthest that the peer has ever offered to take.
    pub(super) edge: u64,
}

pub(super) fn microseconds(count: u64) -> Duration {
    Duration::from_micros(count)
}

impl Play {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut sysctls = Sysctls {
            tcp_timestamps: !chance.one_in(3),
            tcp_sack: !chance.one_in(4),
            tcp_pacing: chance.one_in(2),
            tcp_frto: if chance.one_in(4) { 0 } else { 2 },
            tcp_early_retrans: if chance.one_in(5) { 0 } else { 3 },
            tcp_ecn: u8::from(chance.one_in(3)),
            ..Sysctls::default()
        };
        if chance.one_in(3) {
            sysctls.tcp_congestion_control = crate::CongestionAlgorithm::Reno;
        }
        let iss = SeqNum::new(chance.below(1 << 32) as u32);
        let now = Instant::from_millis(1000);
        let mss = [1460, 1000, 536, 100][chance.below(4) as usize];
        let connection = Connection::connect(iss, Offer::new(mss, &sysctls), 77, now);
        let wild = |chance: &mut Chance, most: u64| match chance.below(3) {
            0 => 0,
            _ => chance.below(most),
        };
        let trouble = Trouble {
            lost: wild(&mut chance, 300),
            doubled: wild(&mut chance, 200),
            late: wild(&mut chance, 300),
            lies: wild(&mut chance, 500),
            full: wild(&mut chance, 300),
        };
        let most = (1 + chance.magnitude(8, 13)) * (1 + u64::from(mss)) / 1500;
        Self {
            connection,
            counters: Counters::default(),
            sysctls,
            recorder: Recorder::new(false, "play", 0),
            spare: SpareBuffers::default(),
            now,
            iss,
            peer: Peer {
                window: 1 << (10 + chance.below(12)),
                ..Peer::default()
            },
            trouble,
            delay: 50 + chance.magnitude(6, 12),
            texts: BTreeMap::new(),
            acks: BTreeMap::new(),
            number: 0,
            written: 0,
            most,
            ring_at: None,
            ring_opens: now,
            writes_at: None,
            sent_now: 0,
            edge: 0,
            chance,
        }
    }

    pub(super) fn with<T>(
        &mut self,
        call: impl FnOnce(&mut Connection, &mut Context<'_>) -> T,
    ) -> T {
        let context = &mut Context {
            now: self.now,
            sysctls: &self.sysctls,
            counters: &mut self.counters,
            recorder: &mut self.recorder,
            spare: &mut self.spare,
            frames: FrameBudget {
                level: PoolLevel::Ample,
                frames_a_connection: 64,
            },
            orphans: 0,
            memory: MemoryBudget {
                receive: usize::MAX,
                send: usize::MAX,
            },
        };
        call(&mut self.connection, context)
    }

    pub(super) fn after(&mut self) -> (Instant, u64) {
        self.number += 1;
        let late = match self.chance.of(self.trouble.late) {
            true => self.chance.below(4 * self.delay),
            false => 0,
        };
        (self.now + microseconds(self.delay + late), self.number)
    }

    /// A look at the ring, as a shard has it after something happened.
    pub(super) fn transmit(&mut self) {
        self.check();
        if !self.connection.has_output() || self.ring_opens > self.now {
            return;
        }
        let room = match self.chance.of(self.trouble.full) {
            true => self.chance.below(6) as usize,
            false => 256,
        };
        let mut ring = Ring {
            iss: self.iss,
            room,
            longest: 1 + self.chance.below(4) as usize,
            frames: Vec::new(),
        };
        let turn =
            self.with(|connection, context| connection.transmit(context, &mut ring, 1 << 16));
        self.sent_now += ring.frames.len();
        assert!(self.sent_now < 20_000, "it sends and sends");
        if turn != Ok(crate::Turn::Done) {
            let closed = match self.chance.one_in(10) {
                true => self.chance.magnitude(8, 14),
                false => 20,
            };
            self.ring_opens = self.now + microseconds(closed);
            self.ring_at = Some(self.ring_opens);
        }
        for text in ring.frames {
            assert!(text.end <= self.written);
            assert!(
                text.end + u64::from(text.fin) <= self.edge,
                "beyond the window: {text:?}"
            );
            for _ in 0..1 + u64::from(self.chance.of(self.trouble.doubled)) {
                if !self.chance.of(self.trouble.lost) {
                    let at = self.after();
                    self.texts.insert(at, text);
                }
            }
        }
        self.check();
    }

    /// The books are in order, and something is waited for.
    pub(super) fn check(&self) {
        let connection = &self.connection;
        let buffers = &connection.send_buffers;
        buffers.check(connection.sack_permitted);
        if connection.state == State::Closed || !connection.state.is_synchronized() {
            return;
        }
        assert!(connection.congestion.cwnd() >= connection.largest_segment);
        let out = connection.snd.una != connection.snd.nxt;
        let waits = connection.retransmit_at.is_some();
        assert!(
            !out || waits,
            "something is out and no timer runs: {connection:?}"
        );
        let unreleased = connection.has_unreleased();
        let goes_on =
            waits || connection.has_output() || connection.pacing.next_timeout().is_some();
        assert!(
            !unreleased || goes_on || self.ring_at.is_some(),
            "{connection:?}"
        );
    }

    pub(super) fn arrives(&mut self, segment: Segment) {
        let edge = (segment.ack - (self.iss + 1)) as i32;
        if edge >= 0 {
            self.edge = self
                .edge
                .max(edge as u64 + (u64::from(segment.wnd) << SHIFT));
        }
        self.with(|connection, context| connection.segment_arrives(context, segment));
    }
}
