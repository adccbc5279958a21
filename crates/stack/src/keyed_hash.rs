//! The hash behind every table that a peer can fill.

use siphasher::sip::SipHasher13;
use std::net::IpAddr;

/// SipHash-1-3 under a key drawn at each start: whoever does not know the key cannot choose packets that collide.
/// (The hash a NIC delivers has a key that leaks by its queue choice; it is never used alone.)
#[derive(Clone, Debug)]
pub(crate) struct KeyedHash(SipHasher13);

impl KeyedHash {
    /// The hash under `key`.
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(&key))
    }

    /// The hash of `bytes`.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> u64 {
        self.0.hash(bytes)
    }

    /// The hash of an address of either family.
    pub(crate) fn address(&self, address: IpAddr) -> u64 {
        match address {
            IpAddr::V4(address) => self.bytes(&address.octets()),
            IpAddr::V6(address) => self.bytes(&address.octets()),
        }
    }
}
