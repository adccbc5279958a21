//! Accepting from the host, and the end of it.

use super::carry::carry;
use crate::ShardHandle;
use socket2::SockRef;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, yield_now};
use tokio::time::timeout;

/// How long accepting rests when the host cannot give a connection and none of ours ends: it may be others who hold what is
/// missing.
const REST: Duration = Duration::from_millis(100);

/// How many complete connections the host keeps for a gateway that is busy, as far as its `somaxconn` allows. What comes
/// beyond is dropped there, and its client tries again only after a second: tokio's own 128 are used up by a burst that lasts
/// no longer than a time slice.
const BACKLOG: u32 = 4096;

/// How much the host takes of what it cannot send yet, in bytes: as much as goes out before we are asked for more.
const UNSENT: u32 = 128 * 1024;

/// A host socket that listens on `address`, fit for a gateway.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Or a server that is started again could not listen until the last TIME-WAIT is over.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Carries the connections of one host socket or several into a shard. Dropping it stops accepting; connections go on.
#[derive(Debug)]
pub struct Gateway {
    local: SocketAddr,
    shard: ShardHandle,
    open: Arc<Open>,
    /// A task a host socket.
    accepting: Vec<AbortHandle>,
}

/// The connections that are being carried.
#[derive(Debug, Default)]
struct Open {
    count: AtomicUsize,
    /// Those of them whose backend has not had its last word delivered to the host.
    owing: AtomicUsize,
    one_ended: Notify,
}

impl Gateway {
    /// Begins to accept from `listener`, and carries each connection into `shard`: from the client's address and port to
    /// the address and port it asked for. So `shard` and whoever is at the other end of its link must take any address
    /// for theirs. Call it on the shard's thread.
    pub fn spawn(listener: TcpListener, shard: ShardHandle) -> io::Result<Self> {
        let mut gateway = Self {
            local: listener.local_addr()?,
            shard,
            open: Arc::default(),
            accepting: Vec::new(),
        };
        gateway.add(listener)?;
        Ok(gateway)
    }

    /// Accepts from one more host socket.
    pub fn add(&mut self, listener: TcpListener) -> io::Result<()> {
        hold_little(&listener);
        let local = listener.local_addr()?;
        if local.is_ipv6() {
            let message = format!(
                "cannot carry connections to {local}: the stack speaks IPv4; listen on an IPv4 address"
            );
            return Err(io::Error::new(ErrorKind::Unsupported, message));
        }
        let accepting = accept(listener, self.shard.clone(), Arc::clone(&self.open));
        self.accepting.push(tokio::spawn(accepting).abort_handle());
        Ok(())
    }

    /// The address and port on which the host listens: that of the first socket.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.open.count.load(Ordering::Relaxed)
    }

    /// Stops accepting. When this is done the host's sockets are closed, and who connects now is refused by the host.
    pub async fn stop_accepting(&self) {
        self.accepting.iter().for_each(AbortHandle::abort);
        // The runtime drops the tasks, and the sockets with them, at its next turn.
        while !self.accepting.iter().all(AbortHandle::is_finished) {
            yield_now().await;
        }
    }

    /// Stops accepting, then waits until the backend has closed every connection and all that it wrote is with the host.
    /// A client that keeps its own direction open is not waited for: nobody would hear what it still has to say.
    pub async fn drain(&self) {
        self.stop_accepting().await;
        self.open.nothing_owing().await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.accepting.iter().for_each(AbortHandle::abort);
    }
}

/// Has the host hold no more of an answer than it needs to keep its window filled: what a client does not take waits where it is
/// seen, and a thousand who read slowly do not fill the host's memory. Accepted sockets have it from the one that listens.
pub(crate) fn hold_little(listener: &TcpListener) {
    // Where it cannot be set, the host holds more.
    let _ = SockRef::from(listener).set_tcp_notsent_lowat(UNSENT);
}

async fn accept(listener: TcpListener, shard: ShardHandle, open: Arc<Open>) {
    loop {
        // Before `accept`, so that no end is missed between its failure and the wait.
        let one_ended = open.one_ended.notified();
        match listener.accept().await {
            Ok((host, peer)) => {
                let entered = Entered::new(&open);
                let shard = shard.clone();
                tokio::spawn(async move {
                    carry(host, peer, &shard, &entered).await;
                    drop(entered);
                });
            }
            Err(error) if concerns_one_connection(&error) => {}
            // Out of descriptors or memory. The connection stays in the host's queue, so trying at once would spin.
            Err(_) => drop(timeout(REST, one_ended).await),
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

impl Open {
    async fn nothing_owing(&self) {
        loop {
            let one_ended = self.one_ended.notified();
            if self.owing.load(Ordering::Relaxed) == 0 {
                return;
            }
            one_ended.await;
        }
    }
}

/// One connection, counted while it lasts.
pub(super) struct Entered {
    open: Arc<Open>,
    owing: AtomicBool,
}

impl Entered {
    fn new(open: &Arc<Open>) -> Self {
        open.count.fetch_add(1, Ordering::Relaxed);
        open.owing.fetch_add(1, Ordering::Relaxed);
        Self {
            open: Arc::clone(open),
            owing: AtomicBool::new(true),
        }
    }

    /// The backend has closed its direction, and all that it wrote is with the host.
    pub(super) fn delivered(&self) {
        if self.owing.swap(false, Ordering::Relaxed) {
            self.open.owing.fetch_sub(1, Ordering::Relaxed);
            self.open.one_ended.notify_waiters();
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.delivered();
        self.open.count.fetch_sub(1, Ordering::Relaxed);
        self.open.one_ended.notify_waiters();
    }
}
