//! The Internet checksum (RFC 1071): the one's complement of the one's complement sum of all 16-bit words.
//!
//! Three properties of that sum carry this file (RFC 1071 2):
//! - it does not matter in what byte order words are added, so they are added with the lower byte first, and only
//!   the result is put in network order;
//! - it does not matter how wide they are, so eight bytes are added at a time, or a vector of them, and folded at
//!   the end;
//! - a piece that begins at an odd place sums to the same two bytes, swapped: pieces may have any length.

use std::net::IpAddr;

mod piece;
#[cfg(target_arch = "x86_64")]
mod simd;
#[cfg(test)]
mod tests;
mod words;

/// A sum in progress. Pieces are added in order, each of any length, odd ones included.
///
/// ```
/// use periplus_wire::checksum::Sum;
///
/// // the example of RFC 1071 3
/// let mut sum = Sum::new();
/// sum.add(&[0x00, 0x01, 0xf2]);
/// sum.add(&[0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
/// assert_eq!(sum.partial(), 0xddf2);
/// assert_eq!(sum.finish(), 0x220d);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// The one's complement sum of the pieces, the lower byte of each word first.
    total: u64,
    /// By how many bits the next piece is turned: by a byte after an odd number of them, being the second of its word.
    turn: u32,
}

impl Sum {
    /// The sum of nothing.
    #[inline]
    pub const fn new() -> Self {
        Self { total: 0, turn: 0 }
    }

    /// The sum of the pseudo-header that TCP and UDP put before themselves (RFC 9293 3.1, RFC 8200 8.1).
    /// `length` is that of the header and data that follow.
    #[inline]
    pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, length: u32) -> Self {
        let mut sum = Self::new();
        for address in [source, destination] {
            match address {
                IpAddr::V4(address) => sum.add_array(&address.octets()),
                IpAddr::V6(address) => sum.add_array(&address.octets()),
            }
        }
        sum.add_u32(length);
        sum.add_u16(protocol.into());
        sum
    }

    /// Adds the next piece.
    #[inline]
    pub fn add(&mut self, piece: &[u8]) {
        self.append(piece::sum(piece), piece.len());
    }

    /// Adds the next piece, whose length the compiler knows: a header, most often.
    #[inline(always)]
    pub fn add_array<const LENGTH: usize>(&mut self, piece: &[u8; LENGTH]) {
        self.append(words::add_array(0, piece), LENGTH);
    }

    /// Adds the next piece and copies it in the same pass over it.
    ///
    /// # Panics
    /// If `source` and `destination` differ in length.
    #[inline]
    pub fn copy(&mut self, source: &[u8], destination: &mut [u8]) {
        assert!(
            source.len() == destination.len(),
            "a copy needs as much room as there are bytes"
        );
        self.append(piece::sum_and_copy(source, destination), source.len());
    }

    /// Adds the next two bytes: a number in network order.
    #[inline]
    pub fn add_u16(&mut self, value: u16) {
        self.append(value.swap_bytes().into(), 2);
    }

    /// Adds the next four bytes: a number in network order.
    #[inline]
    pub fn add_u32(&mut self, value: u32) {
        self.append(value.swap_bytes().into(), 4);
    }

    /// The sum folded to 16 bits, not complemented: what a device that completes checksums expects to find
    /// in the checksum field when the pseudo-header was summed (Linux's `CHECKSUM_PARTIAL`). The sum over
    /// bytes that hold their own correct checksum is `0xffff`.
    #[inline]
    pub fn partial(self) -> u16 {
        words::fold(self.total).swap_bytes()
    }

    /// The checksum. Over bytes that hold their own correct checksum it is 0.
    #[inline]
    pub fn finish(self) -> u16 {
        !self.partial()
    }

    #[inline(always)]
    fn append(&mut self, sum: u64, length: usize) {
        self.total = words::add(self.total, sum.rotate_left(self.turn));
        self.turn ^= 8 * (length as u32 % 2);
    }
}
