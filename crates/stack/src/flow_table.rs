//! From a segment's 4-tuple to its record, in one look-up.

use crate::handle::Handle;
use crate::keyed_hash::KeyedHash;
use hashbrown::HashTable;
use periplus_tcp::Ends;
use std::net::SocketAddr;

/// How many look-ups [`FlowTable::get_many_ipv4`] keeps in flight: a burst's worth.
const BURST: usize = 64;

/// A flow as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// Our address and port.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
}

impl FlowKey {
    /// Its ends as they stand on the wire.
    #[inline]
    pub(crate) fn ends(&self) -> Ends {
        Ends::new(self.local, self.remote)
    }
}

/// A flow with its hash: made once for a segment, however often the tables are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashedKey {
    pub(crate) ends: Ends,
    /// Keyed: nobody can choose flows that collide.
    pub(crate) hash: u64,
}

impl HashedKey {
    /// The flow itself.
    #[inline]
    pub(crate) fn key(&self) -> FlowKey {
        let (local, remote) = self.ends.addresses();
        FlowKey { local, remote }
    }
}

/// The flows of a shard: 4-tuple to [`Handle`], a table a family so that an IPv4 flow does not pay for IPv6's width.
#[derive(Debug)]
pub struct FlowTable {
    hash: KeyedHash,
    v4: Table<12>,
    v6: Table<36>,
}

impl FlowTable {
    /// An empty table whose hash is keyed with `key`.
    pub fn new(key: [u8; 16]) -> Self {
        Self {
            hash: KeyedHash::new(key),
            v4: HashTable::new(),
            v6: HashTable::new(),
        }
    }

    /// A flow with its keyed hash.
    #[inline]
    pub(crate) fn hashed(&self, ends: Ends) -> HashedKey {
        let hash = match &ends {
            Ends::V4(ends) => self.hash.bytes(ends),
            Ends::V6(ends) => self.hash.bytes(ends),
        };
        HashedKey { ends, hash }
    }

    /// The record of a flow.
    pub fn get(&self, key: &FlowKey) -> Option<Handle> {
        self.find(&self.hashed(key.ends()))
    }

    /// The record of a flow whose hash is known.
    #[inline]
    pub(crate) fn find(&self, flow: &HashedKey) -> Option<Handle> {
        match &flow.ends {
            Ends::V4(ends) => find(&self.v4, flow.hash, ends),
            Ends::V6(ends) => find(&self.v6, flow.hash, ends),
        }
    }

    /// Looks the flows of a burst up together, and puts what was found into `handles`, in order. Each is a local address, a remote
    /// one, a local port and a remote one, as they stand on the wire. All are hashed before the first is probed: the probes then
    /// depend on nothing but memory, and the CPU lets their cache misses overlap.
    pub fn get_many_ipv4(
        &self,
        four_tuples: &[Option<[u8; 12]>],
        handles: &mut Vec<Option<Handle>>,
    ) {
        handles.clear();
        for tuples in four_tuples.chunks(BURST) {
            let mut hashes = [0; BURST];
            for (hash, tuple) in hashes.iter_mut().zip(tuples) {
                *hash = tuple.map_or(0, |tuple| self.hash.bytes(&tuple));
            }
            handles.extend(
                tuples
                    .iter()
                    .zip(hashes)
                    .map(|(tuple, hash)| find(&self.v4, hash, tuple.as_ref()?)),
            );
        }
    }

    /// Enters a flow. One that is already there stays, and its handle is the error.
    pub fn insert(&mut self, key: &FlowKey, handle: Handle) -> Result<(), Handle> {
        let flow = self.hashed(key.ends());
        match self.find(&flow) {
            Some(present) => Err(present),
            None => {
                self.enter(&flow, handle);
                Ok(())
            }
        }
    }

    /// Enters a flow that was looked for, and is not there.
    pub(crate) fn enter(&mut self, flow: &HashedKey, handle: Handle) {
        match flow.ends {
            Ends::V4(ends) => enter(&mut self.v4, &self.hash, flow.hash, ends, handle),
            Ends::V6(ends) => enter(&mut self.v6, &self.hash, flow.hash, ends, handle),
        }
    }

    /// Enters a flow or changes its handle, as when a half-open record becomes a connection. Returns the handle it had.
    pub fn replace(&mut self, key: &FlowKey, handle: Handle) -> Option<Handle> {
        self.change(&self.hashed(key.ends()), handle)
    }

    /// [`replace`](Self::replace), the hash being known.
    pub(crate) fn change(&mut self, flow: &HashedKey, handle: Handle) -> Option<Handle> {
        let present = match &flow.ends {
            Ends::V4(ends) => find_mut(&mut self.v4, flow.hash, ends),
            Ends::V6(ends) => find_mut(&mut self.v6, flow.hash, ends),
        };
        if let Some(present) = present {
            return Some(std::mem::replace(present, handle));
        }
        self.enter(flow, handle);
        None
    }

    /// Forgets a flow. Returns the handle it had.
    pub fn remove(&mut self, key: &FlowKey) -> Option<Handle> {
        let flow = self.hashed(key.ends());
        match &flow.ends {
            Ends::V4(ends) => remove(&mut self.v4, flow.hash, ends),
            Ends::V6(ends) => remove(&mut self.v6, flow.hash, ends),
        }
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

type Table<const N: usize> = HashTable<([u8; N], Handle)>;

#[inline]
fn find<const N: usize>(table: &Table<N>, hash: u64, ends: &[u8; N]) -> Option<Handle> {
    let found = table.find(hash, |entry| entry.0 == *ends);
    found.map(|entry| entry.1)
}

fn find_mut<'a, const N: usize>(
    table: &'a mut Table<N>,
    hash: u64,
    ends: &[u8; N],
) -> Option<&'a mut Handle> {
    let found = table.find_mut(hash, |entry| entry.0 == *ends);
    found.map(|entry| &mut entry.1)
}

fn enter<const N: usize>(
    table: &mut Table<N>,
    rehash: &KeyedHash,
    hash: u64,
    ends: [u8; N],
    handle: Handle,
) {
    table.insert_unique(hash, (ends, handle), |entry| rehash.bytes(&entry.0));
}

fn remove<const N: usize>(table: &mut Table<N>, hash: u64, ends: &[u8; N]) -> Option<Handle> {
    let entry = table.find_entry(hash, |entry| entry.0 == *ends).ok()?;
    Some(entry.remove().0.1)
}

#[cfg(test)]
mod tests;
