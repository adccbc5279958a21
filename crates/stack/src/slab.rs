//! Slots for what the shard keeps, named by generational indices.

/// The most slots a slab can have: what a [`Handle`](crate::Handle) has bits for.
pub const MAX_SLOTS: u32 = 1 << 28;

/// Slots allocated at a time. A chunk never moves, so that the arrival of one connection never pays for copying a
/// million others.
pub(crate) const CHUNK: u32 = 256;

/// "No slot": the end of a list of slots.
const NIL: u32 = u32::MAX;

/// The name of a value in a [`Slab`]. It stops naming anything when the value is removed, though the slot be reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index {
    /// The slot.
    pub slot: u32,
    /// How often the slot had been freed when the value moved in.
    pub generation: u32,
}

#[derive(Debug)]
enum Entry<T> {
    Vacant { generation: u32, next: u32 },
    Occupied { generation: u32, value: T },
}

#[derive(Debug)]
struct Chunk<T> {
    /// Empty while the chunk's memory is given back.
    entries: Vec<Entry<T>>,
    /// The vacant slot freed last, as an offset into `entries`.
    first_vacant: u32,
    occupied: u32,
    /// The generation with which the entries begin when memory is taken again: above all that were ever given out.
    generation: u32,
}

/// A bounded store with O(1) insertion, look-up and removal. It grows a chunk at a time and gives empty chunks back,
/// but for one, so that a single value coming and going does not allocate.
#[derive(Debug)]
pub struct Slab<T> {
    chunks: Vec<Chunk<T>>,
    /// The chunks with a vacant slot, each once; the last is filled first.
    with_room: Vec<u32>,
    /// The one empty chunk that keeps its memory.
    spare: Option<u32>,
    len: u32,
    limit: u32,
}

impl<T> Slab<T> {
    /// An empty slab for at most `limit` values, [`MAX_SLOTS`] at the most. Allocates nothing.
    pub fn with_limit(limit: usize) -> Self {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).min(MAX_SLOTS);
        Self {
            chunks: Vec::new(),
            with_room: Vec::new(),
            spare: None,
            len: 0,
            limit,
        }
    }

    /// Stores `value`. At the limit it is handed back.
    pub fn insert(&mut self, value: T) -> Result<Index, T> {
        if self.is_full() {
            return Err(value);
        }
        let at = match self.with_room.last() {
            Some(&at) => at,
            None => self.grow(),
        };
        if self.spare == Some(at) {
            self.spare = None;
        }
        let chunk = &mut self.chunks[at as usize];
        let (offset, generation) = chunk.insert(value);
        if chunk.first_vacant == NIL {
            self.with_room.pop();
        }
        self.len += 1;
        Ok(Index {
            slot: at * CHUNK + offset,
            generation,
        })
    }

    /// The value that `index` names, if it is still here.
    pub fn get(&self, index: Index) -> Option<&T> {
        match self.entry(index.slot)? {
            Entry::Occupied { generation, value } if *generation == index.generation => Some(value),
            _ => None,
        }
    }

    /// The value that `index` names, to be changed.
    pub fn get_mut(&mut self, index: Index) -> Option<&mut T> {
        match self.entry_mut(index.slot)? {
            Entry::Occupied { generation, value } if *generation == index.generation => Some(value),
            _ => None,
        }
    }

    /// Takes the value that `index` names out. From then on `index` names nothing.
    pub fn remove(&mut self, index: Index) -> Option<T> {
        self.get(index)?;
        let at = index.slot / CHUNK;
        let chunk = &mut self.chunks[at as usize];
        let was_full = chunk.first_vacant == NIL;
        let value = chunk.remove(index.slot % CHUNK);
        self.len -= 1;
        if was_full {
            self.with_room.push(at);
        }
        if self.chunks[at as usize].occupied == 0 {
            match self.spare {
                None => self.spare = Some(at),
                Some(_) => self.chunks[at as usize].give_back(),
            }
        }
        value
    }

    /// How many values are stored.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the next insertion would fail.
    pub fn is_full(&self) -> bool {
        self.len == self.limit
    }

    /// How many slots have memory.
    pub fn allocated(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.entries.len()).sum()
    }

    /// Every value with its index, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &T)> {
        let entries = self.chunks.iter().zip(0..);
        entries.flat_map(|(chunk, at)| {
            let slots = chunk.entries.iter().zip(at * CHUNK..);
            slots.filter_map(|(entry, slot)| entry.as_occupied(slot))
        })
    }

    /// The values of the first chunk that has any, from the chunk `from` on, and that chunk's number: a walk through the
    /// slab in steps of a bounded length. A value that stays is met once; what comes and goes between two steps may not be.
    pub(crate) fn chunk_from(&self, from: u32) -> Option<(u32, impl Iterator<Item = &T>)> {
        let mut chunks = self.chunks.iter().zip(0..).skip(from as usize);
        let (chunk, at) = chunks.find(|(chunk, _)| chunk.occupied > 0)?;
        let entries = chunk.entries.iter().zip(at * CHUNK..);
        let values = entries.filter_map(|(entry, slot)| Some(entry.as_occupied(slot)?.1));
        Some((at, values))
    }

    /// The value in `slot`, whatever its generation: for lists that are threaded through the slab and know that a slot
    /// they hold is occupied.
    pub(crate) fn at_mut(&mut self, slot: u32) -> Option<(Index, &mut T)> {
        self.entry_mut(slot)?.as_occupied_mut(slot)
    }

    fn entry(&self, slot: u32) -> Option<&Entry<T>> {
        let chunk = self.chunks.get((slot / CHUNK) as usize)?;
        chunk.entries.get((slot % CHUNK) as usize)
    }

    fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry<T>> {
        let chunk = self.chunks.get_mut((slot / CHUNK) as usize)?;
        chunk.entries.get_mut((slot % CHUNK) as usize)
    }

    fn grow(&mut self) -> u32 {
        let at = self.chunks.len() as u32;
        self.chunks.push(Chunk {
            entries: Vec::new(),
            first_vacant: 0,
            occupied: 0,
            generation: 0,
        });
        self.with_room.push(at);
        at
    }
}

