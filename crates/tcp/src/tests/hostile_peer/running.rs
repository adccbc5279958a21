//! One thing after another, in the order of their times.

use super::byte;
use super::play::{IRS, Play, SHIFT, microseconds};
use crate::{Connection, State, Write};
use periplus_journey::Instant;
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};
use std::time::Duration;

impl Play {
    pub(super) fn write(&mut self) {
        self.writes_at = None;
        if !self.connection.state.may_send() {
            return;
        }
        if self.written == self.most {
            self.with(Connection::shutdown_write).unwrap();
            return;
        }
        let length = (1 + self.chance.magnitude(1, 16)).min(self.most - self.written);
        let data: Vec<u8> = (self.written..self.written + length).map(byte).collect();
        let wrote = self
            .with(|connection, context| connection.write(context, &data))
            .unwrap();
        if let Write::Accepted(count) = wrote {
            self.written += count as u64;
        }
        let pause = match self.chance.below(4) {
            0 => self.chance.below(300_000),
            _ => self.chance.below(200),
        };
        self.writes_at = Some(self.now + microseconds(1 + pause));
    }

    pub(super) fn pass(&mut self, until: Instant) {
        if until > self.now {
            self.sent_now = 0;
        }
        self.now = self.now.max(until);
    }

    pub(super) fn open(&mut self) {
        self.transmit();
        while self.connection.state == State::SynSent {
            self.ring_at = None;
            let mut answer = self.segment();
            answer.seq = IRS;
            answer.ack = self.iss + 1;
            answer.flags |= TcpFlags::SYN;
            if self.sysctls.tcp_ecn > 0 {
                answer.flags |= TcpFlags::ECE;
            }
            answer.options = TcpOptions {
                mss: Some(self.connection.offer.mss),
                window_scale: Some(SHIFT),
                sack_permitted: true,
                timestamps: Some(Timestamps {
                    value: self.now.as_millis() as u32,
                    echo_reply: 0,
                }),
                ..TcpOptions::default()
            };
            self.pass(self.now + microseconds(self.delay));
            if self.connection.snd.nxt == self.iss {
                self.transmit();
                continue;
            }
            self.arrives(answer);
        }
        self.writes_at = Some(self.now);
        if self.chance.one_in(4) {
            // Stream offsets are longer than sequence numbers.
            let offset = (1 << 32) - self.chance.below(20_000);
            self.connection.una_offset = offset;
            self.connection.send_buffers.begin_at(offset);
        }
    }

    fn set_options(&mut self) {
        let mut options = **self.connection.socket_options();
        options.no_delay = self.chance.one_in(2);
        options.cork = self.chance.one_in(4);
        self.with(|connection, context| connection.set_socket_options(context, options));
    }

    /// What happens next, happens. False if nothing does.
    pub(super) fn step(&mut self) -> bool {
        let times = [
            self.connection.next_timeout(),
            self.ring_at,
            self.writes_at,
            self.texts.keys().next().map(|&(at, _)| at),
            self.acks.keys().next().map(|&(at, _)| at),
        ];
        let Some(next) = Instant::earliest(times) else {
            return false;
        };
        self.pass(next);
        let now = self.now;
        if self.ring_at.is_some_and(|at| at <= now) {
            self.ring_at = None;
        } else if self.writes_at.is_some_and(|at| at <= now) {
            self.write();
        } else if let Some((&at, &text)) =
            self.texts.iter().next().filter(|((at, _), _)| *at <= now)
        {
            self.texts.remove(&at);
            let in_order = text.start == self.peer.nxt && self.peer.ranges.is_empty() && !text.fin;
            self.peer.take(text);
            self.peer.unacknowledged += 1;
            if !in_order || self.peer.unacknowledged > 1 || self.chance.one_in(2) {
                self.acknowledge();
            }
        } else if let Some(&at) = self.acks.keys().next().filter(|(at, _)| *at <= now) {
            let mut segment = self.acks.remove(&at).unwrap();
            segment.time.arrived = now;
            self.arrives(segment);
        } else {
            self.with(Connection::timeout);
            // A probe without text was perhaps sent: the peer answers.
            if self.connection.has_output() {
                self.acknowledge();
            }
        }
        if self.trouble.lies > 0 && self.chance.one_in(2000) {
            let mtu = 300 + self.chance.below(1200) as u16;
            self.with(|connection, context| connection.fragmentation_needed(context, 1500, mtu));
        }
        if self.chance.one_in(100) {
            self.set_options();
        }
        self.transmit();
        true
    }

    pub(super) fn run(&mut self) {
        self.open();
        let heals = self.now + Duration::from_secs(1 + self.chance.below(20));
        while self.now < heals && self.step() {}
        (self.trouble.lies, self.trouble.lost, self.trouble.full) = (0, 0, 0);
        self.trouble.doubled = 0;
        let healed = self.now;
        self.peer.window = self.peer.window.max(4096);
        while self.peer.nxt <= self.most {
            assert!(self.step(), "it stands still: {:?}", self.connection);
            assert_eq!(self.connection.error(), None);
            if self.now.since(healed) > Duration::from_secs(1000) {
                panic!(
                    "it takes too long, {} of {}: {:?}",
                    self.peer.nxt, self.most, self.connection
                );
            }
        }
    }
}
