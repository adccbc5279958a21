//! The signals that a server is led by.

use std::io;
use tokio::signal::unix::{self, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT (Ctrl-C) and SIGTERM, which mean the same here: to end.
    End,
    /// SIGHUP: to read the configuration again.
    Reload,
    /// SIGUSR1: to open the access log anew.
    Rotate,
}

/// The signals of this process, from when this was made.
pub(crate) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
    user: unix::Signal,
}

impl Signals {
    /// From now on these signals no longer end the process.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next of them. Given up and called again, it misses none.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.user.recv() => Signal::Rotate,
        }
    }

    /// Waits for the next that asks to end. There is nothing to be read again by then.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Signal::End {}
    }
}
