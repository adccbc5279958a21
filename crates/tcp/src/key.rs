//! Keys made from a secret, one way: who learns one learns neither the secret nor what else is made from it.

use crate::siphash::siphash;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher24Of128};
use std::hash::Hasher;

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
    #[inline]
    pub(crate) fn siphash_1_3<const LENGTH: usize>(self, message: &[u8; LENGTH]) -> u64 {
        siphash::<1, 3, LENGTH>([self.0, self.1], message)
    }

    /// The one with a margin, for what others could forge.
    #[inline]
    pub(crate) fn siphash_2_4<const LENGTH: usize>(self, message: &[u8; LENGTH]) -> u64 {
        siphash::<2, 4, LENGTH>([self.0, self.1], message)
    }
}
