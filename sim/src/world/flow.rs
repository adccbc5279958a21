//! A connection with both its users.

use super::host::Host;
use super::plan::FlowPlan;
use super::user::{End, User, ends};
use crate::oracle::Call;
use crate::peer::Peer;
use periplus_journey::Instant;
use periplus_stack::{ConnectionId, StreamError};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How often a user tries to connect: on a bad network three ARP requests may go unanswered, or the server may give up a
/// handshake that the client takes for complete.
const ATTEMPTS: u32 = 4;

/// How long it waits in between: a next hop that did not answer is not asked again at once.
const PAUSE: Duration = Duration::from_secs(2);

/// How far a flow has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It begins, or tries once more, then.
    Waits(Instant),
    /// Its opener waits for the handshake.
    Connects(ConnectionId),
    /// Its opener has its connection, or had it.
    Connected,
    /// It never came to be.
    Failed(StreamError),
}

/// A flow under way.
#[derive(Debug)]
pub struct Flow {
    /// Its place among all.
    pub number: u64,
    /// What it was to be.
    pub plan: FlowPlan,
    /// Who connects.
    pub opener: User,
    /// Who accepts.
    pub acceptor: User,
    /// How far it has come.
    pub stage: Stage,
    /// The opener's end of the connection that was tried last.
    pub local: Option<SocketAddr>,
    /// The same of all attempts.
    pub locals: Vec<SocketAddr>,
    /// The opener's end of the connection that the acceptor has got.
    pub accepted: Option<SocketAddr>,
    /// How often it was tried.
    pub attempts: u32,
}

impl Flow {
    pub(super) fn new(plan: FlowPlan, number: u64, beginning: Instant) -> Self {
        Self {
            number,
            opener: User::new(plan.opener.clone(), (2 * number, 2 * number + 1)),
            acceptor: acceptor(&plan, number),
            stage: Stage::Waits(beginning + plan.starts),
            local: None,
            locals: Vec::new(),
            accepted: None,
            attempts: 0,
            plan,
        }
    }

    /// One of whose ends `hosts` hosts have, and a peer the other.
    pub(super) fn with_peer(plan: FlowPlan, number: u64, beginning: Instant, hosts: usize) -> Self {
        let mut flow = Self::new(plan, number, beginning);
        if flow.plan.from >= hosts {
            flow.opener = User::foreign(flow.plan.opener.clone());
            flow.stage = Stage::Connected;
            flow.local = Some(Peer::opens_from(number as usize).into());
            flow.locals.extend(flow.local);
        }
        if flow.plan.to >= hosts {
            flow.acceptor = User::foreign(flow.plan.acceptor.clone());
        }
        flow
    }

    /// Whether nothing more will come of it.
    pub fn is_over(&self) -> bool {
        match self.stage {
            Stage::Failed(_) => self.acceptor.connection().is_none() || self.acceptor.is_over(),
            Stage::Connected => self.opener.is_over() && self.acceptor.is_over(),
            _ => false,
        }
    }

    /// Whether each has read all that the other was to send.
    pub fn is_complete(&self) -> bool {
        let has_all = |reader: &User, writer: &User| reader.read == writer.plan().sends;
        has_all(&self.opener, &self.acceptor) && has_all(&self.acceptor, &self.opener)
    }

    /// Bytes that were read at either end.
    pub fn delivered(&self) -> u64 {
        self.opener.read + self.acceptor.read
    }

    /// The address that it is to.
    pub fn remote(&self) -> SocketAddr {
        (address(self.plan.to), self.plan.port).into()
    }

    /// When it does something of its own accord.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        match self.stage {
            Stage::Waits(at) => Some(at),
            _ => Instant::earliest([self.opener.next_wake(), self.acceptor.next_wake()]),
        }
    }

    /// Its opener connects, and sees what came of it. Returns whether anything happened.
    pub(super) fn open(&mut self, host: &mut Host, now: Instant) -> bool {
        match self.stage {
            Stage::Waits(at) if at <= now => {
                self.connect(host, now);
                true
            }
            // only once the shard has said so, as a backend would ask
            Stage::Connects(id) if host.take_writable(id) => {
                match host.shard.is_connected(id) {
                    Ok(true) => {
                        self.opener.takes(host, now, id);
                        self.stage = Stage::Connected;
                    }
                    Ok(false) => return false,
                    Err(error) => self.failed(host, now, id, error),
                }
                true
            }
            _ => false,
        }
    }

    fn connect(&mut self, host: &mut Host, now: Instant) {
        self.attempts += 1;
        let options = self.plan.opener.options.unwrap_or_default();
        let remote = self.remote();
        // from any port, if not planned otherwise; the second attempt is another connection
        let port = self.plan.from_port.filter(|_| self.attempts == 1);
        let local = port.map(|port| (address(self.plan.from), port).into());
        let id = match host.shard.connect_with(now, local, remote, options) {
            Ok(id) => id,
            Err(error) => panic!("no connection can even begin: {error}"),
        };
        let both = host.shard.addresses(id);
        self.local = both.map(|(local, _)| local);
        self.locals.extend(self.local);
        if let Some(ends) = both.and_then(ends) {
            host.port.witness.call(now, Call::Connect(ends));
        }
        // told that it is not yet, the shard will say when it is
        let _ = host.shard.is_connected(id);
        self.stage = Stage::Connects(id);
    }

    fn failed(&mut self, host: &mut Host, now: Instant, id: ConnectionId, error: StreamError) {
        if let Some(ends) = host.shard.addresses(id).and_then(ends) {
            host.port.witness.call(now, Call::Failed(ends));
        }
        host.shard.close(now, id);
        self.stage = if self.attempts < ATTEMPTS {
            Stage::Waits(now + PAUSE)
        } else {
            Stage::Failed(error)
        };
    }

    /// Its acceptor gets the connection that was tried last; one of an earlier attempt is of no use any more.
    pub(super) fn is_accepted(&mut self, host: &mut Host, now: Instant, id: ConnectionId) {
        self.accepted = self.local;
        if self.acceptor.connection().is_some() || self.acceptor.is_over() {
            self.acceptor.is_released(host, now);
            self.acceptor = acceptor(&self.plan, self.number);
        }
        self.acceptor.takes(host, now, id);
    }

    /// Both users do what they can do. Returns whether that was anything.
    pub(super) fn pump(&mut self, hosts: &mut [Host], now: Instant) -> Result<bool, String> {
        let mut acted = false;
        if let Some(host) = hosts.get_mut(self.plan.from) {
            acted |= self.open(host, now);
            acted |= self.opener.pump(host, now)?;
        }
        if let Some(host) = hosts.get_mut(self.plan.to) {
            acted |= self.acceptor.pump(host, now)?;
        }
        Ok(acted)
    }

    /// The ends that failed, and why.
    pub fn errors(&self) -> impl Iterator<Item = (&'static str, StreamError)> {
        let ends = [("opener", &self.opener), ("acceptor", &self.acceptor)];
        ends.into_iter().filter_map(|(name, user)| match user.end {
            Some((_, End::Failed(error))) => Some((name, error)),
            _ => None,
        })
    }
}

fn acceptor(plan: &FlowPlan, number: u64) -> User {
    User::new(plan.acceptor.clone(), (2 * number + 1, 2 * number))
}

/// The address of a host.
pub fn address(host: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, host as u8 + 1)
}
