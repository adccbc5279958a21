//! A connection, as the backend holds it.

mod async_io;
mod chunks;
mod close;
mod connect;
mod foreign;
mod options;
mod own;
mod split;

pub use options::Keepalive;
pub use split::{OwnedReadHalf, OwnedWriteHalf};

use crate::error;
use crate::journal::Journal;
use crate::mailbox::{Farewell, Mailbox};
use crate::shard::registry::{self, ShardId};
use crate::shard::{ShardCell, ShardHandle, State};
use periplus_stack::{Accepted, StreamError, TcpInfo};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

/// A TCP connection of a shard. It reads like `tokio::net::TcpStream`, and may be sent to any thread.
///
/// On its shard's thread a call borrows the shard: no lock, no queue. The first call on another thread turns the stream
/// *remote*: from then on the shard's driver carries its bytes through two bounded queues, and what they wait there is in
/// the journey as the overlay `mailbox`.
///
/// Dropping it closes the connection: in order, after the bytes written so far; by RST if bytes that came in were not read
/// (RFC 2525 2.17), or where it was [told so](Self::set_abort_on_drop).
///
/// As with tokio's, at most one task waits for each direction: the last one to poll is woken.
pub struct TcpStream {
    shard: ShardId,
    mailbox: Arc<Mailbox>,
    farewell: Farewell,
}

/// Where a call runs.
enum Place {
    /// On the shard's thread, and the stream never left it.
    Own(Rc<ShardCell>),
    /// By the queues.
    Foreign,
}

impl TcpStream {
    /// The stream of a connection that the shard made, with a place for who waits on it.
    pub(crate) fn adopt(state: &mut State, cell: &ShardCell, accepted: Accepted) -> Self {
        state.waiters.streams.entry(accepted.id).or_default();
        let connection = state.shard.connection(accepted.id);
        let options = connection.map(|connection| Arc::clone(connection.socket_options()));
        let mailbox = Mailbox::new(
            Arc::clone(cell.inbox()),
            accepted.id,
            accepted.local,
            accepted.peer,
            options.unwrap_or_default(),
        );
        Self {
            shard: cell.id(),
            mailbox,
            farewell: Farewell::Close,
        }
    }

    fn place(&self) -> Place {
        if self.mailbox.is_remote() {
            return Place::Foreign;
        }
        registry::find(self.shard).map_or(Place::Foreign, Place::Own)
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.mailbox.peer
    }

    /// The peer's address and port.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.mailbox.peer)
    }

    /// Our address and port.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.mailbox.local)
    }

    /// A handle that sets marks in this stream. It stays valid when the stream is given away, and after its end.
    pub fn journal(&self) -> Journal {
        Journal::new(self.shard, Arc::clone(&self.mailbox))
    }

    /// How many bytes were read from this stream and written to it: the offsets that marks speak of.
    pub fn offsets(&self) -> (u64, u64) {
        (self.mailbox.read.get(), self.mailbox.written.get())
    }

    /// The connection as Linux's `TCP_INFO` shows one, on whatever thread this is called.
    ///
    /// # Errors
    /// When the shard has ended, or has forgotten the connection.
    pub async fn info(&self) -> io::Result<TcpInfo> {
        let id = self.mailbox.id;
        let info = ShardHandle::of(&self.mailbox.inbox)
            .run(move |cell| cell.call(|state, now| state.shard.tcp_info(now, id)))
            .await?;
        info.ok_or_else(|| error::stream(StreamError::NotConnected))
    }

    /// Resets the connection (RST): the peer's calls fail, and what was not sent is thrown away.
    pub fn abort(mut self) {
        self.set_abort_on_drop(true);
    }

    /// Whether dropping the stream is to [abort](Self::abort) it: as long as an answer is on its way whose end an orderly close
    /// would seem to be.
    pub fn set_abort_on_drop(&mut self, abort: bool) {
        self.farewell = match abort {
            true => Farewell::Abort,
            false => Farewell::Close,
        };
    }

    /// Waits for bytes and copies them without taking them: the next read gives them again. 0 bytes in a buffer that is not
    /// full: the peer closed its direction.
    pub fn poll_peek(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let id = self.mailbox.id;
        match self.place() {
            Place::Own(cell) => cell.call(|state, _| state.poll_peek(id, context, buffer)),
            Place::Foreign => self.mailbox.poll_peek(context, buffer),
        }
    }

    /// Takes `length` bytes that were seen by [`poll_peek`](Self::poll_peek): they count as read now.
    pub fn consume(&self, length: usize) {
        let id = self.mailbox.id;
        match self.place() {
            Place::Own(cell) => cell.call(|state, now| state.shard.consume(now, id, length)),
            Place::Foreign => self.mailbox.consume(length),
        }
        self.mailbox.read.advance(length);
    }

    fn poll_read_shared(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (id, before) = (self.mailbox.id, buffer.filled().len());
        let read = match self.place() {
            Place::Own(cell) => cell.call(|state, now| state.poll_read(now, id, context, buffer)),
            Place::Foreign => self.mailbox.poll_read(context, buffer),
        };
        self.mailbox.read.advance(buffer.filled().len() - before);
        read
    }

    pub(crate) fn poll_write_shared(
        &self,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let id = self.mailbox.id;
        self.count_written(match self.place() {
            Place::Own(cell) => cell.call(|state, now| state.poll_write(now, id, context, data)),
            Place::Foreign => self.mailbox.poll_write(context, data),
        })
    }

    fn count_written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(length)) = written {
            self.mailbox.written.advance(length);
        }
        written
    }

    /// Closes the sending direction: FIN follows the bytes written so far.
    pub(crate) fn shut(&self) -> io::Result<()> {
        let id = self.mailbox.id;
        match self.place() {
            Place::Own(cell) => cell
                .call(|state, now| state.shard.shutdown_write(now, id))
                .map_err(error::stream),
            Place::Foreign => self.mailbox.shutdown(),
        }
    }

    /// Waits until the handshake is complete, or has failed. Only the connecting side needs it.
    async fn established(&self) -> Result<(), StreamError> {
        let id = self.mailbox.id;
        poll_fn(|context| match registry::find(self.shard) {
            Some(cell) => cell.call(|state, _| state.poll_connected(id, context)),
            None => Poll::Ready(Err(StreamError::Aborted)),
        })
        .await
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let (id, farewell) = (self.mailbox.id, self.farewell);
        match self.place() {
            Place::Own(cell) => cell.call(|state, now| state.release_stream(now, id, farewell)),
            Place::Foreign => self.mailbox.leave(farewell),
        }
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mailbox { local, peer, .. } = *self.mailbox;
        f.debug_struct("TcpStream")
            .field("local", &local)
            .field("peer", &peer)
            .finish_non_exhaustive()
    }
}
