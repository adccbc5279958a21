//! What one dependent look-up costs where a million connections lie: a walk through a memory as large, whose every step
//! says where the next one leads.

use crate::content::Random;
use crate::contestant::{Contestant, Seen};
use crate::referee::Disturbances;
use crate::works::LOOKUP_BYTES;
use std::hint::black_box;

/// Bytes that are brought from memory together.
const LINE: usize = 64;

/// One cycle through all lines of the memory, in random order.
pub(crate) struct Lookup {
    lines: Vec<[u32; LINE / 4]>,
    at: u32,
}

impl Lookup {
    pub(crate) fn boxed() -> Box<dyn Contestant> {
        let count = LOOKUP_BYTES / LINE;
        let mut lines: Vec<_> = (0..count as u32)
            .map(|next| {
                let mut line = [0; LINE / 4];
                line[0] = next;
                line
            })
            .collect();
        // Sattolo's shuffle, which leaves a single cycle.
        let mut random = Random::new(4);
        for last in (1..count).rev() {
            let other = random.below(last);
            let next = lines[last][0];
            lines[last][0] = lines[other][0];
            lines[other][0] = next;
        }
        Box::new(Self { lines, at: 0 })
    }
}

impl Contestant for Lookup {
    fn plan(&mut self, _: u32) {}

    fn work(&mut self, times: u32) -> u64 {
        for _ in 0..times {
            self.at = self.lines[self.at as usize][0];
        }
        black_box(self.at);
        0
    }

    fn replay(&mut self, _: u32, _: Disturbances) -> Seen {
        Seen::default()
    }
}
