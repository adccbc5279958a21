//! What is told to the oracle, and what it says.

use periplus_journey::Instant;
use std::net::SocketAddrV4;

/// A connection by its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Connection {
    /// The end at the host that is watched.
    pub local: SocketAddrV4,
    /// The other one.
    pub remote: SocketAddrV4,
}

/// What the user of the watched host asked of it, with what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call<'a> {
    /// A listener was opened on this address, with this backlog.
    Listen(SocketAddrV4, u32),
    /// A connection was asked for.
    Connect(Connection),
    /// A connection was taken off a listener's queue.
    Accept(Connection),
    /// These bytes were taken over for sending.
    Write(Connection, &'a [u8]),
    /// These bytes were read.
    Read(Connection, &'a [u8]),
    /// The end of what the peer sends was read.
    ReadEnd(Connection),
    /// A call told of an error: the connection was reset, or timed out.
    Failed(Connection),
    /// No more will be written: the sending half was closed.
    ShutDown(Connection),
    /// The connection was given up by its user in an orderly way; no more will be read either.
    Close(Connection),
    /// The connection was reset by its user.
    Abort(Connection),
}

impl Call<'_> {
    /// The connection that it concerns.
    pub(super) fn connection(&self) -> Option<Connection> {
        match *self {
            Self::Listen(..) => None,
            Self::Connect(connection)
            | Self::Accept(connection)
            | Self::Write(connection, _)
            | Self::Read(connection, _)
            | Self::ReadEnd(connection)
            | Self::Failed(connection)
            | Self::ShutDown(connection)
            | Self::Close(connection)
            | Self::Abort(connection) => Some(connection),
        }
    }
}

/// Something that no RFC permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// When it was seen.
    pub at: Instant,
    /// Where.
    pub connection: Option<Connection>,
    /// The rule that was broken, with its clause, and what was seen instead.
    pub what: String,
}
