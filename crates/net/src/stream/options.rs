//! What can be set on a stream.

use super::{Place, TcpStream};
use periplus_stack::SocketOptions;
use std::io;
use std::time::Duration;

/// When a silent peer is asked whether it is still there (RFC 9293 3.8.4). What is `None` is as the shard's
/// [`Sysctls`](crate::Sysctls) say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// After so long a silence (`TCP_KEEPIDLE`; two hours).
    pub idle: Option<Duration>,
    /// And again after so long without an answer (`TCP_KEEPINTVL`; 75 s).
    pub interval: Option<Duration>,
    /// After so many questions without an answer the connection fails (`TCP_KEEPCNT`; 9).
    pub count: Option<u8>,
}

impl TcpStream {
    /// Its options: those of the listener that it came from, as far as they were not changed since.
    pub fn options(&self) -> io::Result<SocketOptions> {
        Ok(self.mailbox.options())
    }

    /// Sets all of its options. On a foreign thread they take effect when the driver comes by.
    pub fn set_options(&self, options: SocketOptions) -> io::Result<()> {
        self.change_options(|all| *all = options)
    }

    /// Whether a small segment is sent at once, instead of waiting while an earlier one is unacknowledged (Nagle's
    /// algorithm, RFC 9293 3.7.4; `TCP_NODELAY`).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.change_options(|options| options.no_delay = nodelay)
    }

    /// Whether data is acknowledged at once, instead of waiting up to 40 ms for an answer to travel with (Linux's
    /// `TCP_QUICKACK`, but it stays as it is set).
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.change_options(|options| options.quick_ack = Some(quickack))
    }

    /// Whether, and how, a silent peer is asked whether it is still there (`SO_KEEPALIVE`; off unless set). A connection whose
    /// peer does not answer fails with [`TimedOut`](io::ErrorKind::TimedOut), and the peer is reset.
    pub fn set_keepalive(&self, keepalive: Option<Keepalive>) -> io::Result<()> {
        self.change_options(|options| {
            options.keep_alive = keepalive.is_some();
            if let Some(keepalive) = keepalive {
                options.keep_idle = keepalive.idle;
                options.keep_interval = keepalive.interval;
                options.keep_count = keepalive.count;
            }
        })
    }

    /// How long what was written may stay unacknowledged, or wait behind a closed window, before the connection fails with
    /// [`TimedOut`](io::ErrorKind::TimedOut) (`TCP_USER_TIMEOUT`, RFC 5482). `None`, or no time at all: as long as `tcp_retries2` says, which
    /// is 15 minutes and more; and a peer that answers may keep its window closed for ever.
    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.change_options(|options| options.user_timeout = timeout)
    }

    /// How long [`close`](Self::close) waits for what was written to be acknowledged (`SO_LINGER`). With no time at all,
    /// closing resets the connection, and so does dropping it. `None`: closing waits for nothing, and what was written is still
    /// delivered.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.change_options(|options| options.linger = linger)
    }

    fn change_options(&self, change: impl FnOnce(&mut SocketOptions)) -> io::Result<()> {
        let (id, options) = (self.mailbox.id, self.mailbox.change_options(change));
        match self.place() {
            Place::Own(cell) => {
                cell.call(|state, now| state.shard.set_socket_options(now, id, options));
            }
            Place::Foreign => self.mailbox.options_changed(),
        }
        Ok(())
    }
}
