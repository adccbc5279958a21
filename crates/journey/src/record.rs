//! A journey as it is kept.

use crate::{Asked, Events, Instant, Overlays, QueuesMet, Secured, Spine, Station, spine};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request and its answer.
    Request,
    /// A connection, or half of one, without a request.
    Connection,
    /// A frame that found no connection.
    Arrival,
}

/// How the handshake's first half was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// In the SYN queue.
    Queue,
    /// In the sequence number: nothing was kept.
    Cookie,
}

/// How a journey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer was acknowledged to its last byte.
    Answered,
    /// A message that needs no answer was given to the backend.
    Delivered,
    /// The codec refused the request; the error answer was acknowledged, or there was none.
    Rejected,
    /// There was no socket: the sender was told.
    Refused,
    /// A queue was full or a check failed: the frame was thrown away.
    Dropped,
    /// The peer or the backend reset the connection, or the request's stream.
    Reset,
    /// The peer stayed silent too long, or a request's rest did not come in time.
    Timeout,
    /// Given up to protect the others.
    Shed,
    /// The connection was closed in order.
    Closed,
}

impl Kind {
    /// The kind's name in a record.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Request => "request",
            Kind::Connection => "connection",
            Kind::Arrival => "arrival",
        }
    }
}

impl Handshake {
    /// The name in a record.
    pub const fn name(self) -> &'static str {
        match self {
            Handshake::Queue => "queue",
            Handshake::Cookie => "cookie",
        }
    }
}

impl Outcome {
    /// The outcome's name in a record.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Answered => "answered",
            Outcome::Delivered => "delivered",
            Outcome::Rejected => "rejected",
            Outcome::Refused => "refused",
            Outcome::Dropped => "dropped",
            Outcome::Reset => "reset",
            Outcome::Timeout => "timeout",
            Outcome::Shed => "shed",
            Outcome::Closed => "closed",
        }
    }
}

/// What TCP knew of the path at the journey's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpSummary {
    /// Segments sent again while the journey lasted.
    pub retransmissions: u32,
    /// The smoothed round-trip time (RFC 6298), if one was measured.
    pub srtt: Option<Duration>,
    /// The congestion window (RFC 5681), bytes.
    pub cwnd: u32,
}

/// The journey of one request, connection or arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is about.
    pub kind: Kind,
    /// Unique within a shard, counting from 1.
    pub id: u64,
    /// The device it came in by.
    pub device: &'static str,
    /// The client.
    pub peer: SocketAddr,
    /// The address and port it asked for.
    pub local: SocketAddr,
    /// How its connection's handshake was kept; `None` on later requests, for arrivals, and where the connection was opened by us.
    pub handshake: Option<Handshake>,
    /// The listener's queues as the connection met them: on its first request, and on what was turned away there.
    pub queues: QueuesMet,
    /// The protocol.
    pub protocol: Option<&'static str>,
    /// The request in one line.
    pub request: Option<Box<str>>,
    /// What an access log shows of it besides.
    pub asked: Option<Box<Asked>>,
    /// What it shows of the connection's TLS.
    pub secured: Option<Arc<Secured>>,
    /// The answer's status.
    pub status: Option<u16>,
    /// Bytes of the request: b − a, or of those what its own stream carried.
    pub bytes_in: u64,
    /// Bytes of the answer: d − c, or of those what its own stream carried.
    pub bytes_out: u64,
    /// How many of those were acknowledged.
    pub acked: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where the outcome alone does not say it.
    pub reason: Option<Cow<'static, str>>,
    /// What was seen.
    pub events: Events,
    /// Waits beside the spine.
    pub overlays: Overlays,
    /// The part of `peer` that lies between e3 and e8.
    pub peer_in_server: Duration,
    /// Where the device gives no arrival stamp: the most time the first byte can have waited in the ring.
    pub rx_ring_at_most: Option<Duration>,
    /// The path.
    pub tcp: TcpSummary,
    /// A stamp was merged with a neighbour's: times are right to within that merge.
    pub coarse: bool,
}

impl Record {
    /// When the journey began (B₀).
    pub fn at(&self) -> Instant {
        spine::beginning(&self.events)
            .or(self.events.ended)
            .unwrap_or_default()
    }

    /// The journey, divided.
    pub fn spine(&self) -> Spine {
        spine::spine(&self.events)
    }

    /// B₀ → e1: how long it took to connect. `None` on later requests of a connection, where none was made, and with a
    /// SYN cookie: nothing was kept of the SYN, so the time was not seen.
    pub fn connect(&self) -> Option<Duration> {
        let established = self.events.established?;
        let begun = self.events.first_syn_dropped.or(self.events.syn_arrived)?;
        Some(established.since(begun))
    }

    /// e3 → e8 less the peer's part of it: what the server is answerable for.
    pub fn server(&self) -> Option<Duration> {
        let whole = self.events.transmitted?.since(self.events.arrived?);
        Some(whole.saturating_sub(self.peer_in_server))
    }

    /// B₀ → the end, the client's thinking included.
    pub fn total(&self) -> Duration {
        self.spine().total()
    }

    /// The wait of a station beside the spine.
    pub fn overlay(&self, station: Station) -> Option<&crate::OverlayEntry> {
        self.overlays.get(station)
    }
}
