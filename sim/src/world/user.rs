//! Who uses a connection: writes, reads, closes, as planned, and holds what it reads against what was sent.

use super::host::Host;
use super::plan::{UserPlan, When};
use crate::oracle::{Call, Connection};
use periplus_journey::Instant;
use periplus_stack::{ConnectionId, StreamError};
use std::net::SocketAddr;

mod answering;
mod reading;
mod writing;

use answering::Turn;

/// How a user's connection ended for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything was sent, and the peer's end was read.
    Orderly,
    /// As planned, it lost patience.
    GaveUp,
    /// A call failed.
    Failed(StreamError),
}

/// A user of one end of a connection. Like any backend, told to wait, it calls again only when the shard says so: a wake-up that is missing shows as a stream that never ends.
#[derive(Debug)]
pub struct User {
    plan: UserPlan,
    /// The streams that it sends and receives.
    streams: (u64, u64),
    /// Its peer may send other text than it sent before.
    lied_to: bool,
    held: Option<Held>,
    /// Bytes that it has read.
    pub read: u64,
    /// Bytes that it has written.
    pub written: u64,
    /// How it ended, and when.
    pub end: Option<(Instant, End)>,
}

/// A connection in its user's hands.
#[derive(Debug)]
struct Held {
    id: ConnectionId,
    ends: Option<Connection>,
    since: Instant,
    may_read: bool,
    may_write: bool,
    reads_at: Instant,
    writes_at: Instant,
    changes_made: usize,
    /// Whose turn it is, if it answers requests.
    turn: Turn,
    /// The peer's end was read.
    peer_ended: bool,
    shut: bool,
}

impl User {
    /// One that sends the first of `streams` and expects the second.
    pub fn new(plan: UserPlan, streams: (u64, u64)) -> Self {
        Self {
            plan,
            streams,
            lied_to: false,
            held: None,
            read: 0,
            written: 0,
            end: None,
        }
    }

    /// The end of a connection that a peer has, which is no user of a stack.
    pub fn foreign(plan: UserPlan) -> Self {
        Self {
            end: Some((Instant::ZERO, End::Orderly)),
            ..Self::new(plan, (0, 0))
        }
    }

    /// From now on it may be told either of two texts.
    pub fn expect_lies(&mut self) {
        self.lied_to = true;
    }

    /// What it was to do.
    pub fn plan(&self) -> &UserPlan {
        &self.plan
    }

