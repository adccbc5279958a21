//! The verbs of the backend: listen, accept, connect, read, write, close, and its marks.

use crate::Shard;
use crate::environment::Environment;
use crate::flow_table::FlowKey;
use crate::flows::Look;
use crate::handle::{Handle, Tag};
use crate::passive_open::unpack;
use crate::shard::{BoundListener, ConnectionId, ListenerId};
use bytes::Bytes;
use periplus_journey::{Instant, Outcome, StampedMark};
use periplus_tcp::{
    Connection, Listener, Marker, Piece, Read, ReadChunk, SendFlags, SocketOptions, StreamError,
    Write,
};
use std::fmt;
use std::io::IoSlice;
use std::net::{Shutdown, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

/// Why a listener could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenError {
    /// Another listener has the address and port.
    AddressInUse(SocketAddr),
    /// The address is not one of this shard's.
    AddressNotAvailable(SocketAddr),
    /// Every port, or every place for a listener, is taken.
    Exhausted,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse(address) => {
                write!(f, "{address} already has a listener: choose another port")
            }
            Self::AddressNotAvailable(address) => {
                write!(
                    f,
                    "{address} is not an address of this shard: use its own, or 0.0.0.0 for any"
                )
            }
            Self::Exhausted => f.write_str("no port is free for another listener"),
        }
    }
}

impl std::error::Error for ListenError {}

/// Why a connection could not be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// There is no route to the address.
    NetworkUnreachable(SocketAddr),
    /// The same two ends have a connection already.
    AddressInUse(SocketAddr),
    /// Every ephemeral port to that address is taken.
    PortsExhausted(SocketAddr),
    /// The shard has as many connections as it may.
    TooManyConnections,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NetworkUnreachable(remote) => write!(
                f,
                "no route to {remote}: set a gateway, or an address in its network"
            ),
            Self::AddressInUse(local) => write!(
                f,
                "{local} already has a connection to that peer: choose another port"
            ),
            Self::PortsExhausted(remote) => write!(
                f,
                "every ephemeral port to {remote} is taken: close some connections"
            ),
            Self::TooManyConnections => {
                f.write_str("the shard has as many connections as it may: raise max_connections")
            }
        }
    }
}

impl std::error::Error for ConnectError {}

/// A connection, to look at.
struct LookAtConnection<'a>(Look<'a>);

impl Deref for LookAtConnection<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0.connection
    }
}

/// A connection taken off an accept queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The connection.
    pub id: ConnectionId,
    /// The client.
    pub peer: SocketAddr,
    /// The address it connected to.
    pub local: SocketAddr,
}

impl Shard {
    /// Opens a listener on `local` (LISTEN, RFC 9293 3.10.1); an unspecified address takes any of ours, port 0 a free one.
    /// Both its queues are bounded by `min(backlog, somaxconn)`.
    ///
    /// # Errors
    /// [`ListenError`], if the address is taken, not ours, or no port is free.
    pub fn listen(
        &mut self,
        mut local: SocketAddr,
        backlog: usize,
    ) -> Result<ListenerId, ListenError> {
        if !local.ip().is_unspecified() && !self.routes.is_ours(local.ip()) || local.is_ipv6() {
            return Err(ListenError::AddressNotAvailable(local));
        }
        if local.port() == 0 {
            let free = self
                .environment
                .sysctls
                .ip_local_port_range
                .into_iter()
                .find(|&port| !self.listener_table.uses_port(port));
            local.set_port(free.ok_or(ListenError::Exhausted)?);
        }
        let listener = Listener::new(backlog, &self.environment.sysctls);
        let index = self
            .listeners
            .insert(BoundListener { listener, local })
            .map_err(|_| ListenError::Exhausted)?;
        if self.listener_table.insert(local, index).is_err() {
            self.listeners.remove(index);
            return Err(ListenError::AddressInUse(local));
        }
        Ok(ListenerId(index))
    }

    /// Where a listener is bound.
    pub fn listener_address(&self, id: ListenerId) -> Option<SocketAddr> {
        self.listeners.get(id.0).map(|bound| bound.local)
    }

