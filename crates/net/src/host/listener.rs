//! Accepting from the host.

use super::{Host, HostJournal, HostStream};
use crate::gateway::hold_little;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// How long accepting rests when the host cannot give a connection and none of ours ends: it may be others who hold what is
/// missing.
const REST: Duration = Duration::from_millis(100);

/// A socket of the host that listens.
#[derive(Debug)]
pub struct HostListener {
    listener: TcpListener,
    host: Host,
}

impl HostListener {
    /// Accepts from `listener`, and records the journeys with `host`.
    pub fn new(listener: TcpListener, host: Host) -> Self {
        hold_little(&listener);
        Self { listener, host }
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// When the host does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The next connection. Given up and called again, it loses none.
    ///
    /// # Errors
    ///
    /// When this one connection is lost already. Where the host is out of descriptors or of memory, it waits: the connection
    /// stays in the host's queue meanwhile.
    pub async fn accept(&self) -> io::Result<HostStream> {
        loop {
            // Before `accept`, so that no end is missed between its failure and the wait.
            let one_ended = self.host.one_ended();
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // An answer's last segment is as big as it is, and no reason to wait for an acknowledgement.
                    stream.set_nodelay(true)?;
                    let journal = HostJournal::new(self.host.clone(), peer, stream.local_addr()?);
                    return Ok(HostStream::new(stream, journal));
                }
                Err(error) if is_passing(&error) => return Err(error),
                Err(_) => drop(timeout(REST, one_ended).await),
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}
