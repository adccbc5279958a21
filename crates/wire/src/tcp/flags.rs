//! The control bits of a TCP header.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The control bits of a segment (RFC 9293 3.1; ECE and CWR: RFC 3168 6.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No control bit.
    pub const NONE: Self = Self(0);
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push function.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);
    /// ECN-Echo.
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x80);

    /// Whether every bit of `other` is set.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    #[inline]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These bits and those of `other`; `|` that may stand in a constant.
    #[inline]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These bits without those of `other`.
    #[inline]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for TcpFlags {
    type Output = Self;
    #[inline]
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for TcpFlags {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// One letter a bit, as packet traces write them: `SA` for SYN and ACK, `-` for none.
impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = [0; 8];
        let mut count = 0;
        for (bit, &letter) in b"FSRPAUEC".iter().enumerate() {
            if self.0 & (1 << bit) != 0 {
                letters[count] = letter;
                count += 1;
            }
        }
        f.pad(match std::str::from_utf8(&letters[..count]) {
            Ok("") | Err(_) => "-",
            Ok(letters) => letters,
        })
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_read_as_in_a_trace() {
        assert_eq!((TcpFlags::SYN | TcpFlags::ACK).to_string(), "SA");
        assert_eq!(TcpFlags(0xff).to_string(), "FSRPAUEC");
        assert_eq!(format!("{:>3}", TcpFlags::NONE), "  -");
    }

    #[test]
    fn all_of_some_or_any_of_some() {
        let flags = TcpFlags::FIN | TcpFlags::ACK;
        assert!(flags.contains(TcpFlags::FIN) && flags.contains(flags));
        assert!(!flags.contains(TcpFlags::FIN | TcpFlags::SYN));
        assert!(flags.intersects(TcpFlags::FIN | TcpFlags::SYN));
        assert!(!flags.intersects(TcpFlags::SYN | TcpFlags::RST));
        assert_eq!(flags.without(TcpFlags::FIN), TcpFlags::ACK);
    }
}
