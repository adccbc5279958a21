//! What a call on a connection can fail with.

use std::fmt;

/// Why a connection no longer serves its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// There is no socket on the port the connection was for.
    Refused,
    /// No way to the peer's network, as a router says.
    NetworkUnreachable,
    /// The peer does not answer, or may not be talked to, as a router says.
    HostUnreachable,
    /// The peer does not speak TCP.
    ProtocolUnreachable,
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
            StreamError::NetworkUnreachable => "network unreachable: a router knows no way to it",
            StreamError::HostUnreachable => "host unreachable: a router says so",
            StreamError::ProtocolUnreachable => "the host does not speak TCP, or not as we do",
            StreamError::Reset => "connection reset by peer",
            StreamError::Aborted => "connection aborted on this side",
            StreamError::TimedOut => "connection timed out: the peer no longer answers",
            StreamError::BrokenPipe => "the sending direction is already closed",
            StreamError::NotConnected => "not connected",
        })
    }
}

impl std::error::Error for StreamError {}
