//! What can be wrong with a request.

use std::{error, fmt};

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The stream ended within it.
    Truncated,
    /// It, or a section of it, is longer than it may be.
    TooLarge,
    /// It does not begin as the protocol's requests do.
    BadMagic,
    /// A value that may not stand there.
    BadValue,
    /// Text that is not text.
    BadEncoding,
    /// A checksum that does not match.
    BadChecksum,
    /// A kind of request that nobody here knows.
    UnknownCase,
    /// Its rest did not come in time.
    Timeout,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [ErrorClass; 8] = [
        ErrorClass::Truncated,
        ErrorClass::TooLarge,
        ErrorClass::BadMagic,
        ErrorClass::BadValue,
        ErrorClass::BadEncoding,
        ErrorClass::BadChecksum,
        ErrorClass::UnknownCase,
        ErrorClass::Timeout,
    ];

    /// The class's name.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorClass::Truncated => "truncated",
            ErrorClass::TooLarge => "too_large",
            ErrorClass::BadMagic => "bad_magic",
            ErrorClass::BadValue => "bad_value",
            ErrorClass::BadEncoding => "bad_encoding",
            ErrorClass::BadChecksum => "bad_checksum",
            ErrorClass::UnknownCase => "unknown_case",
            ErrorClass::Timeout => "timeout",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Bytes that are not a request. It reads as `too_large in value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What is wrong.
    pub class: ErrorClass,
    /// In which section.
    pub section: &'static str,
    /// How many bytes were the request's, up to the one that is wrong and with it.
    pub length: usize,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.class, self.section)
    }
}

impl error::Error for Rejection {}
