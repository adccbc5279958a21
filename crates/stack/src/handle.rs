//! What the flow table says of a flow: which kind of record it has, and where.

use crate::slab::{Index, MAX_SLOTS};
use std::fmt;

/// The kind of record a flow has, and so the slab it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tag {
    /// A connection with its queues: every state from ESTABLISHED to LAST-ACK, and SYN-SENT.
    Established = 0,
    /// A compact record in a listener's SYN queue: SYN-RECEIVED.
    HalfOpen = 1,
    /// A compact record in TIME-WAIT.
    TimeWait = 2,
}

const SLOT_BITS: u32 = 28;
const GENERATION_BITS: u32 = 32;
const _: () = assert!(1 << SLOT_BITS == MAX_SLOTS);

/// A tag and an index in one word, so that a single look-up finds a flow of any kind:
///
/// ```text
///  63  60 59            28 27           0
/// +------+----------------+--------------+
/// | tag  |   generation   |     slot     |
/// +------+----------------+--------------+
/// ```
///
/// Nothing is lost between it and what it lies behind in the flow table, of which there is one a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed(4))]
pub struct Handle(u64);

impl Handle {
    /// The handle of the record of kind `tag` at `index`, whose slot is below [`MAX_SLOTS`].
    pub const fn new(tag: Tag, index: Index) -> Self {
        debug_assert!(index.slot < MAX_SLOTS);
        let tag = (tag as u64) << (SLOT_BITS + GENERATION_BITS);
        Self(tag | (index.generation as u64) << SLOT_BITS | index.slot as u64)
    }

    /// The record's kind.
    pub const fn tag(self) -> Tag {
        match self.0 >> (SLOT_BITS + GENERATION_BITS) {
            0 => Tag::Established,
            1 => Tag::HalfOpen,
            _ => Tag::TimeWait,
        }
    }

    /// Where the record lies in the slab of its kind.
    pub const fn index(self) -> Index {
        Index {
            slot: (self.0 & (MAX_SLOTS as u64 - 1)) as u32,
            generation: (self.0 >> SLOT_BITS) as u32,
        }
    }
}

impl From<(Tag, Index)> for Handle {
    fn from((tag, index): (Tag, Index)) -> Self {
        Self::new(tag, index)
    }
}

impl From<Handle> for (Tag, Index) {
    fn from(handle: Handle) -> Self {
        (handle.tag(), handle.index())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Index { slot, generation } = self.index();
        write!(f, "{:?}({slot}.{generation})", self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_handle_gives_back_the_parts_it_was_made_of(
            tag in prop::sample::select(vec![Tag::Established, Tag::HalfOpen, Tag::TimeWait]),
            slot in 0..MAX_SLOTS,
            generation: u32,
        ) {
            let index = Index { slot, generation };
            prop_assert_eq!(<(Tag, Index)>::from(Handle::from((tag, index))), (tag, index));
        }
    }
}
