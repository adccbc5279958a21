//! A close that waits.

use super::{Place, TcpStream};
use crate::error;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

impl TcpStream {
    /// Closes the stream, and waits until the peer has acknowledged everything that was written, if a
    /// [linger time](Self::set_linger) is set; otherwise it is as dropping it. That the peer has acknowledged it does not say
    /// that it has read it.
    ///
    /// # Errors
    /// What was written is not delivered, and will not be; or the linger time is over
    /// ([`TimedOut`](io::ErrorKind::TimedOut)): then the shard goes on delivering it.
    pub async fn close(self) -> io::Result<()> {
        let linger = self.mailbox.options().linger;
        let Some(limit) = linger.filter(|limit| *limit > Duration::ZERO) else {
            return Ok(());
        };
        self.shut()?;
        let delivered = poll_fn(|context| self.poll_delivered(context));
        timeout(limit, delivered).await.unwrap_or_else(|_| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the linger time is over, and the peer has not acknowledged everything: what is left is delivered without being waited for",
            ))
        })
    }

    /// Waits until the peer has acknowledged all that was written, our FIN included.
    ///
    /// # Errors
    /// What was written is not delivered, and will not be.
    pub fn poll_delivered(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let id = self.mailbox.id;
        match self.place() {
            Place::Own(cell) => cell.call(|state, _| match state.shard.is_delivered(id) {
                Ok(true) => Poll::Ready(Ok(())),
                Ok(false) => {
                    state.waiters.wait_writable(id, context);
                    Poll::Pending
                }
                Err(failure) => Poll::Ready(Err(error::stream(failure))),
            }),
            Place::Foreign => self.mailbox.poll_delivered(context),
        }
    }
}
