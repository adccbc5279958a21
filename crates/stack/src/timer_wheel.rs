//! The deadlines of all connections, in O(1) each.
//!
//! A hierarchical wheel (Varghese and Lauck, 1987, scheme 7). Time is counted in ticks of 2^16 ns. A slot of level 0 is
//! one tick wide, a slot of each next level as wide as all 64 of the level below, and eight levels of six bits span
//! every deadline that 64 bits of nanoseconds can hold:
//!
//! ```text
//!  63   58 57       52          28 27       22 21       16 15             0
//! +-------+-----------+--- ··· ---+-----------+-----------+----------------+
//! |level 7|  level 6  |           |  level 1  |  level 0  |  below a tick  |
//! +-------+-----------+--- ··· ---+-----------+-----------+----------------+
//!   2.3 a     13 days                4.2 ms      65.5 µs     (width of a slot)
//! ```
//!
//! A deadline lies at the level of the highest digit in which it differs from the present, in the slot of that digit.
//! So all of a level comes before all of the level above, and within a level the slots come in order: the next thing to
//! do is found in the lowest occupied slot of the lowest occupied level. Reaching a slot of a higher level spreads its
//! entries over the levels below.

use crate::handle::Handle;
use crate::list::{Linked, Links, List};
use crate::slab::{Index, Slab};
use periplus_journey::Instant;

/// A tick is 2^16 ns, 65.536 µs.
const TICK_BITS: u32 = 16;
const _: () = assert!(periplus_tcp::TIMER_TICK.as_nanos() == 1 << TICK_BITS);
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = ((u64::BITS - TICK_BITS) / DIGIT_BITS) as usize;
const LAST_TICK: u64 = u64::MAX >> TICK_BITS;

/// The name of an entry in the wheel, until it expires or is disarmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId(Index);

#[derive(Debug)]
struct Node {
    links: Links,
    handle: Handle,
    /// The tick in whose slot the entry lies. Never later than `deadline`.
    filed: u64,
    /// The tick at which the entry expires.
    deadline: u64,
}

impl Linked for Node {
    fn links(&mut self) -> &mut Links {
        &mut self.links
    }
}

#[derive(Debug)]
struct Level {
    /// A bit for each slot that is not empty.
    occupied: u64,
    slots: [List; SLOTS],
}

/// The wheel. An entry expires at the first tick at or after its deadline: never early, and late by at most a tick when
/// [`expire`](TimerWheel::expire) is called at [`next_timeout`](TimerWheel::next_timeout).
#[derive(Debug)]
pub struct TimerWheel {
    /// The present tick: everything up to it has expired, except what is `overdue`. Behind the clock where the last
    /// [`expire`](TimerWheel::expire) came to its limit.
    present: u64,
    levels: [Level; LEVELS],
    /// A bit for each level that is not empty.
    occupied: u8,
    /// Entries armed for the present tick or one before it, and those that were due beyond a limit.
    overdue: List,
    nodes: Slab<Node>,
}

impl TimerWheel {
    /// A wheel without entries, at the start of the clock.
    pub fn new() -> Self {
        let level = || Level {
            occupied: 0,
            slots: [List::default(); SLOTS],
        };
        Self {
            present: 0,
            levels: std::array::from_fn(|_| level()),
            occupied: 0,
            overdue: List::default(),
            nodes: Slab::with_limit(usize::MAX),
        }
    }

    /// Sets the deadline of the entry `timer`, or of a new one if it is `None`, expired or disarmed, and the handle to
    /// be reported then.
    ///
    /// A deadline that moves away, as a retransmission timer's does with every ACK, costs one store: the entry stays
    /// where it is filed and is filed anew when that time comes.
    pub fn arm(&mut self, timer: Option<TimerId>, deadline: Instant, handle: Handle) -> TimerId {
        let deadline = tick_at_or_after(deadline);
        if let Some(TimerId(index)) = timer
            && let Some(node) = self.nodes.get_mut(index)
        {
            node.handle = handle;
            node.deadline = deadline;
            if deadline < node.filed {
                self.unfile(index);
                self.file(index);
            }
            return TimerId(index);
        }
        let node = Node {
            links: Links::default(),
            handle,
            filed: deadline,
            deadline,
        };
        let Ok(index) = self.nodes.insert(node) else {
            unreachable!("more timers than records can have handles");
        };
        self.file(index);
        TimerId(index)
    }

    /// Forgets an entry. One that has expired is forgotten already.
    pub fn disarm(&mut self, timer: TimerId) {
        if self.nodes.get(timer.0).is_some() {
            self.unfile(timer.0);
            self.nodes.remove(timer.0);
        }
    }

    /// When an entry expires, to the tick.
    pub fn deadline(&self, timer: TimerId) -> Option<Instant> {
        let node = self.nodes.get(timer.0)?;
        Some(Instant::from_nanos(node.deadline << TICK_BITS))
    }