impl<T> Chunk<T> {
    fn insert(&mut self, value: T) -> (u32, u32) {
        if self.entries.is_empty() {
            self.take_memory();
        }
        let offset = self.first_vacant;
        let entry = &mut self.entries[offset as usize];
        let Entry::Vacant { generation, next } = *entry else {
            unreachable!("an occupied slot on the list of vacant ones");
        };
        *entry = Entry::Occupied { generation, value };
        self.first_vacant = next;
        self.occupied += 1;
        (offset, generation)
    }

    fn remove(&mut self, offset: u32) -> Option<T> {
        let entry = &mut self.entries[offset as usize];
        let generation = entry.generation().wrapping_add(1);
        let next = self.first_vacant;
        match std::mem::replace(entry, Entry::Vacant { generation, next }) {
            Entry::Occupied { value, .. } => {
                self.first_vacant = offset;
                self.occupied -= 1;
                Some(value)
            }
            Entry::Vacant { .. } => unreachable!("removed from a slot that was vacant"),
        }
    }

    fn take_memory(&mut self) {
        let generation = self.generation;
        let next = |offset| if offset + 1 < CHUNK { offset + 1 } else { NIL };
        let vacant = |offset| Entry::Vacant {
            generation,
            next: next(offset),
        };
        self.entries = (0..CHUNK).map(vacant).collect();
        self.first_vacant = 0;
    }

    fn give_back(&mut self) {
        let generations = self.entries.iter().map(Entry::generation);
        self.generation = generations.max().unwrap_or(self.generation);
        self.entries = Vec::new();
        self.first_vacant = 0;
    }
}

impl<T> Entry<T> {
    fn generation(&self) -> u32 {
        match *self {
            Entry::Vacant { generation, .. } | Entry::Occupied { generation, .. } => generation,
        }
    }

    fn as_occupied(&self, slot: u32) -> Option<(Index, &T)> {
        match self {
            Entry::Occupied { generation, value } => {
                let generation = *generation;
                Some((Index { slot, generation }, value))
            }
            Entry::Vacant { .. } => None,
        }
    }

    fn as_occupied_mut(&mut self, slot: u32) -> Option<(Index, &mut T)> {
        match self {
            Entry::Occupied { generation, value } => {
                let generation = *generation;
                Some((Index { slot, generation }, value))
            }
            Entry::Vacant { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
