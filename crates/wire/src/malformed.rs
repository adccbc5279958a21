//! Why bytes are not the header they should be.

use std::error::Error;
use std::fmt;

/// Why a view of a header could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// Fewer bytes than the fixed part of the header.
    TooShort,
    /// A length field contradicts the header's own size or the bytes that are there.
    BadLength,
    /// Another version of the protocol.
    BadVersion,
    /// Addresses of a kind this layout is not for.
    BadAddressFormat,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TooShort => "shorter than its header",
            Self::BadLength => "a length field contradicts the bytes that are there",
            Self::BadVersion => "another version of the protocol",
            Self::BadAddressFormat => "hardware or protocol addresses of another kind",
        })
    }
}

impl Error for Malformed {}
