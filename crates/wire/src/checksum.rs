//! The Internet checksum (RFC 1071): the one's complement of the one's complement sum of all 16-bit words.
//!
//! Three properties of that sum carry this file (RFC 1071 2):
//! - it does not matter in what byte order words are added, so they are added as the machine reads them,
//!   and only the result is put in network order;
//! - it does not matter how wide they are, so eight bytes are added at a time and folded at the end;
//! - a piece that begins at an odd place sums to the same two bytes, swapped: pieces may have any length.

use std::net::IpAddr;

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
    /// Sums of pieces, each folded to 16 bits or a number of 32, in the machine's byte order.
    total: u64,
    /// An odd number of bytes has been added: the next byte is the second of its word.
    odd: bool,
}

impl Sum {
    /// The sum of nothing.
    pub const fn new() -> Self {
        Self {
            total: 0,
            odd: false,
        }
    }

    /// The sum of the pseudo-header that TCP and UDP put before themselves (RFC 9293 3.1, RFC 8200 8.1).
    /// `length` is that of the header and data that follow.
    pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, length: u32) -> Self {
        let mut sum = Self::new();
        for address in [source, destination] {
            match address {
                IpAddr::V4(address) => sum.add_u32(u32::from(address)),
                IpAddr::V6(address) => sum.add(&address.octets()),
            }
        }
        sum.add_u32(length);
        sum.add_u16(protocol.into());
        sum
    }

    /// Adds the next piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.append(words::sum(piece), piece.len());
    }

    /// Adds the next piece and copies it in the same pass over it.
    ///
    /// # Panics
    /// If `source` and `destination` differ in length.
    pub fn copy(&mut self, source: &[u8], destination: &mut [u8]) {
        self.append(words::sum_and_copy(source, destination), source.len());
    }

    /// Adds the next two bytes: a number in network order.
    pub fn add_u16(&mut self, value: u16) {
        self.append(u16::from_ne_bytes(value.to_be_bytes()), 2);
    }

    /// Adds the next four bytes, after an even number of them: a number in network order.
    fn add_u32(&mut self, value: u32) {
        debug_assert!(!self.odd);
        self.total += u64::from(u32::from_ne_bytes(value.to_be_bytes()));
    }

    /// The sum folded to 16 bits, not complemented: what a device that completes checksums expects to find
    /// in the checksum field when the pseudo-header was summed (Linux's `CHECKSUM_PARTIAL`). The sum over
    /// bytes that hold their own correct checksum is `0xffff`.
    pub fn partial(self) -> u16 {
        u16::from_be_bytes(words::fold(self.total).to_ne_bytes())
    }

    /// The checksum. Over bytes that hold their own correct checksum it is 0.
    pub fn finish(self) -> u16 {
        !self.partial()
    }

    fn append(&mut self, folded: u16, length: usize) {
        let folded = if self.odd {
            folded.swap_bytes()
        } else {
            folded
        };
        self.total += u64::from(folded);
        self.odd ^= length % 2 == 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 1071 1, word by word.
    fn by_the_book(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for word in bytes.chunks(2) {
            sum += u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    /// Zero has two spellings in one's complement.
    fn same(a: u16, b: u16) -> bool {
        a == b || (a.min(b) == 0 && a.max(b) == 0xffff)
    }

    #[test]
    fn bytes_that_hold_their_checksum_sum_to_zero() {
        let mut bytes =
            *b"\x45\x00\x00\x3c\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02";
        let mut sum = Sum::new();
        sum.add(&bytes);
        bytes[10..12].copy_from_slice(&sum.finish().to_be_bytes());
        let mut sum = Sum::new();
        sum.add(&bytes);
        assert_eq!((sum.partial(), sum.finish()), (0xffff, 0));
    }

    #[test]
    fn the_sum_of_a_long_run_of_ones_does_not_overflow() {
        let bytes = vec![0xff; 1 << 20];
        let mut sum = Sum::new();
        for _ in 0..64 {
            sum.add(&bytes);
        }
        assert_eq!(sum.finish(), 0);
    }

    #[test]
    fn pseudo_header_of_either_family() {
        let v4: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let sum = Sum::pseudo_header(v4[0], v4[1], 6, 20);
        assert_eq!(sum.partial(), 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6 + 20);
        let v6: [IpAddr; 2] = ["fd00::1".parse().unwrap(), "fd00::2".parse().unwrap()];
        let sum = Sum::pseudo_header(v6[0], v6[1], 6, 0x1_0002);
        assert_eq!(sum.partial(), 0xfa00 + 1 + 1 + 2 + 6 + 1 + 2);
    }

    proptest! {
        #[test]
        fn any_split_sums_to_the_whole(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            mut cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            cuts.iter_mut().for_each(|cut| *cut = (*cut).min(bytes.len()));
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let (mut added, mut copied, mut start) = (Sum::new(), Sum::new(), 0);
            let mut copy = vec![0; bytes.len()];
            for cut in cuts {
                added.add(&bytes[start..cut]);
                copied.copy(&bytes[start..cut], &mut copy[start..cut]);
                start = cut;
            }
            prop_assert!(same(added.finish(), by_the_book(&bytes)));
            prop_assert_eq!(added.finish(), copied.finish());
            prop_assert_eq!(copy, bytes);
        }

        #[test]
        fn a_number_is_its_two_bytes(before in proptest::collection::vec(any::<u8>(), 0..9), value: u16) {
            let (mut number, mut bytes) = (Sum::new(), Sum::new());
            number.add(&before);
            number.add_u16(value);
            bytes.add(&before);
            bytes.add(&value.to_be_bytes());
            prop_assert_eq!(number.finish(), bytes.finish());
        }
    }
}
