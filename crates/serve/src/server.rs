//! Accepting connections and, in the end, no more of them.

use crate::caught::caught;
use crate::counters::ServeCounters;
use crate::http::Http;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::protocol::Protocol;
use crate::stream::PeekStream;
use std::cell::RefCell;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Becomes true when connections should finish what is in flight and close.
pub type Drain = watch::Receiver<bool>;

/// Waits until connections should finish; also where the server is gone, and nobody could ask any more.
pub(crate) async fn asked_to_drain(drain: &mut Drain) {
    let _ = drain.wait_for(|draining| *draining).await;
}

/// What is spoken on a connection: it serves each from its first byte to its last.
pub trait ConnectionService<S, M>: Clone + 'static {
    /// Serves one connection to its end. Nothing may have been read from or written to it.
    fn serve(&self, stream: S, journal: M, drain: Drain) -> impl Future<Output = ()>;
}

/// What is spoken, when its bounds can be changed while it is.
pub trait Adjust {
    /// The same, for new connections, within other bounds.
    fn adjusted(&self, options: &ServeOptions) -> Self;
}

/// Where connections come from.
pub trait Acceptor {
    /// A connection.
    type Stream: PeekStream + 'static;
    /// Its journal.
    type Marks: Marks;

    /// The next connection. It must be safe to stop waiting and to begin again.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, Self::Marks)>>;
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were open when it stopped accepting.
    pub open: usize,
    /// How many of them had to be cut off, because they did not finish in time.
    pub cut: usize,
}

/// Serves connections until it is told to stop.
#[derive(Debug)]
pub struct Server<C> {
    service: RefCell<C>,
    options: RefCell<ServeOptions>,
    counters: Arc<ServeCounters>,
}

impl<H> Server<Http<H>> {
    /// HTTP, with `handler` for every request.
    pub fn new(handler: H, options: ServeOptions) -> Self {
        Self::speaking(options, |options, counters| {
            Http::new(handler, options, counters)
        })
    }
}

impl<C, H> Server<Protocol<C, H>> {
    /// The protocol of `codec`, with `handler` for every request.
    pub fn of(codec: C, handler: H, options: ServeOptions) -> Self {
        Self::speaking(options, |options, counters| {
            Protocol::new(codec, handler, options, counters)
        })
    }
}

impl<C> Server<C> {
    /// What `service` makes of the options and counters, which it shares with the server.
    pub(crate) fn speaking(
        options: ServeOptions,
        service: impl FnOnce(ServeOptions, Arc<ServeCounters>) -> C,
    ) -> Self {
        let counters = Arc::new(ServeCounters::default());
        Self {
            service: RefCell::new(service(options.clone(), counters.clone())),
            options: RefCell::new(options),
            counters,
        }
    }

    /// Serves new connections within `options`; those that are open keep what they began with.
    pub fn adjust(&self, options: ServeOptions)
    where
        C: Adjust,
    {
        let adjusted = self.service.borrow().adjusted(&options);
        self.service.replace(adjusted);
        self.options.replace(options);
    }

    /// What it counts.
    pub fn counters(&self) -> Arc<ServeCounters> {
        self.counters.clone()
    }

    /// Accepts and serves connections until `stop` is done, each in a task of the current `LocalSet`. Then the acceptor
    /// is dropped, what is in flight may finish within [`ServeOptions::drain_timeout`], and what is left is cut off.
    ///
    /// At [`ServeOptions::max_connections`] nothing is accepted until a connection ends: the next ones wait in
    /// `accept_queue`, where their wait is bounded and seen.
    ///
    /// # Errors
    ///
    /// When the acceptor fails for good; what is in flight is drained first.
    pub async fn run<A, F>(&self, mut acceptor: A, stop: F) -> io::Result<Drained>
    where
        A: Acceptor,
        F: Future<Output = ()>,
        C: ConnectionService<A::Stream, A::Marks>,
    {
        let (draining, drain) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        let failure = loop {
            tokio::select! {
                biased;
                () = &mut stop => break None,
                Some(_) = connections.join_next() => {}
                accepted = acceptor.accept(), if connections.len() < self.options.borrow().max_connections => {
                    match accepted {
                        Ok((stream, journal)) => {
                            self.counters.connections.increment();
                            let (service, drain) = (self.service.borrow().clone(), drain.clone());
                            let counters = self.counters.clone();
                            connections.spawn_local(async move {
                                // A panic that nobody in it has caught ends this connection, and no other.
                                if caught(service.serve(stream, journal, drain)).await.is_none() {
                                    counters.connection_panics.increment();
                                }
                            });
                        }
                        Err(error) if is_passing(&error) => {}
                        Err(error) => break Some(error),
                    }
                }
            }
        };
        drop(acceptor);
        // Nobody listens if there is no connection.
        let _ = draining.send(true);
        let open = connections.len();
        let finished = async { while connections.join_next().await.is_some() {} };
        let latest = self.options.borrow().drain_timeout;
        let _ = timeout(latest, finished).await;
        let cut = connections.len();
        connections.shutdown().await;
        failure.map_or(Ok(Drained { open, cut }), Err)
    }
}

/// Whether only this one connection could not be accepted.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests;
