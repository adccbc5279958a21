//! What a call on a connection can fail with.

use std::fmt;

/// Why a connection no longer serves its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// There is no socket on the port the connection was for.
    Refused,
    /// The peer reset the connection.
    Reset,
    /// It was reset from this side.
    Aborted,
    /// The peer stayed silent too long.
    TimedOut,
    /// Writing after the sending direction was closed.
    BrokenPipe,
    /// The connection is gone, or not established yet.
    NotConnected,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StreamError::Refused => "connection refused: no socket listens on that port",
            StreamError::Reset => "connection reset by peer",
            StreamError::Aborted => "connection aborted on this side",
            StreamError::TimedOut => "connection timed out: the peer no longer answers",
            StreamError::BrokenPipe => "the sending direction is already closed",
            StreamError::NotConnected => "not connected",
        })
    }
}

impl std::error::Error for StreamError {}
