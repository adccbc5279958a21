//! A journey as it is stored, version 1.

use crate::{Epoch, names};
use periplus_journey::{
    Handshake, Kind, Outcome, OverlayEntry, QueueMet, QueuesMet, Record, Station,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

/// The version of the format that is written here and read here.
pub(crate) const VERSION: u32 = 1;

/// A journey as it is stored: the fields in the order of the line, times in nanoseconds. What was not seen is `None`
/// and absent from the line, never 0.
///
/// New keys may be added within version 1, so a reader passes over keys it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// The format's version, 1.
    pub v: u32,
    /// What the record is about.
    #[serde(with = "names")]
    pub kind: Kind,
    /// Unique within a shard, counting from 1.
    pub id: u64,
    /// When the journey began, unix time.
    pub at_ns: u64,
    /// The device it came in by.
    pub device: Cow<'static, str>,
    /// The client.
    pub peer: SocketAddr,
    /// The address and port it asked for.
    pub local: SocketAddr,
    /// How the connection's handshake was kept: on its first request only.
    #[serde(
        with = "names::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub handshake: Option<Handshake>,
    /// The protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Cow<'static, str>>,
    /// The request in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<str>>,
    /// What the request was for, longer than `request` has it: this and the next five only where an access log is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Box<str>>,
    /// The host that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Box<str>>,
    /// `Referer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referer: Option<Box<str>>,
    /// `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Box<str>>,
    /// The version of TLS, as `1.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_version: Option<Cow<'static, str>>,
    /// The name by which the client asked for the server, by SNI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<Box<str>>,
    /// The answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Bytes of the request.
    pub bytes_in: u64,
    /// Bytes of the answer.
    pub bytes_out: u64,
    /// How many of those were acknowledged.
    pub acked: u64,
    /// How it ended.
    #[serde(with = "names")]
    pub outcome: Outcome,
    /// Why, where the outcome alone does not say it. The one key that is written as `null`.
    #[serde(default)]
    pub reason: Option<Cow<'static, str>>,
    /// How long it took to connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ns: Option<u64>,
    /// What the server is answerable for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ns: Option<u64>,
    /// From the beginning to the end: the sum of the spine.
    pub total_ns: u64,
    /// Where the device gives no arrival stamp: the most time the first byte can have waited in the ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rx_ring_at_most_ns: Option<u64>,
    /// The journey, divided.
    pub spine: Vec<LoggedInterval>,
    /// Waits beside the spine.
    pub overlay: Vec<LoggedOverlay>,
    /// The path; absent for an arrival, which had no connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<LoggedTcp>,
    /// What the listener's queues held when the connection came to them: on its first request, and on what was turned away.
    #[serde(default, skip_serializing_if = "LoggedQueues::is_empty")]
    pub queues: LoggedQueues,
    /// A stamp was merged with a neighbour's.
    pub coarse: bool,
}

/// A listener's two queues as a connection met them; one that it never came to is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedQueues {
    /// The SYN queue, when the SYN came to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syn_queue: Option<LoggedQueue>,
    /// The accept queue, when the ACK that completes the handshake came to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_queue: Option<LoggedQueue>,
}

/// A queue as a connection met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedQueue {
    /// Connections in it, this one included once it had entered.
    pub length: u32,
    /// How many it may hold.
    pub limit: u32,
}

impl LoggedQueues {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<QueuesMet> for LoggedQueues {
    fn from(queues: QueuesMet) -> Self {
        let logged = |met: QueueMet| LoggedQueue {
            length: met.length,
            limit: met.limit,
        };
        Self {
            syn_queue: queues.syn_queue.map(logged),
            accept_queue: queues.accept_queue.map(logged),
        }
    }
}

/// The time spent in one station of the spine; it begins where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedInterval {
    /// Where.
    #[serde(with = "names")]
    pub station: Station,
    /// How long.
    pub ns: u64,
}

/// The waits of one station beside the spine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedOverlay {
    /// Where.
    #[serde(with = "names")]
    pub station: Station,
    /// When the first wait began, counted from `at_ns`; 0 where it began before the journey did.
    pub start_ns: u64,
    /// When the last wait ended, counted from `at_ns`.
    pub end_ns: u64,
    /// The waits' lengths added up.
    pub busy_ns: u64,
    /// How many waits there were.
    pub count: u32,
    /// The longest of them.
    pub max_ns: u64,
}

/// What TCP knew of the path at the journey's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedTcp {
    /// Segments sent again while the journey lasted.
    pub retransmissions: u32,
    /// The smoothed round-trip time, if one was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srtt_ns: Option<u64>,
    /// The congestion window, bytes, if the connection got as far as having one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwnd: Option<u32>,
}

impl Logged {
    /// The record as it is stored, its times placed in the world's by `epoch`.
    pub fn new(record: &Record, epoch: Epoch) -> Self {
        let at = record.at();
        let spine = record.spine();
        let asked = record.asked.as_deref();
        let secured = record.secured.as_deref();
        let overlay = |entry: &OverlayEntry| LoggedOverlay {
            station: entry.station,
            start_ns: nanos(entry.start.since(at)),
            end_ns: nanos(entry.end.since(at)),
            busy_ns: nanos(entry.busy),
            count: entry.count,
            max_ns: nanos(entry.max),
        };
        Self {
            v: VERSION,
            kind: record.kind,
            id: record.id,
            at_ns: epoch.unix_nanos(at),
            device: record.device.into(),
            peer: record.peer,
            local: record.local,
            handshake: record.handshake,
            protocol: record.protocol.map(Cow::from),
            request: record.request.clone(),
            target: asked.map(|asked| asked.target.clone()),
            host: asked.and_then(|asked| asked.host.clone()),
            referer: asked.and_then(|asked| asked.referer.clone()),
            user_agent: asked.and_then(|asked| asked.user_agent.clone()),
            tls_version: secured.map(|secured| secured.version.into()),
            server_name: secured.and_then(|secured| secured.server_name.clone()),
            status: record.status,
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            acked: record.acked,
            outcome: record.outcome,
            reason: record.reason.clone(),
            connect_ns: record.connect().map(nanos),
            server_ns: record.server().map(nanos),
            total_ns: nanos(spine.total()),
            rx_ring_at_most_ns: record.rx_ring_at_most.map(nanos),
            spine: spine
                .intervals()
                .iter()
                .map(|interval| LoggedInterval {
                    station: interval.station,
                    ns: nanos(interval.duration()),
                })
                .collect(),
            overlay: record.overlays.entries().iter().map(overlay).collect(),
            tcp: (record.kind != Kind::Arrival).then(|| LoggedTcp {
                retransmissions: record.tcp.retransmissions,
                srtt_ns: record.tcp.srtt.map(nanos),
                cwnd: (record.tcp.cwnd > 0).then_some(record.tcp.cwnd),
            }),
            queues: record.queues.into(),
            coarse: record.coarse,
        }
    }

    /// The three sums by name, those that were seen.
    pub fn sums(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("connect", self.connect_ns),
            ("server", self.server_ns),
            ("total", Some(self.total_ns)),
        ]
        .into_iter()
        .filter_map(|(name, ns)| Some((name, ns?)))
    }

    /// How it was answered, in a word: the status, or without one how it ended.
    pub fn answer(&self) -> String {
        match self.status {
            Some(status) => status.to_string(),
            None => self.outcome.name().into(),
        }
    }

    /// What the stations of the spine add up to; `total_ns` says the same, or the record is broken.
    pub fn spine_ns(&self) -> u64 {
        self.spine
            .iter()
            .fold(0, |sum, interval| sum.saturating_add(interval.ns))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
