//! A turnstile, and the test in hyper's place.

use crate::counters::ServeCounters;
use crate::testing::{Far, Line, ListJournal, line};
use crate::turnstile::{Exchange, Handed, Turnstile};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) struct Parser {
    turnstile: Turnstile<Line, ListJournal>,
    pub(super) exchange: Exchange<ListJournal>,
    pub(super) handed: Handed,
    pub(super) journal: ListJournal,
    pub(super) counters: Arc<ServeCounters>,
    pub(super) far: Far,
}

impl Parser {
    pub(super) fn new() -> Self {
        let (near, far) = line();
        let journal = ListJournal::default();
        let counters = Arc::new(ServeCounters::default());
        let exchange = Exchange::new(journal.clone(), counters.clone());
        let handed = Handed::default();
        let turnstile = Turnstile::new(near, exchange.clone(), handed.clone());
        Self {
            turnstile,
            exchange,
            handed,
            journal,
            counters,
            far,
        }
    }

    pub(super) fn read(&mut self) -> Poll<io::Result<Vec<u8>>> {
        let mut bytes = [0; 1000];
        let mut buffer = ReadBuf::new(&mut bytes);
        let mut context = Context::from_waker(Waker::noop());
        let read = Pin::new(&mut self.turnstile).poll_read(&mut context, &mut buffer);
        read.map_ok(|()| buffer.filled().to_vec())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.turnstile).poll_write(&mut context, bytes)
    }

    /// Reads a request that has arrived, takes it as hyper would, and calls the handler.
    pub(super) fn take(&mut self, request: &str) {
        assert!(matches!(self.read(), Poll::Ready(Ok(bytes)) if bytes == request.as_bytes()));
        self.exchange.head_taken().expect("the head is whole");
        self.exchange.handler_called();
    }
}
