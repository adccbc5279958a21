//! SipHash (Aumasson and Bernstein, 2012) of messages whose length the compiler knows: a word or five. There the loop over the
//! message costs as much as the hash, and a SYN of a flood is hashed three times.

/// SipHash-`C`-`D` of `message` under `key`.
///
/// SipHash-1-3 is for what must not be guessed or chosen: a table's places, an initial sequence number. What others could forge
/// takes SipHash-2-4, the one with a margin.
#[inline]
pub fn siphash<const C: usize, const D: usize, const LENGTH: usize>(
    key: [u64; 2],
    message: &[u8; LENGTH],
) -> u64 {
    let mut state = State([
        key[0] ^ u64::from_be_bytes(*b"somepseu"),
        key[1] ^ u64::from_be_bytes(*b"dorandom"),
        key[0] ^ u64::from_be_bytes(*b"lygenera"),
        key[1] ^ u64::from_be_bytes(*b"tedbytes"),
    ]);
    let (words, rest) = message.as_chunks();
    for word in words {
        state.take::<C>(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    last[7] = LENGTH as u8;
    state.take::<C>(u64::from_le_bytes(last));
    state.0[2] ^= 0xff;
    state.rounds::<D>();
    state.0.iter().fold(0, |hash, word| hash ^ word)
}

struct State([u64; 4]);

impl State {
    #[inline(always)]
    fn take<const ROUNDS: usize>(&mut self, word: u64) {
        self.0[3] ^= word;
        self.rounds::<ROUNDS>();
        self.0[0] ^= word;
    }

    #[inline(always)]
    fn rounds<const ROUNDS: usize>(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        for _ in 0..ROUNDS {
            a = a.wrapping_add(b);
            b = b.rotate_left(13) ^ a;
            a = a.rotate_left(32);
            c = c.wrapping_add(d);
            d = d.rotate_left(16) ^ c;
            a = a.wrapping_add(d);
            d = d.rotate_left(21) ^ a;
            c = c.wrapping_add(b);
            b = b.rotate_left(17) ^ c;
            c = c.rotate_left(32);
        }
        self.0 = [a, b, c, d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphasher::sip::{SipHasher13, SipHasher24};

    fn is_that_of_others<const LENGTH: usize>() {
        let mut message = [0; LENGTH];
        for seed in 0..20u8 {
            let mut at = seed;
            message.fill_with(|| {
                at = at.wrapping_mul(5).wrapping_add(99);
                at
            });
            let key = [u64::from(seed) << 40 | 3, u64::MAX / (u64::from(seed) + 3)];
            let others = SipHasher13::new_with_keys(key[0], key[1]).hash(&message);
            assert_eq!(siphash::<1, 3, LENGTH>(key, &message), others);
            let others = SipHasher24::new_with_keys(key[0], key[1]).hash(&message);
            assert_eq!(siphash::<2, 4, LENGTH>(key, &message), others);
        }
    }

    #[test]
    fn it_is_siphash() {
        is_that_of_others::<0>();
        is_that_of_others::<4>();
        is_that_of_others::<8>();
        is_that_of_others::<12>();
        is_that_of_others::<13>();
        is_that_of_others::<16>();
        is_that_of_others::<21>();
        is_that_of_others::<36>();
        is_that_of_others::<37>();
        is_that_of_others::<45>();
    }
}
