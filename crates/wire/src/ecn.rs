//! The ECN field of an IP header.

/// The code point in the lower two bits of IPv4's DS field and of IPv6's traffic class (RFC 3168 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Ecn {
    /// The transport does not speak ECN: a congested router drops the packet.
    #[default]
    NotEct = 0b00,
    /// ECT(1): it does.
    Ect1 = 0b01,
    /// ECT(0): it does. What a sender of RFC 3168 says.
    Ect0 = 0b10,
    /// A router was congested, and would have dropped the packet.
    Ce = 0b11,
}

impl Ecn {
    /// The code point in the lower two bits of `field`.
    #[inline]
    pub const fn of(field: u8) -> Self {
        match field & 0b11 {
            0b01 => Self::Ect1,
            0b10 => Self::Ect0,
            0b11 => Self::Ce,
            _ => Self::NotEct,
        }
    }
}
