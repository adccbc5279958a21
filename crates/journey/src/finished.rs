//! A journey as the stack writes it down.

use crate::{
    Asked, Covered, Events, Handshake, Instant, Kind, Outcome, Overlays, QueuesMet, Record,
    Secured, Station, TcpSummary,
};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A journey that is over, as the stack writes it down: what was seen, and nothing that can be reckoned from it. It is small,
/// because every request has one. Who wants to look at it makes a [`Record`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// What it is about.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// A stamp was merged with a neighbour's.
    pub coarse: bool,
    /// The answer's status.
    pub status: Option<u16>,
    /// Unique within a shard, counting from 1.
    pub id: u64,
    /// The device it came in by.
    pub device: &'static str,
    /// The client.
    pub peer: SocketAddr,
    /// The address and port it asked for.
    pub local: SocketAddr,
    /// The protocol.
    pub protocol: Option<&'static str>,
    /// The request in one line.
    pub request: Option<Box<str>>,
    /// Bytes of the request: b − a, or of those what its own stream carried.
    pub bytes_in: u64,
    /// Bytes of the answer: d − c, or of those what its own stream carried.
    pub bytes_out: u64,
    /// How many of those were acknowledged.
    pub acked: u64,
    /// e3 and what follows.
    pub seen: Seen,
    /// The path.
    pub tcp: TcpSummary,
    /// On a connection's first journey, and on what was turned away before it was one.
    pub beginning: Option<Box<Beginning>>,
    /// What few journeys have.
    pub rare: Option<Box<Rare>>,
}

/// What is seen of a request itself: [`Events`] without the handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// e3.
    pub arrived: Option<Instant>,
    /// e4.
    pub taken: Option<Instant>,
    /// e5.
    pub read: Option<Instant>,
    /// e6.
    pub parsed: Option<Instant>,
    /// e7.
    pub answered: Option<Instant>,
    /// e8.
    pub transmitted: Option<Instant>,
    /// e9.
    pub acknowledged: Option<Instant>,
    /// The journey ended before e9.
    pub ended: Option<Instant>,
}

/// How a connection came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// r0.
    pub first_syn_dropped: Option<Instant>,
    /// e0.
    pub syn_arrived: Option<Instant>,
    /// The SYN/ACK was sent.
    pub syn_ack_sent: Option<Instant>,
    /// e1.
    pub established: Option<Instant>,
    /// e2.
    pub accepted: Option<Instant>,
    /// The ClientHello's first byte arrived.
    pub tls_began: Option<Instant>,
    /// The TLS handshake was finished.
    pub tls_ended: Option<Instant>,
    /// The listener's queues as it met them.
    pub queues: QueuesMet,
}

/// What few journeys have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rare {
    /// Why it ended as it did, where the outcome alone does not say it.
    pub reason: Option<Cow<'static, str>>,
    /// Waits beside the spine, but for that from e8 to e9 and those before `accept()`, which the events tell.
    pub overlays: Overlays,
    /// What an access log shows of the request besides.
    pub asked: Option<Box<Asked>>,
    /// What it shows of the connection's TLS.
    pub secured: Option<Arc<Secured>>,
    /// The part of `peer` that lies between e3 and e8.
    pub peer_in_server: Covered,
    /// Where the device gives no arrival stamp: the most time the first byte can have waited in the ring.
    pub rx_ring_at_most: Option<Duration>,
}

impl Beginning {
    /// How the handshake's first half was kept. `None`: there was none, or the connection was opened by us.
    fn handshake(&self) -> Option<Handshake> {
        match (self.syn_arrived, self.established) {
            (Some(_), _) => Some(Handshake::Queue),
            (None, Some(_)) => Some(Handshake::Cookie),
            (None, None) => None,
        }
    }
}

impl Seen {
    /// All of a journey's events.
    fn events(&self, beginning: &Beginning) -> Events {
        Events {
            first_syn_dropped: beginning.first_syn_dropped,
            syn_arrived: beginning.syn_arrived,
            established: beginning.established,
            accepted: beginning.accepted,
            tls_began: beginning.tls_began,
            tls_ended: beginning.tls_ended,
            arrived: self.arrived,
            taken: self.taken,
            read: self.read,
            parsed: self.parsed,
            answered: self.answered,
            transmitted: self.transmitted,
            acknowledged: self.acknowledged,
            ended: self.ended,
        }
    }

    /// The answer was the peer's to acknowledge.
    fn add_wait_for_acknowledgment(&self, overlays: &mut Overlays) {
        if let (Some(transmitted), Some(acknowledged), None) =
            (self.transmitted, self.acknowledged, self.ended)
        {
            overlays.add(Station::Peer, transmitted, acknowledged);
        }
    }

    /// Bytes that were here before `accept()`: on the spine their waits are part of `accept_queue`, so the whole of each
    /// stands beside it.
    fn add_waits_before_accept(&self, beginning: &Beginning, overlays: &mut Overlays) {
        let (Some(arrived), Some(accepted)) = (self.arrived, beginning.accepted) else {
            return;
        };
        if arrived >= accepted {
            return;
        }
        if let Some(taken) = self.taken {
            overlays.add(Station::RxRing, arrived, taken);
        }
        if let Some(read) = self.read {
            let taken = self.taken.unwrap_or(arrived);
            overlays.add(Station::ReceiveQueue, taken, read);
        }
    }
}

impl From<Finished> for Record {
    fn from(finished: Finished) -> Self {
        let beginning = finished.beginning.map(|beginning| *beginning);
        let beginning = beginning.unwrap_or_default();
        let rare = finished.rare.map(|rare| *rare).unwrap_or_default();
        let mut overlays = rare.overlays;
        finished.seen.add_wait_for_acknowledgment(&mut overlays);
        finished
            .seen
            .add_waits_before_accept(&beginning, &mut overlays);
        Self {
            kind: finished.kind,
            id: finished.id,
            device: finished.device,
            peer: finished.peer,
            local: finished.local,
            handshake: beginning.handshake(),
            queues: beginning.queues,
            protocol: finished.protocol,
            request: finished.request,
            status: finished.status,
            bytes_in: finished.bytes_in,
            bytes_out: finished.bytes_out,
            acked: finished.acked,
            outcome: finished.outcome,
            asked: rare.asked,
            secured: rare.secured,
            reason: rare.reason,
            events: finished.seen.events(&beginning),
            overlays,
            peer_in_server: rare.peer_in_server.total(),
            rx_ring_at_most: rare.rx_ring_at_most,
            tcp: finished.tcp,
            coarse: finished.coarse,
        }
    }
}
