//! What the peer says, true and not.

use super::chance::Chance;
use super::play::{IRS, Play, SHIFT};
use crate::Segment;
use periplus_wire::Ecn;
use periplus_wire::tcp::{SackBlocks, TcpFlags, TcpOptions, Timestamps};

impl Play {
    pub(super) fn segment(&mut self) -> Segment {
        let mut options = TcpOptions::default();
        if self.connection.timestamps.is_some() {
            let mut echo_reply = self.peer.value;
            if self.chance.of(self.trouble.lies / 8) {
                echo_reply = echo_reply.wrapping_sub(self.chance.below(1 << 12) as u32);
            }
            options.timestamps = Some(Timestamps {
                value: self.now.as_millis() as u32,
                echo_reply,
            });
        }
        if self.connection.sack_permitted {
            options.sack = self.peer.blocks(self.iss);
        }
        Segment {
            seq: IRS + 1,
            ack: self.iss + 1 + self.peer.nxt as u32,
            wnd: (self.peer.window >> SHIFT).min(65_535) as u16,
            flags: TcpFlags::ACK,
            options,
            ecn: Ecn::NotEct,
            payload: Default::default(),
            time: Default::default(),
        }
    }

    /// What the peer says that is not true.
    pub(super) fn lie(&mut self, segment: &mut Segment) {
        let (una, nxt) = (self.connection.snd.una, self.connection.snd.nxt);
        let out = u64::from(nxt - una);
        let somewhere = |chance: &mut Chance| una + chance.below(out + 2) as u32;
        match self.chance.below(9) {
            0 => {
                segment.ack = una; // again
                segment.options.sack = SackBlocks::new();
            }
            1..=3 if self.connection.sack_permitted => {
                let mut blocks = SackBlocks::new();
                for _ in 0..1 + self.chance.below(4) {
                    let start = somewhere(&mut self.chance);
                    let length = 1 + self.chance.below(6000) as u32;
                    blocks.push(start, start + length);
                }
                segment.options.sack = blocks;
            }
            4 if self.connection.sack_permitted => {
                let mut blocks = SackBlocks::new();
                let start = una - self.chance.below(4000) as u32;
                blocks.push(start, start + self.chance.below(3000) as u32);
                segment.options.sack = blocks;
            }
            5 => segment.wnd = self.chance.below(1 + u64::from(segment.wnd)) as u16,
            6 => segment.wnd = 0,
            7 => segment.flags |= TcpFlags::ECE,
            _ => {
                // throws away what came out of order
                self.peer.ranges.clear();
                self.peer.recent.clear();
            }
        }
    }

    /// An ACK leaves the peer.
    pub(super) fn acknowledge(&mut self) {
        self.peer.unacknowledged = 0;
        let mut segment = self.segment();
        if self.chance.of(self.trouble.lies) {
            self.lie(&mut segment);
        }
        if self.trouble.lies > 0 && self.chance.one_in(300) {
            // Optimistic: for what never came.
            let out = self.connection.snd.nxt - (self.iss + 1 + self.peer.nxt as u32);
            self.peer.nxt += self.chance.below(u64::from(out));
            let nxt = self.peer.nxt;
            self.peer.ranges.retain(|&start, _| start > nxt);
            let ranges = &self.peer.ranges;
            self.peer.recent.retain(|start| ranges.contains_key(start));
            segment.ack = self.iss + 1 + nxt as u32;
        }
        if !self.chance.of(self.trouble.lost) {
            let at = self.after();
            self.acks.insert(at, segment);
        }
    }
}