    /// The connection that it holds.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.held.as_ref().map(|held| held.id)
    }

    /// Whether it has written all and read the peer's end, or met one otherwise.
    pub fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// It gets its connection.
    pub fn takes(&mut self, host: &mut Host, now: Instant, id: ConnectionId) {
        if let Some(options) = self.plan.options {
            host.shard.set_socket_options(now, id, options);
        }
        self.held = Some(Held {
            id,
            ends: host.shard.addresses(id).and_then(ends),
            since: now,
            may_read: true,
            may_write: true,
            reads_at: now + self.plan.reads_after,
            writes_at: now,
            changes_made: 0,
            turn: Turn::Reads,
            peer_ended: false,
            shut: false,
        });
    }

    /// When it does something of its own accord.
    pub fn next_wake(&self) -> Option<Instant> {
        let held = self.held.as_ref().filter(|_| self.end.is_none())?;
        let reads = held.may_read && !held.peer_ended && self.room_to_read(held) > 0;
        let writes = held.may_write && self.room_to_write(held) > 0;
        let thinks = match held.turn {
            Turn::Thinks(until) => Some(until),
            _ => None,
        };
        let gives_up = match self.plan.gives_up.map(|gives_up| gives_up.when) {
            Some(When::Age(age)) => Some(held.since + age),
            _ => None,
        };
        let change = self.plan.changes.get(held.changes_made);
        Instant::earliest([
            reads.then_some(held.reads_at),
            writes.then_some(held.writes_at),
            gives_up,
            thinks,
            change.map(|(after, _)| held.since + *after),
        ])
    }

    /// Does what can be done now. Returns whether that was anything.
    ///
    /// # Errors
    /// What was read that was not sent.
    pub fn pump(&mut self, host: &mut Host, now: Instant) -> Result<bool, String> {
        let Some(mut held) = self.held.take().filter(|_| self.end.is_none()) else {
            return Ok(false);
        };
        held.may_read |= host.take_readable(held.id);
        held.may_write |= host.take_writable(held.id);
        let before = (self.read, self.written, held.changes_made, held.shut);
        let turn = held.turn;
        let result = self.act(host, now, &mut held);
        if let Err(Stopped::By(error)) = result {
            tell(host, now, &held, Call::Failed);
            host.shard.close(now, held.id);
            self.end = Some((now, End::Failed(error)));
        }
        let acted = self.end.is_some()
            || turn != held.turn
            || before != (self.read, self.written, held.changes_made, held.shut);
        self.held = Some(held);
        match result {
            Err(Stopped::Wrong(what)) => Err(what),
            _ => Ok(acted),
        }
    }

    fn act(&mut self, host: &mut Host, now: Instant, held: &mut Held) -> Result<(), Stopped> {
        while let Some((after, options)) = self.plan.changes.get(held.changes_made)
            && held.since + *after <= now
        {
            held.changes_made += 1;
            host.shard.set_socket_options(now, held.id, *options);
        }
        self.give_up(host, now, held);
        self.stop_thinking(host, now, held);
        self.send(host, now, held)?;
        self.receive(host, now, held)?;
        self.send(host, now, held)?;
        self.give_up(host, now, held);
        self.close(host, now, held)
    }

    fn give_up(&mut self, host: &mut Host, now: Instant, held: &Held) {
        let Some(gives_up) = self.plan.gives_up.filter(|_| self.end.is_none()) else {
            return;
        };
        let is_time = match gives_up.when {
            When::Age(age) => held.since + age <= now,
            When::Bytes(bytes) => self.read + self.written >= bytes,
        };
        if !is_time {
            return;
        }
        if gives_up.aborts {
            host.shard.abort(now, held.id);
            tell(host, now, held, Call::Abort);
        }
        self.let_go(host, now, held, End::GaveUp);
    }

    /// Gives its connection back.
    fn let_go(&mut self, host: &mut Host, now: Instant, held: &Held, end: End) {
        host.shard.close(now, held.id);
        tell(host, now, held, Call::Close);
        self.end = Some((now, end));
    }

    fn close(&mut self, host: &mut Host, now: Instant, held: &mut Held) -> Result<(), Stopped> {
        if self.end.is_some() || self.written < self.plan.sends {
            return Ok(());
        }
        if self.plan.half_closes && !held.shut {
            host.shard.shutdown_write(now, held.id)?;
            held.shut = true;
            tell(host, now, held, Call::ShutDown);
        }
        if held.peer_ended {
            self.let_go(host, now, held, End::Orderly);
        }
        Ok(())
    }

    /// Its connection is taken from it, or it waits no longer for one: the other end is over, and nothing is left to learn.
    pub fn is_released(&mut self, host: &mut Host, now: Instant) {
        if self.is_over() {
            return;
        }
        let Some(held) = self.held.take() else {
            self.end = Some((now, End::GaveUp));
            return;
        };
        host.shard.abort(now, held.id);
        tell(host, now, &held, Call::Abort);
        self.let_go(host, now, &held, End::GaveUp);
        self.held = Some(held);
    }
}

/// Why a user stops.
enum Stopped {
    /// A call failed.
    By(StreamError),
    /// What came was not what was sent.
    Wrong(String),
}

impl From<StreamError> for Stopped {
    fn from(error: StreamError) -> Self {
        Self::By(error)
    }
}

/// The oracle is told of a call.
fn tell<'a>(host: &mut Host, now: Instant, held: &Held, call: impl FnOnce(Connection) -> Call<'a>) {
    if let Some(ends) = held.ends {
        host.port.witness.call(now, call(ends));
    }
}

/// A connection's ends, as the oracle names them.
pub(super) fn ends((local, remote): (SocketAddr, SocketAddr)) -> Option<Connection> {
    match (local, remote) {
        (SocketAddr::V4(local), SocketAddr::V4(remote)) => Some(Connection { local, remote }),
        _ => None,
    }
}
