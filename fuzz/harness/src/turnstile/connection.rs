//! One connection: line, turnstile, hyper, and a handler that notes what it sees.

use super::journal::Journal;
use super::line::Line;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use periplus_journey::{Mark, RequestEnd};
use periplus_serve::ServeCounters;
use periplus_serve::turnstile::{Disagreement, Exchange, Handed, Turnstile};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Polls in a row in which the connection wakes itself.
const PATIENCE: usize = 10_000;
/// The most that a head may have, as the backend sets it.
const MAX_HEADER_SIZE: usize = 8 * 1024;

/// The bit of the answer's choice that says that the handler ignores the content.
pub(super) const IGNORES: u8 = 0x10;

/// What a handler saw of a request: its method and target, and its content, if that came whole.
type Seen = (String, Option<Bytes>);

/// How a connection went.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Where each request begins and ends, and how.
    pub(super) requests: Vec<(u64, u64, RequestEnd)>,
    /// Where each answer begins and ends.
    pub(super) answers: Vec<(u64, u64)>,
    pub(super) seen: Vec<Seen>,
    pub(super) sent: Vec<u8>,
}

impl Outcome {
    /// The requests that came whole and that the handler was called for.
    pub(super) fn complete(&self) -> &[(u64, u64, RequestEnd)] {
        let is_complete = |request: &&(u64, u64, RequestEnd)| request.2 == RequestEnd::Complete;
        let count = self.requests.iter().take_while(is_complete).count();
        &self.requests[..count]
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lets a stream arrive piece by piece, and end. `answer` chooses what is answered.
///
/// # Panics
/// If turnstile and hyper disagree, the connection hangs, or what was told of it does not fit together.
pub(super) fn pass(pieces: &[&[u8]], answer: u8) -> Outcome {
    let line = Line::new();
    let journal = Journal::default();
    let counters = Arc::new(ServeCounters::default());
    let exchange = Exchange::new(journal.clone(), counters.clone());
    let turnstile = Turnstile::new(line.clone(), exchange.clone(), Handed::default());
    let seen = Rc::new(RefCell::new(Vec::new()));
    let service = {
        let (exchange, seen) = (exchange.clone(), seen.clone());
        service_fn(move |request| {
            let (taken, exchange) = (exchange.head_taken(), exchange.clone());
            let handling = handle(request, seen.clone(), answer);
            async move {
                taken?;
                exchange.handler_called();
                let answer = handling.await;
                exchange.answer_made();
                Ok::<_, Disagreement>(answer)
            }
        })
    };
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .header_read_timeout(None)
        .max_buf_size(MAX_HEADER_SIZE)
        .max_header_size(MAX_HEADER_SIZE)
        .auto_date_header(false);
    {
        let mut connection = pin!(builder.serve_connection(TokioIo::new(turnstile), service));
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut is_over = false;
        let mut run = |is_over: &mut bool| {
            for _ in 0..PATIENCE {
                if *is_over || !woken.0.swap(false, Ordering::Relaxed) {
                    assert_eq!(exchange.offsets().0, line.consumed(), "bytes taken");
                    return;
                }
                let polled = connection.as_mut().poll(&mut Context::from_waker(&waker));
                *is_over = polled.is_ready();
            }
            panic!("the connection keeps waking itself");
        };
        for piece in pieces {
            line.bring(piece);
            run(&mut is_over);
        }
        line.end();
        run(&mut is_over);
        assert!(is_over, "the connection hangs: {:?}", journal.take());
    }
    assert_eq!(
        counters.disagreements.get(),
        0,
        "turnstile and hyper disagree"
    );
    let mut outcome = told(&journal.take());
    outcome.seen = seen.take();
    outcome.sent = line.take_sent();
    outcome
}

/// Answers when the content has come to its end, good or bad.
async fn handle(
    request: Request<Incoming>,
    seen: Rc<RefCell<Vec<Seen>>>,
    answer: u8,
) -> Response<BoxBody<Bytes, Infallible>> {
    let place = seen.borrow().len();
    let line = format!("{} {}", request.method(), request.uri());
    seen.borrow_mut().push((line, None));
    // A handler may answer without having looked at the content.
    if answer & IGNORES == 0
        && let Ok(content) = request.into_body().collect().await
    {
        seen.borrow_mut()[place].1 = Some(content.to_bytes());
    }
    let text = Bytes::from_static(b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    let body = match answer & 3 {
        0 => Full::new(text).boxed(),
        1 => Full::new(Bytes::new()).boxed(),
        2 => {
            let pieces = text.chunks(7).map(Bytes::copy_from_slice);
            Pieces(pieces.collect()).boxed()
        }
        _ => Full::new(Bytes::from(vec![b'x'; 5000])).boxed(),
    };
    let status = [200, 404, 204, 304][usize::from(answer >> 2 & 3)];
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// A content whose length is not known beforehand.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

/// What the marks tell.
fn told(marks: &[Mark]) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut request, mut answer) = (None, None);
    for mark in marks {
        match *mark {
            Mark::Request { start } => {
                assert_eq!(request.replace(start), None, "two requests at a time");
            }
            Mark::RequestEnd { end, how } => {
                let start = request.take().expect("a request ends that has begun");
                assert!(start < end, "a request of nothing");
                outcome.requests.push((start, end, how));
            }
            Mark::Response { start } => {
                assert_eq!(answer.replace(start), None, "two answers at a time");
            }
            Mark::ResponseEnd { end } => {
                let start = answer.take().expect("an answer ends that has begun");
                outcome.answers.push((start, end));
            }
            _ => {}
        }
    }
    assert_eq!(request, None, "a request that never ended");
    let ends = outcome.requests.windows(2);
    assert!(
        ends.into_iter().all(|pair| pair[0].1 <= pair[1].0),
        "they overlap"
    );
    outcome
}