    /// When [`expire`](TimerWheel::expire) next has something to do: never later than the first deadline's tick, or
    /// than the present where that has passed. It may be earlier, when entries must only be filed anew; each such call
    /// brings them nearer. `None` if nothing is armed.
    #[inline]
    pub fn next_timeout(&self) -> Option<Instant> {
        let tick = if self.overdue.is_empty() {
            self.next_slot()?.2
        } else {
            self.present
        };
        Some(Instant::from_nanos(tick << TICK_BITS))
    }

    /// Appends the handles whose deadlines have come by `now` to `expired`, in the order of their ticks, and forgets
    /// their entries. Costs a step for each occupied slot up to `now` and for each entry in it, however long ago the
    /// last call was.
    ///
    /// Stops at `limit` handles. Those beyond it are due at once, in their order, whenever the next call comes.
    pub fn expire(&mut self, now: Instant, limit: usize, expired: &mut Vec<Handle>) {
        let now = now.as_nanos() >> TICK_BITS;
        let limit = expired.len().saturating_add(limit);
        let mut overdue = std::mem::take(&mut self.overdue);
        self.empty(&mut overdue, limit, expired);
        self.overdue = overdue;
        while expired.len() < limit {
            let Some((level, slot, tick)) = self.next_slot().filter(|&(.., tick)| tick <= now)
            else {
                self.present = self.present.max(now);
                return;
            };
            self.present = tick;
            self.vacate(level, slot);
            let mut entries = std::mem::take(&mut self.levels[level].slots[slot]);
            self.empty(&mut entries, limit, expired);
            while let Some(index) = entries.pop_front(&mut self.nodes) {
                self.file(index);
            }
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The first occupied slot: level, slot, and the tick at which it begins.
    #[inline]
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        if self.occupied == 0 {
            return None;
        }
        let level = self.occupied.trailing_zeros() as usize;
        let slot = self.levels[level].occupied.trailing_zeros() as usize;
        let shift = DIGIT_BITS * level as u32;
        let above = self.present >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
        Some((level, slot, above | (slot as u64) << shift))
    }

    /// Reports the entries of a list that were due by the present, and files the others anew, until `limit` are reported.
    fn empty(&mut self, entries: &mut List, limit: usize, expired: &mut Vec<Handle>) {
        while expired.len() < limit
            && let Some(index) = entries.pop_front(&mut self.nodes)
        {
            match self.nodes.get(index) {
                Some(node) if node.deadline <= self.present => {
                    expired.push(node.handle);
                    self.nodes.remove(index);
                }
                _ => self.file(index),
            }
        }
    }

    /// A slot is empty now.
    fn vacate(&mut self, level: usize, slot: usize) {
        let occupied = &mut self.levels[level].occupied;
        *occupied &= !(1 << slot);
        if *occupied == 0 {
            self.occupied &= !(1 << level);
        }
    }

    fn file(&mut self, index: Index) {
        let Some(node) = self.nodes.get_mut(index) else {
            return;
        };
        node.filed = node.deadline;
        match place(self.present, node.filed) {
            Some((level, slot)) => {
                self.occupied |= 1 << level;
                let level = &mut self.levels[level];
                level.occupied |= 1 << slot;
                level.slots[slot].push_back(&mut self.nodes, index);
            }
            None => self.overdue.push_back(&mut self.nodes, index),
        }
    }

    /// Takes an entry out of its slot. Which that is follows from the tick it is filed under: the present never passes
    /// the beginning of an occupied slot without emptying it, and until then the digits by which an entry was placed
    /// do not change.
    fn unfile(&mut self, index: Index) {
        let Some(node) = self.nodes.get(index) else {
            return;
        };
        match place(self.present, node.filed) {
            Some((level, slot)) => {
                let list = &mut self.levels[level].slots[slot];
                list.unlink(&mut self.nodes, index);
                if list.is_empty() {
                    self.vacate(level, slot);
                }
            }
            None => self.overdue.unlink(&mut self.nodes, index),
        }
    }
}

impl Default for TimerWheel {
    fn default() -> Self {
        Self::new()
    }
}

/// The level and slot of a tick; `None` if it is not after the present.
fn place(present: u64, tick: u64) -> Option<(usize, usize)> {
    if tick <= present {
        return None;
    }
    let level = (present ^ tick).ilog2() / DIGIT_BITS;
    let slot = (tick >> (DIGIT_BITS * level)) as usize % SLOTS;
    Some((level as usize, slot))
}

/// The tick at which a deadline has passed. The clock's very last moments share the last tick.
fn tick_at_or_after(deadline: Instant) -> u64 {
    deadline.as_nanos().div_ceil(1 << TICK_BITS).min(LAST_TICK)
}

#[cfg(test)]
mod tests;
