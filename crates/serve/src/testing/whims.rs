//! A handler that does what it is asked to.

use crate::handler::{BoxError, Handler};
use crate::marks::Marks;
use crate::request_body::RequestBody;
use bytes::Bytes;
use http::header::{CONNECTION, COOKIE, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The length of what `/large` is answered with.
pub(crate) const LARGE: usize = 200_000;

/// The length of what `/medium` is answered with: more than a frame of HTTP/2, and less than is held of an answer.
pub(crate) const MEDIUM: usize = 30_000;

thread_local! {
    /// How many contents of `/kept` somebody has a part of.
    static KEPT: Cell<usize> = const { Cell::new(0) };
}

/// Does what the target says.
#[derive(Debug)]
pub(crate) struct Whims;

impl<M: Marks> Handler<M> for Whims {
    type Body = Pin<Box<dyn Body<Data = Bytes, Error = BoxError>>>;

    async fn handle(&self, request: Request<RequestBody>, _: &M) -> Response<Self::Body> {
        let body: Self::Body = match request.uri().path() {
            "/panic" => panic!("as it was asked to"),
            "/never" => std::future::pending().await,
            "/slow" => {
                tokio::time::sleep(Duration::from_secs(20)).await;
                whole("slow")
            }
            "/medium" => whole(vec![b'm'; MEDIUM]),
            "/large" => whole(vec![b'x'; LARGE]),
            "/kept" => whole(Bytes::from_owner(Kept::new())),
            "/fails" => broken(false),
            "/panics-later" => broken(true),
            "/echo" => {
                let content = request.into_body().collect().await;
                whole(content.expect("it is well formed").to_bytes())
            }
            // Nothing of the content is read before the answer has begun.
            "/mirror" => Box::pin(request.into_body()),
            "/empty-end" => Box::pin(InParts(VecDeque::from(["a", ""]))),
            "/cookies" => {
                let cookies = request.headers().get_all(COOKIE).iter();
                let cookies: Vec<_> = cookies.map(HeaderValue::as_bytes).collect();
                whole(cookies.join(&b'\n'))
            }
            "/of-the-connection" => {
                let fields = of_the_connection();
                let trailers = std::future::ready(Some(Ok(fields.clone())));
                let body = whole("hello").with_trailers(trailers);
                let mut answer = Response::new(Box::pin(body) as Self::Body);
                answer.headers_mut().extend(fields);
                return answer;
            }
            "/interim" => {
                let mut answer = Response::new(whole("hello"));
                *answer.status_mut() = StatusCode::PROCESSING;
                return answer;
            }
            _ => whole("hello"),
        };
        Response::new(body)
    }
}

/// A content that is counted while somebody has a part of it.
struct Kept(Vec<u8>);

/// How many contents of `/kept` somebody has a part of.
pub(crate) fn kept() -> usize {
    KEPT.get()
}

impl Kept {
    fn new() -> Self {
        KEPT.set(KEPT.get() + 1);
        Self(vec![b'k'; LARGE])
    }
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        KEPT.set(KEPT.get() - 1);
    }
}

fn whole(content: impl Into<Bytes>) -> Pin<Box<dyn Body<Data = Bytes, Error = BoxError>>> {
    Box::pin(Full::new(content.into()).map_err(BoxError::from))
}

fn broken(panics: bool) -> Pin<Box<dyn Body<Data = Bytes, Error = BoxError>>> {
    Box::pin(Breaks { panics, polls: 0 })
}

/// Fields that HTTP/2 has none of.
fn of_the_connection() -> HeaderMap {
    let names = [CONNECTION, TE, TRANSFER_ENCODING, UPGRADE];
    let value = HeaderValue::from_static("chunked");
    names
        .map(|name| (name, value.clone()))
        .into_iter()
        .collect()
}

/// A body of unknown length that breaks off when its beginning is on its way.
struct Breaks {
    panics: bool,
    polls: usize,
}

impl Body for Breaks {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.polls += 1;
        match self.polls {
            1 => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a beginning"))))),
            2 => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            _ if self.panics => panic!("as it was asked to"),
            _ => Poll::Ready(Some(Err(
                io::Error::from(io::ErrorKind::UnexpectedEof).into()
            ))),
        }
    }
}

/// A body of unknown length that knows which of its parts is the last.
struct InParts(VecDeque<&'static str>);

impl Body for InParts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let part = self.0.pop_front();
        Poll::Ready(part.map(|part| Ok(Frame::data(part.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}