    /// A listener's two queues and what overflowed.
    pub fn listener(&self, id: ListenerId) -> Option<&Listener<crate::slab::Index>> {
        self.listeners.get(id.0).map(|bound| &bound.listener)
    }

    /// Closes a listener: half-open connections are forgotten, those in the accept queue reset.
    pub fn close_listener(&mut self, now: Instant, id: ListenerId) {
        let Some(mut bound) = self.listeners.remove(id.0) else {
            return;
        };
        self.listener_table.remove(bound.local);
        let half_open: Vec<_> = self
            .half_open
            .iter()
            .filter(|(_, entry)| unpack(entry.record.listener) == id.0)
            .map(|(index, _)| index)
            .collect();
        for index in half_open {
            self.forget_half_open(now, index, Outcome::Closed, "listener_closed");
        }
        while let Some(index) = bound.listener.accept_queue.pop() {
            self.with(now, ConnectionId(index), |connection, context| {
                connection.listener_closed(context)
            });
        }
    }

    /// Changes a listener's backlog, as a second `listen()` does on Linux. Who is in the queues stays there, also beyond it.
    pub fn set_backlog(&mut self, id: ListenerId, backlog: usize) {
        if let Some(bound) = self.listeners.get_mut(id.0) {
            bound
                .listener
                .set_backlog(backlog, &self.environment.sysctls);
        }
    }

    /// Takes the connection that waited longest. `None`: there is none, and [`Shard::take_ready`] will say when.
    pub fn accept(&mut self, now: Instant, id: ListenerId) -> Option<Accepted> {
        let bound = self.listeners.get_mut(id.0)?;
        let Some(index) = bound.listener.accept_queue.pop() else {
            bound.listener.wants_accept = true;
            return None;
        };
        let flow = self.flows.get_mut(index)?;
        flow.connection.accepted(now);
        Some(Accepted {
            id: ConnectionId(index),
            peer: flow.key.remote,
            local: flow.key.local,
        })
    }

    /// Begins a connection to `remote` with the default options. See [`Shard::connect_with`].
    ///
    /// # Errors
    /// [`ConnectError`], if it cannot even begin.
    pub fn connect(
        &mut self,
        now: Instant,
        local: Option<SocketAddr>,
        remote: SocketAddr,
    ) -> Result<ConnectionId, ConnectError> {
        self.connect_with(now, local, remote, SocketOptions::default())
    }

    /// Begins a connection to `remote` (active OPEN, RFC 9293 3.10.1), from `local` if given; its port may be 0.
    /// [`Shard::is_connected`] says how it goes.
    ///
    /// # Errors
    /// [`ConnectError`], if it cannot even begin.
    pub fn connect_with(
        &mut self,
        now: Instant,
        local: Option<SocketAddr>,
        remote: SocketAddr,
        options: SocketOptions,
    ) -> Result<ConnectionId, ConnectError> {
        if remote.is_ipv6() || self.routes.next_hop(remote.ip()).is_none() {
            return Err(ConnectError::NetworkUnreachable(remote));
        }
        let mut local = local.unwrap_or(SocketAddr::new(self.routes.address(), 0));
        if local.port() == 0 {
            local.set_port(self.ephemeral_port(local, remote)?);
        }
        let key = FlowKey { local, remote };
        // A peer's own TIME-WAIT guards it; ours is left early for a number well beyond the old ones (RFC 6191).
        let old = match self.flow_table.get(&key) {
            Some(handle) if handle.tag() != Tag::TimeWait => {
                return Err(ConnectError::AddressInUse(local));
            }
            handle => handle.map(|handle| handle.index()),
        };
        let clock = self.environment.initial_sequence.iss(now, local, remote);
        let entry = old.and_then(|old| self.time_wait.get(old));
        let iss = entry.map_or(clock, |entry| entry.record.iss(clock));
        let offset = self
            .environment
            .initial_sequence
            .timestamp_offset(local, remote);
        let offer = self.environment.offer_of(&options);
        let mut connection = Connection::connect(iss, offer, offset, now);
        connection.inherit(&Arc::new(options), &self.environment.context(now));
        if self.options.recording {
            connection.record_journeys(remote, local);
        }
        let Some(index) = self.flows.insert(connection, key) else {
            return Err(ConnectError::TooManyConnections);
        };
        if let Some(old) = old {
            self.forget_time_wait(old);
        }
        if self
            .flow_table
            .insert(&key, Handle::new(Tag::Established, index))
            .is_err()
        {
            unreachable!("the flow was looked up and not found");
        }
        self.sources.connection_entered(remote.ip());
        self.environment.counters.tcp_active_opens += 1;
        self.settle(index);
        Ok(ConnectionId(index))
    }

