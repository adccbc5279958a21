//! Who sends next, where the client is a crowd.
//!
//! With a million connections a look at one of them costs more than the rest of the script. So it is decided beforehand,
//! while no time is taken, who sends what, and stands in a list that is read from its beginning to its end.

use super::{Connection, End};
use crate::content::Random;

/// A segment that will be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) end: End,
    pub(super) seq: u32,
    pub(super) ack: u32,
}

/// Segments on connections that exist, and SYNs of those that never will.
#[derive(Debug, Default)]
pub(super) struct Plan {
    targets: Vec<Target>,
    at: usize,
    flood: u32,
}

impl Plan {
    /// Each of the next `count` segments is on a random one of `connections`.
    pub(super) fn make(
        &mut self,
        count: usize,
        payload: u32,
        connections: &mut [Connection],
        random: &mut Random,
    ) {
        self.targets.clear();
        self.at = 0;
        self.targets.extend((0..count).map(|_| {
            let connection = &mut connections[random.below(connections.len())];
            let seq = connection.next;
            connection.next = seq.wrapping_add(payload);
            Target {
                end: connection.end,
                seq,
                ack: connection.acknowledged,
            }
        }));
    }

    #[inline]
    pub(super) fn next(&self) -> Target {
        self.targets[self.at]
    }

    #[inline]
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Whose SYN comes next, with which number: from 100.64.0.0/10, whose ends come again after 2 billion others.
    #[inline]
    pub(super) fn flood(&self) -> (End, u32) {
        // An odd factor, so that different counts have different products.
        let mixed = self.flood.wrapping_mul(0x9e37_79b1);
        let address = u32::from_be_bytes([100, 64, 0, 0]) | mixed >> 10;
        let port = 1024 | (mixed & 0x3ff) as u16;
        ((address, port), mixed.rotate_left(16))
    }

    #[inline]
    pub(super) fn step_flood(&mut self) {
        self.flood = self.flood.wrapping_add(1);
    }
}
