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

/// Watches one host.
#[derive(Debug, Default)]
pub struct Oracle {
    complaints: Vec<Complaint>,
}

impl Oracle {
    /// One that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host's user made a call, and it came back.
    pub fn call(&mut self, _now: Instant, _call: Call<'_>) {}

    /// An Ethernet frame was handed to the host, damaged or not.
    pub fn received(&mut self, _now: Instant, _frame: &[u8]) {}

    /// An Ethernet frame left the host.
    pub fn sent(&mut self, _now: Instant, _frame: &[u8]) {}

    /// What was wrong so far.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }
}