    /// A port that is free towards `remote`.
    fn ephemeral_port(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<u16, ConnectError> {
        let environment = &self.environment;
        let hash = environment.initial_sequence.port_hash(local, remote);
        let range = environment.sysctls.ip_local_port_range;
        let is_free = |port| {
            let local = SocketAddr::new(local.ip(), port);
            self.flow_table.get(&FlowKey { local, remote }).is_none()
        };
        self.ephemeral_ports
            .choose(range, hash, is_free)
            .ok_or(ConnectError::PortsExhausted(remote))
    }

    fn with<T>(
        &mut self,
        now: Instant,
        id: ConnectionId,
        call: impl FnOnce(&mut Connection, &mut periplus_tcp::Context<'_>) -> T,
    ) -> Option<T> {
        let flow = self.flows.get_mut(id.0)?;
        let result = call(&mut flow.connection, &mut self.environment.context(now));
        self.settle(id.0);
        Some(result)
    }

    /// A write: the connection holds more, and may have something to send, or to wait for. Nothing else changes.
    fn writing(
        &mut self,
        now: Instant,
        id: ConnectionId,
        write: impl FnOnce(
            &mut Connection,
            &mut periplus_tcp::Context<'_>,
        ) -> Result<Write, StreamError>,
    ) -> Result<Write, StreamError> {
        let Some(flow) = self.flows.get_mut(id.0) else {
            return Err(StreamError::NotConnected);
        };
        let written = write(&mut flow.connection, &mut self.environment.context(now));
        self.environment.reckon(flow);
        flow.arm(&mut self.timers, id.0);
        flow.queue(&mut self.transmit_queue, id.0);
        written
    }

    /// Whether a connection is established. `false`: not yet, and [`Shard::take_ready`] will say when.
    ///
    /// # Errors
    /// Why it failed.
    pub fn is_connected(&mut self, id: ConnectionId) -> Result<bool, StreamError> {
        self.flows
            .get_mut(id.0)
            .map_or(Err(StreamError::NotConnected), |flow| {
                flow.connection.is_connected()
            })
    }

    /// How many of the bytes written to a connection its peer has acknowledged.
    pub fn acknowledged(&self, id: ConnectionId) -> Option<u64> {
        self.flows
            .get(id.0)
            .map(|flow| flow.connection.acknowledged())
    }

    /// Reads into `buffer`.
    ///
    /// # Errors
    /// Why the connection is over, if not in good order.
    pub fn read(
        &mut self,
        now: Instant,
        id: ConnectionId,
        buffer: &mut [u8],
    ) -> Result<Read, StreamError> {
        let Some(flow) = self.flows.get_mut(id.0) else {
            return Err(StreamError::NotConnected);
        };
        if !flow.connection.has_text() {
            // a look, that changes nothing the shard must know of
            return flow.connection.read_nothing();
        }
        let context = &mut self.environment.context(now);
        let read = flow.connection.read(context, buffer);
        // It holds less, may owe an ACK, and may rest: a read changes nothing else.
        self.environment.reckon(flow);
        flow.queue(&mut self.transmit_queue, id.0);
        if flow.comes_to_rest() {
            self.flows.rest(id.0);
        }
        read
    }

    /// Takes the next bytes as they lie, at most `limit` of them: without a copy while the device has frames enough, since the
    /// [chunk](periplus_tcp::Chunk) is then the frame that they came in. So it is not to be kept for long.
    ///
    /// # Errors
    /// As [`Shard::read`].
    pub fn read_chunk(
        &mut self,
        now: Instant,
        id: ConnectionId,
        limit: usize,
    ) -> Result<ReadChunk, StreamError> {
        let Some(flow) = self.flows.get_mut(id.0) else {
            return Err(StreamError::NotConnected);
        };
        if !flow.connection.has_text() {
            return flow.connection.read_nothing().map(ReadChunk::from_nothing);
        }
        let context = &mut self.environment.context(now);
        let read = flow.connection.read_chunk(context, limit);
        self.environment.reckon(flow);
        flow.queue(&mut self.transmit_queue, id.0);
        if flow.comes_to_rest() {
            self.flows.rest(id.0);
        }
        read
    }

    /// Copies the next bytes into `buffer` and leaves them in the receive queue.
    ///
    /// # Errors
    /// As [`Shard::read`].
    pub fn peek(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<Read, StreamError> {
        self.flows
            .get_mut(id.0)
            .map_or(Err(StreamError::NotConnected), |flow| {
                flow.connection.peek(buffer)
            })
    }

    /// Takes bytes that were peeked: they count as read at `now`.
    pub fn consume(&mut self, now: Instant, id: ConnectionId, count: usize) {
        self.with(now, id, |connection, context| {
            connection.consume(context, count)
        });
    }

    /// Queues a copy of as much of `data` as fits.
    ///
    /// # Errors
    /// Why the connection is over, or [`StreamError::BrokenPipe`] after the sending direction was closed.
    pub fn write(
        &mut self,
        now: Instant,
        id: ConnectionId,
        data: &[u8],
    ) -> Result<Write, StreamError> {
        self.writing(now, id, |connection, context| {
            connection.write(context, data)
        })
    }

    /// As [`Shard::write`], with what `sendmsg`'s flags say.
    ///
    /// # Errors
    /// As [`Shard::write`].
    pub fn send(
        &mut self,
        now: Instant,
        id: ConnectionId,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<Write, StreamError> {
        self.writing(now, id, |connection, context| {
            connection.send(context, data, flags)
        })
    }

    /// Queues as much of `data` as fits, without a copy, and cuts it off the front.
    ///
    /// # Errors
    /// As [`Shard::write`].
    pub fn write_bytes(
        &mut self,
        now: Instant,
        id: ConnectionId,
        data: &mut Bytes,
    ) -> Result<Write, StreamError> {
        self.writing(now, id, |connection, context| {
            connection.write_bytes(context, data)
        })
    }

    /// Queues copies of as many bytes of `data`, one slice after the other, as fit: one write, as `writev` is.
    ///
    /// # Errors
    /// As [`Shard::write`].
    pub fn write_vectored(
        &mut self,
        now: Instant,
        id: ConnectionId,
        data: &[IoSlice<'_>],
    ) -> Result<Write, StreamError> {
        self.writing(now, id, |connection, context| {
            connection.write_vectored(context, data)
        })
    }

    /// The same with pieces of which some are not copied: a head, say, and the content behind it.
    ///
    /// # Errors
    /// As [`Shard::write`].
    pub fn write_pieces(
        &mut self,
        now: Instant,
        id: ConnectionId,
        pieces: &[Piece<'_>],
    ) -> Result<Write, StreamError> {
        self.writing(now, id, |connection, context| {
            connection.write_pieces(context, pieces)
        })
    }

    /// Closes the sending direction after what is queued.
    ///
    /// # Errors
    /// Why the connection is over.
    pub fn shutdown_write(&mut self, now: Instant, id: ConnectionId) -> Result<(), StreamError> {
        self.shutdown(now, id, Shutdown::Write)
    }

    /// Closes one direction or both, as `shutdown` does. After the reading direction is closed, reads give what came and then
    /// the end; the peer is not told. A connection that is not established yet is given up.
    ///
    /// # Errors
    /// Why the connection is over.
    pub fn shutdown(
        &mut self,
        now: Instant,
        id: ConnectionId,
        how: Shutdown,
    ) -> Result<(), StreamError> {
        self.with(now, id, |connection, context| {
            connection.shutdown(context, how)
        })
        .unwrap_or(Err(StreamError::NotConnected))
    }

    /// Whether the peer has acknowledged everything, our FIN included: what a backend waits for that lingers (SO_LINGER) before
    /// it lets go. `false`: not yet, and [`Shard::take_ready`] will say when, as for a writer.
    ///
    /// # Errors
    /// Why it never will.
    pub fn is_delivered(&mut self, id: ConnectionId) -> Result<bool, StreamError> {
        self.flows
            .get_mut(id.0)
            .map_or(Err(StreamError::NotConnected), |flow| {
                flow.connection.is_delivered()
            })
    }

    /// The backend lets go of a connection: what was written is still delivered, what was not read is answered by a RST.
    /// The id names nothing any more.
    pub fn close(&mut self, now: Instant, id: ConnectionId) {
        self.with(now, id, |connection, context| connection.close(context));
    }

    /// Resets a connection. It is still to be [closed](Shard::close).
    pub fn abort(&mut self, now: Instant, id: ConnectionId) {
        // RFC 9293 3.10.5, TIME-WAIT; Linux keeps the record.
        let record = self
            .flows
            .get_mut(id.0)
            .and_then(|flow| flow.time_wait.take());
        if let Some(record) = record {
            self.forget_time_wait(record);
        }
        self.with(now, id, |connection, context| connection.abort(context));
    }

    /// Connections whose peer still has something to get: bytes, or a FIN, that it has not acknowledged.
    pub fn delivering(&self) -> usize {
        // Who is parked is established.
        let awake = self.flows.awake();
        let done = awake.filter(|flow| !flow.connection.is_delivering());
        self.flows.len() - done.count()
    }

    /// Ends every connection, those included that nobody holds any more, so that every journey under way ends in a record.
    /// What is not delivered is reset; who only waits for the peer's FIN just stops.
    pub fn cut_off(&mut self, now: Instant) {
        let ids: Vec<_> = self.flows.indices().collect();
        for id in ids {
            self.with(now, ConnectionId(id), |connection, context| {
                connection.cut_off(context)
            });
        }
    }

    /// A word of the codec about a stream.
    pub fn mark(&mut self, id: ConnectionId, mark: StampedMark) {
        if let Some(mut marker) = self.marker(id) {
            marker.mark(mark);
        }
    }

    /// For a codec that has several words to say at once. `None` if nothing is recorded of the connection.
    #[inline]
    pub fn marker(&mut self, id: ConnectionId) -> Option<Marker<'_>> {
        let flow = self.flows.get_mut(id.0)?;
        let Environment {
            recorder, counters, ..
        } = &mut self.environment;
        flow.connection.marker(recorder, counters)
    }

    /// Stream offsets: bytes read by the backend, and bytes written by it.
    pub fn offsets(&self, id: ConnectionId) -> Option<(u64, u64)> {
        self.flows.get(id.0).map(|flow| flow.connection.offsets())
    }

    /// The two ends of a connection: ours, and the peer's.
    pub fn addresses(&self, id: ConnectionId) -> Option<(SocketAddr, SocketAddr)> {
        self.flows
            .get(id.0)
            .map(|flow| (flow.key.local, flow.key.remote))
    }

    /// What ICMP said of a connection that goes on: [`Connection::take_soft_error`].
    pub fn take_soft_error(&mut self, id: ConnectionId) -> Option<StreamError> {
        self.flows.get_mut(id.0)?.connection.take_soft_error()
    }

    /// The connection, to look at.
    pub fn connection(&self, id: ConnectionId) -> Option<impl Deref<Target = Connection>> {
        self.flows.get(id.0).map(LookAtConnection)
    }

    /// Bytes that a read would find.
    #[inline]
    pub fn readable(&self, id: ConnectionId) -> usize {
        let flow = self.flows.get_awake(id.0); // who is parked has none
        flow.map_or(0, |flow| flow.connection.readable())
    }
}
