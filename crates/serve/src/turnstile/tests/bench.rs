//! A connection under test: line, turnstile, hyper, and a handler the test brings.

use crate::counters::ServeCounters;
use crate::testing::{Far, Line, ListJournal, Runner, line};
use crate::turnstile::{Exchange, Handed, Turnstile};
use bytes::Bytes;
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use periplus_journey::{Mark, RequestEnd};
use std::pin::Pin;
use std::sync::Arc;

type Running = Runner<Pin<Box<dyn Future<Output = hyper::Result<()>>>>>;

/// One connection.
pub(super) struct Bench {
    pub(super) far: Far,
    pub(super) journal: ListJournal,
    pub(super) counters: Arc<ServeCounters>,
    pub(super) exchange: Exchange<ListJournal>,
    connection: Running,
    done: bool,
}

/// The range of a request or an answer.
pub(super) type Range = (u64, u64);

impl Bench {
    /// On a line of its own.
    pub(super) fn new<H, F, B>(handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + 'static,
        F: Future<Output = Response<B>> + 'static,
        B: Body<Data = Bytes> + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (near, far) = line();
        Self::on(near, far, handler)
    }

    /// On a line that the handler may look at as well.
    pub(super) fn on<H, F, B>(near: Line, far: Far, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + 'static,
        F: Future<Output = Response<B>> + 'static,
        B: Body<Data = Bytes> + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let journal = ListJournal::default();
        let counters = Arc::new(ServeCounters::default());
        let exchange = Exchange::new(journal.clone(), counters.clone());
        let turnstile = Turnstile::new(near, exchange.clone(), Handed::default());
        let called = exchange.clone();
        let service = service_fn(move |request| {
            let taken = called.head_taken();
            if taken.is_ok() {
                called.handler_called();
            }
            let answer = handler(request);
            async move {
                taken?;
                Ok::<_, super::super::Disagreement>(answer.await)
            }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(turnstile), service);
        Self {
            far,
            journal,
            counters,
            exchange,
            connection: Runner::new(Box::pin(connection)),
            done: false,
        }
    }

    /// Runs until the connection waits for the test. `true` if it is over.
    pub(super) fn run(&mut self) -> bool {
        self.done = self.done || self.connection.run();
        self.done
    }

    /// Lets bytes arrive and runs.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.far.send(bytes);
        self.run();
    }

    /// Ends the stream to the backend and runs; the connection must come to its end.
    pub(super) fn end(&mut self) {
        self.far.end();
        while !self.run() {
            assert!(
                self.far.is_full(),
                "the connection hangs: {:?}",
                self.journal.marks()
            );
            self.far.set_room(usize::MAX);
        }
    }

    /// The ranges of the requests and how they ended, in order.
    pub(super) fn requests(&self) -> Vec<(Range, RequestEnd)> {
        let mut requests = Vec::new();
        let mut begun = None;
        for mark in self.journal.marks() {
            match mark {
                Mark::Request { start } => {
                    assert_eq!(begun, None, "two requests at a time");
                    begun = Some(start);
                }
                Mark::RequestEnd { end, how } => {
                    let start = begun.take().expect("a request ends after it began");
                    requests.push(((start, end), how));
                }
                _ => {}
            }
        }
        assert_eq!(begun, None, "a request never ended");
        requests
    }

    /// The ranges of the answers, in order.
    pub(super) fn answers(&self) -> Vec<Range> {
        let mut answers = Vec::new();
        let mut begun = None;
        for mark in self.journal.marks() {
            match mark {
                Mark::Response { start } => {
                    assert_eq!(begun, None, "two answers at a time");
                    begun = Some(start);
                }
                Mark::ResponseEnd { end } => {
                    answers.push((begun.take().expect("an answer ends after it began"), end));
                }
                _ => {}
            }
        }
        answers
    }

    /// How often the handler was called.
    pub(super) fn calls(&self) -> usize {
        self.journal
            .marks()
            .iter()
            .filter(|mark| **mark == Mark::HandlerCalled)
            .count()
    }
}
