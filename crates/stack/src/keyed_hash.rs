//! The hash behind every table that a peer can fill.

use periplus_tcp::siphash;
use std::net::IpAddr;

/// SipHash-1-3 under a key drawn at each start: whoever does not know the key cannot choose packets that collide.
/// (The hash a NIC delivers has a key that leaks by its queue choice; it is never used alone.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyedHash([u64; 2]);

impl KeyedHash {
    /// The hash under `key`.
    pub(crate) fn new(key: [u8; 16]) -> Self {
        let key = u128::from_le_bytes(key);
        Self([key as u64, (key >> 64) as u64])
    }

    /// The hash of `bytes`.
    #[inline(never)]
    pub(crate) fn bytes<const LENGTH: usize>(&self, bytes: &[u8; LENGTH]) -> u64 {
        siphash::<1, 3, LENGTH>(self.0, bytes)
    }

    /// The hash of an address of either family.
    pub(crate) fn address(&self, address: IpAddr) -> u64 {
        match address {
            IpAddr::V4(address) => self.bytes(&address.octets()),
            IpAddr::V6(address) => self.bytes(&address.octets()),
        }
    }
}
