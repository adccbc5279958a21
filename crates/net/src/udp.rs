//! A UDP socket, as the backend holds it.

use crate::error;
use crate::mailbox::{Inbox, UdpMailbox};
use crate::shard::registry::{self, ShardId};
use crate::shard::{ShardCell, ShardHandle, State};
use periplus_stack::{ReceiveFrom, SendTo, UdpId};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

/// A UDP socket of a shard. It reads like `tokio::net::UdpSocket`, and may be used on any thread, by several tasks at once.
///
/// What arrives waits in a queue of 212,992 bytes (`ShardOptions::rmem_default`), each datagram's administration included;
/// a datagram that finds no room is lost. Broadcasts and multicasts are neither received nor sent, and no datagram is cut
/// into fragments or put together from some.
///
/// ```no_run
/// # async fn echo(shard: periplus_net::ShardHandle) -> Result<(), Box<dyn std::error::Error>> {
/// let socket = periplus_net::UdpSocket::bind(&shard, "10.77.0.2:7".parse()?).await?;
/// let mut buffer = [0; 1472];
/// loop {
///     let (length, peer) = socket.recv_from(&mut buffer).await?;
///     socket.send_to(&buffer[..length], peer).await?;
/// }
/// # }
/// ```
pub struct UdpSocket {
    shard: ShardId,
    id: UdpId,
    local: SocketAddr,
    /// The most data a datagram can have.
    largest: usize,
    inbox: Arc<Inbox>,
    /// Set by the first call on a foreign thread, for good.
    mailbox: OnceLock<Arc<UdpMailbox>>,
}

impl UdpSocket {
    /// Binds a socket to an address of `shard`; the unspecified address takes what comes for any, port 0 lets the shard
    /// choose one that nobody can guess.
    pub async fn bind(shard: &ShardHandle, local: SocketAddr) -> io::Result<Self> {
        shard.run(move |cell| bind(cell, local)).await?
    }

    /// The address and port to which it is bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    /// Waits for a datagram. Gives how many bytes of it were copied into `buffer`, and who sent it. What `buffer` has no
    /// room for is lost, as with tokio's. May be given up without losing a datagram.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let mut buffer = ReadBuf::new(buffer);
        let source = poll_fn(|context| self.poll_recv_from(context, &mut buffer)).await?;
        Ok((buffer.filled().len(), source))
    }

    /// See [`recv_from`](Self::recv_from).
    pub fn poll_recv_from(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let received = match self.cell() {
            Some(cell) => cell.call(|state, _| state.poll_receive(self.id, context)),
            None => self.mailbox().poll_receive(context),
        };
        received.map_ok(|(source, data)| {
            let count = data.len().min(buffer.remaining());
            buffer.put_slice(&data[..count]);
            source
        })
    }

    /// Sends `data` to `target` as one datagram, as soon as the socket has less than 212,992 bytes
    /// (`ShardOptions::wmem_default`) on their way to the link. Gives the length of `data`.
    ///
    /// # Errors
    /// `InvalidInput` if it does not fit one packet (1,472 bytes over Ethernet) or has no port, `NetworkUnreachable` without
    /// a route, `PermissionDenied` for a broadcast or multicast address, `ConnectionAborted` if the shard has ended. On a
    /// thread that is not the shard's, what the shard alone can know is the error of the next call.
    pub async fn send_to(&self, data: &[u8], target: SocketAddr) -> io::Result<usize> {
        poll_fn(|context| self.poll_send_to(context, data, target)).await
    }

    /// See [`send_to`](Self::send_to).
    pub fn poll_send_to(
        &self,
        context: &mut Context<'_>,
        data: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let sent = match self.cell() {
            Some(cell) => cell.call(|state, _| state.poll_send_to(self.id, context, data, target)),
            None => self
                .mailbox()
                .poll_send(context, data, target, self.largest),
        };
        sent.map_ok(|()| data.len())
    }

    /// The shard, if this is its thread and the socket never left it.
    fn cell(&self) -> Option<Rc<ShardCell>> {
        match self.mailbox.get() {
            None => registry::find(self.shard),
            Some(_) => None,
        }
    }

    fn mailbox(&self) -> &Arc<UdpMailbox> {
        self.mailbox
            .get_or_init(|| UdpMailbox::new(Arc::clone(&self.inbox), self.id))
    }
}

fn bind(cell: &ShardCell, local: SocketAddr) -> io::Result<UdpSocket> {
    cell.call(|state, _| {
        let id = state
            .shard
            .bind_udp(local)
            .map_err(|refusal| error::bind(local, refusal))?;
        state.waiters.udp.entry(id).or_default();
        let bound = state.shard.udp_socket(id);
        Ok(UdpSocket {
            shard: cell.id(),
            id,
            local: bound.map_or(local, |socket| socket.local()),
            largest: state.shard.largest_datagram(),
            inbox: Arc::clone(cell.inbox()),
            mailbox: OnceLock::new(),
        })
    })
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        match self.cell() {
            Some(cell) => cell.call(|state, _| state.release_udp(self.id)),
            None => self.mailbox().release(),
        }
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

impl State {
    fn poll_receive(
        &mut self,
        id: UdpId,
        context: &Context<'_>,
    ) -> Poll<io::Result<(SocketAddr, Box<[u8]>)>> {
        match self.shard.receive_from(id) {
            Ok(ReceiveFrom::Datagram { source, data }) => Poll::Ready(Ok((source, data))),
            Ok(ReceiveFrom::Wait) => {
                self.waiters.wait_receivable(id, context);
                Poll::Pending
            }
            Err(_) => Poll::Ready(Err(error::shard_gone())),
        }
    }

    fn poll_send_to(
        &mut self,
        id: UdpId,
        context: &Context<'_>,
        data: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<()>> {
        match self.shard.send_to(id, data, target) {
            Ok(SendTo::Accepted) => Poll::Ready(Ok(())),
            Ok(SendTo::Wait) => {
                self.waiters.wait_sendable(id, context);
                Poll::Pending
            }
            Err(refusal) => Poll::Ready(Err(error::send(target, refusal))),
        }
    }

    /// The handle is gone.
    pub(crate) fn release_udp(&mut self, id: UdpId) {
        if let Some(waiters) = self.waiters.udp.remove(&id) {
            let discarded = self.waiters.discarded.get_or_insert_default();
            discarded.udp.push(waiters);
            self.shard.close_udp(id);
        }
    }
}
