//! What a world is made of, before it is made.

use crate::peer::PeerPlan;
use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{SocketOptions, Sysctls};
use std::time::Duration;

/// Hosts, what joins them, and what their users do.
#[derive(Clone, Debug, Default)]
pub struct WorldPlan {
    /// The first has the address 10.0.0.1, and so on. Two are joined by a link, more by a switch.
    pub hosts: Vec<HostPlan>,
    /// A peer without shame, where there is one host: it counts as the second.
    pub peer: Option<PeerPlan>,
    /// What the links are like.
    pub link: LinkOptions,
    /// Who sends what to whom.
    pub flows: Vec<FlowPlan>,
    /// Whether connections are parked as soon as they rest, and not only when many do.
    pub parks_at_once: bool,
    /// Whether an [oracle](crate::oracle) watches each host.
    pub watched: bool,
}

/// A host.
#[derive(Clone, Debug, Default)]
pub struct HostPlan {
    /// Its knobs.
    pub sysctls: Sysctls,
    /// Where its secrets come from.
    pub secret: u64,
    /// Whether it records journeys.
    pub recording: bool,
    /// What befalls frames on their way to it; their rate and queue are those of a bottleneck that all who send to it share.
    /// `None`: nothing, and what the link offloads stays so.
    pub faults: Option<FaultOptions>,
    /// Its listeners.
    pub listeners: Vec<ListenerPlan>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerPlan {
    /// On this port of every address.
    pub port: u16,
    /// For both its queues.
    pub backlog: usize,
    /// What its connections inherit.
    pub options: SocketOptions,
    /// Its user takes a connection at most so often.
    pub accept_pause: Duration,
}

impl ListenerPlan {
    /// One whose user takes what comes.
    pub fn on(port: u16) -> Self {
        Self {
            port,
            backlog: 128,
            options: SocketOptions::default(),
            accept_pause: Duration::ZERO,
        }
    }
}

/// A connection and what its two users do.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowPlan {
    /// Who connects, by number.
    pub from: usize,
    /// To whom,
    pub to: usize,
    /// and to which of its ports.
    pub port: u16,
    /// From which of its own; any that is free, if none is named.
    pub from_port: Option<u16>,
    /// When, counted from the beginning.
    pub starts: Duration,
    /// What the one does who connects.
    pub opener: UserPlan,
    /// What the one does who accepts. Its options are set after it did.
    pub acceptor: UserPlan,
}

/// One user of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct UserPlan {
    /// The options of its socket; `None` leaves an accepted connection with its listener's.
    pub options: Option<SocketOptions>,
    /// Those that it sets later, each so long after it got the connection.
    pub changes: Vec<(Duration, SocketOptions)>,
    /// Bytes that it sends.
    pub sends: u64,
    /// Bytes that it writes in a call at most.
    pub write_size: usize,
    /// How long it does something else after each.
    pub write_pause: Duration,
    /// Bytes that it reads in a call at most.
    pub read_size: usize,
    /// How long it does something else after each.
    pub read_pause: Duration,
    /// It does not read before so much time has passed.
    pub reads_after: Duration,
    /// Whether it closes its direction when it has sent everything, instead of when the peer has.
    pub half_closes: bool,
    /// It answers requests, and marks them: what it sends are the answers.
    pub answers: Option<Answers>,
    /// It loses patience.
    pub gives_up: Option<GivesUp>,
}

impl Default for UserPlan {
    fn default() -> Self {
        Self {
            options: None,
            changes: Vec::new(),
            sends: 0,
            write_size: 16 * 1024,
            write_pause: Duration::ZERO,
            read_size: 16 * 1024,
            read_pause: Duration::ZERO,
            reads_after: Duration::ZERO,
            half_closes: true,
            answers: None,
            gives_up: None,
        }
    }
}

/// Requests and their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Bytes of a request.
    pub request: u64,
    /// Bytes of an answer.
    pub answer: u64,
    /// How long it thinks.
    pub thinks: Duration,
}

/// How a user loses patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivesUp {
    /// When.
    pub when: When,
    /// By resetting the connection, instead of closing it with whatever is in its queues.
    pub aborts: bool,
}

/// A moment in a connection's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after its user got it.
    Age(Duration),
    /// When so many bytes were read and written.
    Bytes(u64),
}
