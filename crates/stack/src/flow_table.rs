//! From a segment's 4-tuple to its record, in one look-up.

use crate::handle::Handle;
use crate::keyed_hash::KeyedHash;
use hashbrown::HashTable;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

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

/// Local address, remote address, local port, remote port, as they stand on the wire.
type KeyV4 = [u8; 12];
type KeyV6 = [u8; 36];

enum Key {
    V4(KeyV4),
    V6(KeyV6),
}

/// The flows of a shard: 4-tuple to [`Handle`], a table a family so that an IPv4 flow does not pay for IPv6's width.
#[derive(Debug)]
pub struct FlowTable {
    hash: KeyedHash,
    v4: HashTable<(KeyV4, Handle)>,
    v6: HashTable<(KeyV6, Handle)>,
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

    /// The keyed hash of a flow.
    pub fn hash(&self, key: &FlowKey) -> u64 {
        self.hash_of(&Key::from(key))
    }

    /// The record of a flow.
    pub fn get(&self, key: &FlowKey) -> Option<Handle> {
        let key = Key::from(key);
        self.probe(self.hash_of(&key), &key)
    }

    /// The record of an IPv4 flow: the local address, the remote one, the local port, the remote one, as they stand on the wire.
    #[inline]
    pub fn get_ipv4(&self, four_tuple: &[u8; 12]) -> Option<Handle> {
        let hash = self.hash.bytes(four_tuple);
        let found = self.v4.find(hash, |entry| entry.0 == *four_tuple);
        found.map(|entry| entry.1)
    }

    /// Looks the flows of a burst up together, by what [`get_ipv4`](Self::get_ipv4) takes, and puts what was found into `handles`, in
    /// order. All are hashed before the first is probed: the probes then depend on nothing but memory, and the CPU lets their
    /// cache misses overlap.
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
            handles.extend(tuples.iter().zip(hashes).map(|(tuple, hash)| {
                let tuple = tuple.as_ref()?;
                let found = self.v4.find(hash, |entry| entry.0 == *tuple);
                found.map(|entry| entry.1)
            }));
        }
    }

    /// Enters a flow. One that is already there stays, and its handle is the error.
    pub fn insert(&mut self, key: &FlowKey, handle: Handle) -> Result<(), Handle> {
        match self.get(key) {
            Some(present) => Err(present),
            None => {
                self.replace(key, handle);
                Ok(())
            }
        }
    }

    /// Enters a flow or changes its handle, as when a half-open record becomes a connection. Returns the handle it had.
    pub fn replace(&mut self, key: &FlowKey, handle: Handle) -> Option<Handle> {
        let key = Key::from(key);
        let hash = self.hash_of(&key);
        match key {
            Key::V4(key) => replace(&mut self.v4, &self.hash, hash, key, handle),
            Key::V6(key) => replace(&mut self.v6, &self.hash, hash, key, handle),
        }
    }

    /// Forgets a flow. Returns the handle it had.
    pub fn remove(&mut self, key: &FlowKey) -> Option<Handle> {
        let key = Key::from(key);
        let hash = self.hash_of(&key);
        match key {
            Key::V4(key) => remove(&mut self.v4, hash, key),
            Key::V6(key) => remove(&mut self.v6, hash, key),
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

    fn hash_of(&self, key: &Key) -> u64 {
        match key {
            Key::V4(key) => self.hash.bytes(key),
            Key::V6(key) => self.hash.bytes(key),
        }
    }

    fn probe(&self, hash: u64, key: &Key) -> Option<Handle> {
        match key {
            Key::V4(key) => self.v4.find(hash, |entry| entry.0 == *key).map(|e| e.1),
            Key::V6(key) => self.v6.find(hash, |entry| entry.0 == *key).map(|e| e.1),
        }
    }
}

fn replace<const N: usize>(
    table: &mut HashTable<([u8; N], Handle)>,
    rehash: &KeyedHash,
    hash: u64,
    key: [u8; N],
    handle: Handle,
) -> Option<Handle> {
    if let Some(entry) = table.find_mut(hash, |entry| entry.0 == key) {
        return Some(std::mem::replace(&mut entry.1, handle));
    }
    table.insert_unique(hash, (key, handle), |entry| rehash.bytes(&entry.0));
    None
}

fn remove<const N: usize>(
    table: &mut HashTable<([u8; N], Handle)>,
    hash: u64,
    key: [u8; N],
) -> Option<Handle> {
    let entry = table.find_entry(hash, |entry| entry.0 == key).ok()?;
    Some(entry.remove().0.1)
}

impl From<&FlowKey> for Key {
    fn from(FlowKey { local, remote }: &FlowKey) -> Self {
        let ports = [local.port().to_be_bytes(), remote.port().to_be_bytes()];
        match (local.ip(), remote.ip()) {
            (IpAddr::V4(local), IpAddr::V4(remote)) => {
                let mut key = [0; 12];
                key[..4].copy_from_slice(&local.octets());
                key[4..8].copy_from_slice(&remote.octets());
                key[8..].copy_from_slice(ports.as_flattened());
                Key::V4(key)
            }
            (local, remote) => {
                let mut key = [0; 36];
                key[..16].copy_from_slice(&widen(local).octets());
                key[16..32].copy_from_slice(&widen(remote).octets());
                key[32..].copy_from_slice(ports.as_flattened());
                Key::V6(key)
            }
        }
    }
}

/// No packet has addresses of two families; widening the IPv4 one (RFC 4291 2.5.5.2) only makes the key total.
fn widen(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests;
