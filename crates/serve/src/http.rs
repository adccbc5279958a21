//! HTTP, in the version that the client speaks.

use crate::counters::ServeCounters;
use crate::handler::Handler;
use crate::http1::Http1;
use crate::http2::{Http2, PREFACE};
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{Adjust, ConnectionService, Drain, asked_to_drain};
use crate::stream::PeekStream;
use periplus_journey::Mark;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};
use tokio::io::ReadBuf;
use tokio::time::timeout;

/// How much of the preface tells HTTP/2 from every method of HTTP/1.1: those that are known begin otherwise.
const ENOUGH: usize = "PRI".len();

/// Serves HTTP/1.1 and HTTP/2 with one handler: HTTP/2 where the client has asked for it by ALPN (RFC 9113 section 3.2), or where
/// nothing was asked and it begins to speak it (section 3.3).
#[derive(Debug)]
pub struct Http<H> {
    http1: Http1<H>,
    http2: Http2<H>,
    options: Rc<ServeOptions>,
    counters: Arc<ServeCounters>,
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

impl<H> Clone for Http<H> {
    fn clone(&self) -> Self {
        Self {
            http1: self.http1.clone(),
            http2: self.http2.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
        }
    }
}

impl<H> Http<H> {
    /// With `handler` for every request.
    pub fn new(handler: H, options: ServeOptions, counters: Arc<ServeCounters>) -> Self {
        let handler = Rc::new(handler);
        Self {
            http1: Http1::sharing(handler.clone(), options.clone(), counters.clone()),
            http2: Http2::new(handler, options.clone(), counters.clone()),
            options: Rc::new(options),
            counters,
        }
    }

    /// What a connection's client speaks. `None` if it says nothing in time.
    async fn version<S: PeekStream>(&self, stream: &mut S, drain: &mut Drain) -> Option<Version> {
        if self.options.http2_streams == 0 {
            return Some(Version::Http1);
        }
        if let Some(agreed) = stream.agreed() {
            return Some(match agreed {
                b"h2" => Version::Http2,
                _ => Version::Http1,
            });
        }
        tokio::select! {
            biased;
            begun = timeout(self.options.idle_timeout, begins(stream)) => begun.ok(),
            // HTTP/1.1 knows how to part.
            () = asked_to_drain(drain) => Some(Version::Http1),
        }
    }
}

/// Looks at the first bytes. A client that knows sends its preface at once, and whole; of one that sends the first letters
/// alone, HTTP/1.1 will say that it does not speak this.
async fn begins<S: PeekStream>(stream: &mut S) -> Version {
    let mut bytes = [0; PREFACE.len()];
    poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut bytes);
        let looked = ready!(stream.poll_peek(context, &mut buffer));
        let seen = buffer.filled();
        let is_preface = seen.len() >= ENOUGH && PREFACE.starts_with(seen);
        Poll::Ready(match looked {
            Ok(()) if is_preface => Version::Http2,
            _ => Version::Http1,
        })
    })
    .await
}

impl<H> Adjust for Http<H> {
    fn adjusted(&self, options: &ServeOptions) -> Self {
        Self {
            http1: self.http1.adjusted(options),
            http2: self.http2.adjusted(options),
            options: Rc::new(options.clone()),
            counters: self.counters.clone(),
        }
    }
}

impl<S, M, H> ConnectionService<S, M> for Http<H>
where
    S: PeekStream + 'static,
    M: Marks,
    H: Handler<M>,
{
    async fn serve(&self, mut stream: S, journal: M, mut drain: Drain) {
        match self.version(&mut stream, &mut drain).await {
            Some(Version::Http1) => self.http1.serve(stream, journal, drain).await,
            // Apart, so that a connection of HTTP/1.1 is no larger for it.
            Some(Version::Http2) => Box::pin(self.http2.serve(stream, journal, drain)).await,
            None => {
                self.counters.idle_timeouts.increment();
                journal.mark(Mark::TimedOut {
                    reason: "idle_timeout",
                });
            }
        }
    }
}
