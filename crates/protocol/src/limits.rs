//! How much a protocol takes on.

use std::time::Duration;

/// What one connection may ask for, and how long it may take. None is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest request, bytes: `too_large`. No more is held of a connection.
    pub request_bytes: usize,
    /// The longest section of a request, bytes: `too_large`. A codec that knows better refuses earlier.
    pub section_bytes: usize,
    /// How many requests that are here already are answered in a row, before the other connections have their turn.
    pub pipelined: usize,
    /// How long a connection may be silent before its first request: it is closed.
    pub first_byte_timeout: Duration,
    /// How long a request may take from its first byte to its last: `timeout`.
    pub complete_timeout: Duration,
    /// How long a connection may be silent between requests: it is closed.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 1 << 20,
            section_bytes: 1 << 20,
            pipelined: 32,
            first_byte_timeout: Duration::from_secs(15),
            complete_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(60),
        }
    }
}
