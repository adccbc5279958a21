//! A listening socket, as the backend holds it.

use crate::error;
use crate::mailbox::{Call, Inbox, ListenerMailbox};
use crate::shard::registry::{self, ShardId};
use crate::shard::{ShardCell, ShardHandle, State};
use crate::stream::TcpStream;
use periplus_journey::Instant;
use periplus_stack::{ListenerId, SocketOptions};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

/// How many connections wait in each of a listener's two queues, unless [`ShardHandle::listen`] says otherwise; as tokio's.
const BACKLOG: usize = 1024;

/// A listening TCP socket of a shard. It reads like `tokio::net::TcpListener`, and may be used on any thread.
///
/// Dropping it resets the connections that nobody accepted.
pub struct TcpListener {
    shard: ShardId,
    id: ListenerId,
    local: SocketAddr,
    inbox: Arc<Inbox>,
    /// Set by the first `accept` on a foreign thread, for good.
    mailbox: OnceLock<Arc<ListenerMailbox>>,
}

impl ShardHandle {
    /// Listens on `local`; port 0 lets the shard choose one. `backlog` bounds the handshakes under way, and as many
    /// complete ones that wait to be accepted.
    pub async fn listen(&self, local: SocketAddr, backlog: usize) -> io::Result<TcpListener> {
        self.run(move |cell| listen(cell, local, backlog)).await?
    }
}

fn listen(cell: &ShardCell, local: SocketAddr, backlog: usize) -> io::Result<TcpListener> {
    cell.call(|state, _| {
        let id = state
            .shard
            .listen(local, backlog)
            .map_err(|refusal| error::listen(local, refusal))?;
        state.waiters.listeners.entry(id).or_default();
        let local = state.shard.listener_address(id).unwrap_or(local);
        let inbox = Arc::clone(cell.inbox());
        Ok(TcpListener {
            shard: cell.id(),
            id,
            local,
            inbox,
            mailbox: OnceLock::new(),
        })
    })
}

impl TcpListener {
    /// Listens on an address of `shard`; port 0 lets it choose one.
    pub async fn bind(shard: &ShardHandle, local: SocketAddr) -> io::Result<Self> {
        shard.listen(local, BACKLOG).await
    }

    /// The address and port on which it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    /// Changes the backlog, as a second `listen()` does on Linux. Who waits in its queues stays there, also beyond it.
    ///
    /// # Errors
    /// The shard has ended.
    pub fn set_backlog(&self, backlog: usize) -> io::Result<()> {
        let id = self.id;
        self.change(move |state, _| state.shard.set_backlog(id, backlog))
    }

    /// Sets the options that its connections have from now on. Those that wait to be accepted keep theirs.
    ///
    /// # Errors
    /// The shard has ended.
    pub fn set_options(&self, options: SocketOptions) -> io::Result<()> {
        let id = self.id;
        self.change(move |state, now| state.shard.set_listener_options(now, id, options))
    }

    fn change(&self, change: impl FnOnce(&mut State, Instant) + Send + 'static) -> io::Result<()> {
        match registry::find(self.shard) {
            Some(cell) => {
                cell.call(change);
                Ok(())
            }
            None => {
                let change = move |cell: &ShardCell| cell.call(change);
                let sent = self.inbox.send(Call::Run(Box::new(change)));
                sent.map_err(|_| error::shard_gone())
            }
        }
    }

    /// Waits for a connection whose handshake is complete. Fails only when the shard has ended. May be called by several
    /// tasks at once, and given up without losing a connection.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    /// See [`accept`](Self::accept).
    pub fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = match self.cell() {
            Some(cell) => cell
                .call(|state, now| state.poll_accept(now, self.id, &cell, context))
                .map(Ok),
            None => self.mailbox().poll_accept(context),
        };
        accepted.map_ok(|stream| {
            let peer = stream.peer();
            (stream, peer)
        })
    }

    /// The shard, if this is its thread and the listener never left it.
    fn cell(&self) -> Option<Rc<ShardCell>> {
        match self.mailbox.get() {
            None => registry::find(self.shard),
            Some(_) => None,
        }
    }

    fn mailbox(&self) -> &Arc<ListenerMailbox> {
        self.mailbox
            .get_or_init(|| ListenerMailbox::new(Arc::clone(&self.inbox), self.id))
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        match self.cell() {
            Some(cell) => cell.call(|state, now| state.release_listener(now, self.id)),
            None => self.mailbox().release(),
        }
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

impl State {
    fn poll_accept(
        &mut self,
        now: Instant,
        id: ListenerId,
        cell: &ShardCell,
        context: &Context<'_>,
    ) -> Poll<TcpStream> {
        match self.shard.accept(now, id) {
            Some(accepted) => Poll::Ready(TcpStream::adopt(self, cell, accepted)),
            None => {
                self.waiters.wait_acceptable(id, context);
                Poll::Pending
            }
        }
    }

    /// The handle is gone: connections it did not accept are reset.
    pub(crate) fn release_listener(&mut self, now: Instant, id: ListenerId) {
        let Some(waiters) = self.waiters.listeners.remove(&id) else {
            return;
        };
        let discarded = self.waiters.discarded.get_or_insert_default();
        discarded.listeners.push(waiters);
        self.shard.close_listener(now, id);
    }
}
