//! Keys made from a secret, one way: who learns one learns neither the secret nor what else is made from it.

use siphasher::sip::{SipHasher13, SipHasher24};
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher24Of128};
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};

/// A key of SipHash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64, u64);

impl Key {
    /// The secret that came in from outside, from which keys are [derived](Key::derive) and which is then forgotten.
    pub(crate) fn of_secret(secret: [u8; 16]) -> Self {
        let secret = u128::from_le_bytes(secret);
        Self(secret as u64, (secret >> 64) as u64)
    }

    /// The key for the purpose named by `label`.
    pub(crate) fn derive(self, label: u64) -> Self {
        let mut hasher = SipHasher24Of128::new_with_keys(self.0, self.1);
        hasher.write_u64(label);
        let (low, high) = hasher.finish128().as_u64();
        Self(low, high)
    }

    /// The fast function, for numbers that only must not be guessed.
    pub(crate) fn siphash_1_3(self, message: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.0, self.1).hash(message)
    }

    /// The one with a margin, for what others could forge.
    pub(crate) fn siphash_2_4(self, message: &[u8]) -> u64 {
        SipHasher24::new_with_keys(self.0, self.1).hash(message)
    }
}

/// Both ends of a connection and what else is hashed with them, as bytes: for each flood's SYN that is done several times, and a
/// hasher that is fed field by field takes longer than the hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    bytes: [u8; Self::LONGEST],
    length: usize,
}

impl Message {
    /// Two IPv6 addresses with their ports, and 20 bytes more.
    const LONGEST: usize = 2 * (16 + 2) + 20;

    /// Of the two ends.
    #[inline]
    pub(crate) fn of_ends(local: SocketAddr, remote: SocketAddr) -> Self {
        let empty = Self {
            bytes: [0; Self::LONGEST],
            length: 0,
        };
        empty.and_end(local).and_end(remote)
    }

    #[inline]
    fn and_end(self, end: SocketAddr) -> Self {
        let with_address = match end.ip() {
            IpAddr::V4(address) => self.and(address.octets()),
            IpAddr::V6(address) => self.and(address.octets()),
        };
        with_address.and(end.port().to_be_bytes())
    }

    /// With more bytes behind it.
    #[inline]
    pub(crate) fn and<const N: usize>(mut self, bytes: [u8; N]) -> Self {
        self.bytes[self.length..self.length + N].copy_from_slice(&bytes);
        self.length += N;
        self
    }

    /// What is to be hashed.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
