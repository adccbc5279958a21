//! A connection's service, inside TLS.

use super::Tls;
use super::handshake::{Failure, shake};
use super::marks::TlsMarks;
use super::plain_http;
use super::stream::TlsStream;
use crate::counters::ServeCounters;
use crate::farewell;
use crate::http::Http;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{Adjust, ConnectionService, Drain, Server, asked_to_drain};
use crate::stream::PeekStream;
use periplus_journey::Mark;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};
use tokio::io::{AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// Shakes hands on every connection, in that connection's own task, and serves what is inside.
#[derive(Debug)]
pub struct Secure<C> {
    service: C,
    tls: Tls,
    options: Rc<ServeOptions>,
    counters: Arc<ServeCounters>,
}

impl<C: Clone> Clone for Secure<C> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            tls: self.tls.clone(),
            options: self.options.clone(),
            counters: self.counters.clone(),
        }
    }
}

impl<C> Secure<C> {
    /// `service`, inside `tls`.
    pub fn new(service: C, tls: Tls, options: ServeOptions, counters: Arc<ServeCounters>) -> Self {
        Self {
            service,
            tls,
            options: Rc::new(options),
            counters,
        }
    }
}

impl<H> Server<Secure<Http<H>>> {
    /// HTTPS, with `handler` for every request. A certificate that [`Tls::replace`] brings is shown on new connections.
    pub fn secure(handler: H, tls: Tls, options: ServeOptions) -> Self {
        Self::speaking(options, |options, counters| {
            let http = Http::new(handler, options.clone(), counters.clone());
            Secure::new(http, tls, options, counters)
        })
    }
}

impl<C: Adjust> Adjust for Secure<C> {
    fn adjusted(&self, options: &ServeOptions) -> Self {
        Self {
            service: self.service.adjusted(options),
            tls: self.tls.clone(),
            options: Rc::new(options.clone()),
            counters: self.counters.clone(),
        }
    }
}

/// What comes first on a connection.
enum First {
    /// What may be a ClientHello.
    Hello,
    /// A request without TLS.
    PlainHttp,
    /// Nothing ever.
    Nothing,
    /// Nothing in time.
    Late,
}

impl<S, M, C> ConnectionService<S, M> for Secure<C>
where
    S: PeekStream,
    M: Marks,
    C: ConnectionService<TlsStream<S, M>, TlsMarks<M>>,
{
    async fn serve(&self, stream: S, journal: M, drain: Drain) {
        // Apart, so that a connection is no larger for its handshake once that is over.
        let shaken = Box::pin(self.shaken(stream, journal, drain.clone())).await;
        if let Some((stream, marks)) = shaken {
            self.service.serve(stream, marks, drain).await;
        }
    }
}

impl<C> Secure<C> {
    /// Shakes hands. `None` if that came to nothing, and the peer was told.
    async fn shaken<S: PeekStream, M: Marks>(
        &self,
        mut stream: S,
        journal: M,
        mut drain: Drain,
    ) -> Option<(TlsStream<S, M>, TlsMarks<M>)> {
        let first = tokio::select! {
            biased;
            first = timeout(self.options.idle_timeout, first(&mut stream)) => first.unwrap_or(First::Late),
            () = asked_to_drain(&mut drain) => First::Nothing,
        };
        match first {
            First::Hello => {}
            First::PlainHttp => {
                self.counters.tls_failures.increment();
                journal.mark(Mark::Refused {
                    reason: "plain_http",
                });
                let answer = plain_http::answer(&mut stream);
                let _ = timeout(self.options.linger_timeout, answer).await;
                return None;
            }
            First::Late => {
                self.counters.idle_timeouts.increment();
                journal.mark(Mark::TimedOut {
                    reason: "idle_timeout",
                });
                return None;
            }
            First::Nothing => return None,
        }
        let (session, limit) = self.tls.session()?;
        journal.mark(Mark::TlsBegan { start: 0 });
        let marks = TlsMarks::new(journal);
        let mut stream = TlsStream::new(stream, session, marks.clone(), self.counters.clone());
        match timeout(limit, shake(&mut stream)).await {
            Ok(Ok(())) => {
                self.counters.tls_handshakes.increment();
                let end = stream.taken();
                marks.inner().mark(Mark::TlsEnded { end });
                let secured = self.options.access_log.then(|| stream.secured()).flatten();
                return Some((stream, marks.telling(secured)));
            }
            Ok(Err(failure)) => {
                self.counters.tls_failures.increment();
                if let Failure::Refused(reason) = failure {
                    marks.inner().mark(Mark::Refused { reason });
                    let _ = timeout(self.options.linger_timeout, part(stream)).await;
                }
            }
            Err(_) => {
                self.counters.tls_timeouts.increment();
                marks.inner().mark(Mark::TimedOut {
                    reason: "tls_handshake_timeout",
                });
            }
        }
        None
    }
}

/// Looks at the first byte. A record begins with its type (RFC 8446 section 5.1), and none of them is a letter, with which
/// any method of HTTP does.
async fn first<S: PeekStream>(stream: &mut S) -> First {
    let mut byte = [0];
    poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut byte);
        Poll::Ready(match ready!(stream.poll_peek(context, &mut buffer)) {
            Ok(()) => match buffer.filled() {
                [] => First::Nothing,
                [letter, ..] if letter.is_ascii_uppercase() => First::PlainHttp,
                _ => First::Hello,
            },
            Err(_) => First::Nothing,
        })
    })
    .await
}

/// Sees to it that the alert reaches the peer: to close with bytes unread would be to reset the connection, which may destroy
/// it.
async fn part<S: PeekStream, M: Marks>(mut stream: TlsStream<S, M>) -> std::io::Result<()> {
    poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await?;
    farewell::discard(stream.stream_mut(), true).await
}
