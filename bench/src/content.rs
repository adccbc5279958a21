//! Bytes to send and what readers make of them.

/// A small seeded generator (SplitMix64, Steele et al. 2014): every run has the same bytes.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// What a reader makes of `bytes`: it has to touch each of them.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words
        .chain(rest.iter().map(|&byte| byte.into()))
        .fold(0, u64::wrapping_add)
}

/// The bytes of a buffer from which answers are copied. It changes with every answer, as one that a handler writes does.
#[derive(Debug)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    at: usize,
    count: u64,
}

impl Answer {
    pub(crate) fn new() -> Self {
        let mut bytes = vec![0; 64 * 1024];
        Random::new(2).fill(&mut bytes);
        Self {
            bytes,
            at: 0,
            count: 0,
        }
    }

    /// The next `length` bytes, at least eight.
    pub(crate) fn next(&mut self, length: usize) -> &[u8] {
        self.count += 1;
        if self.at + length > self.bytes.len() {
            self.at = 0;
        }
        let answer = &mut self.bytes[self.at..self.at + length];
        answer[..8].copy_from_slice(&self.count.to_le_bytes());
        self.at += length;
        answer
    }
}
