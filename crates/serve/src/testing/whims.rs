//! A handler that does what it is asked to.

use crate::handler::Handler;
use crate::marks::Marks;
use crate::request_body::RequestBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The length of what `/large` is answered with.
pub(crate) const LARGE: usize = 200_000;

/// Does what the target says.
#[derive(Debug)]
pub(crate) struct Whims;

impl<M: Marks> Handler<M> for Whims {
    type Body = UnsyncBoxBody<Bytes, io::Error>;

    async fn handle(&self, request: Request<RequestBody>, _: &M) -> Response<Self::Body> {
        let body = match request.uri().path() {
            "/panic" => panic!("as it was asked to"),
            "/never" => std::future::pending().await,
            "/slow" => {
                tokio::time::sleep(Duration::from_secs(20)).await;
                Full::new(Bytes::from_static(b"slow"))
                    .map_err(io::Error::other)
                    .boxed_unsync()
            }
            "/large" => Full::new(Bytes::from(vec![b'x'; LARGE]))
                .map_err(io::Error::other)
                .boxed_unsync(),
            "/fails" => Breaks {
                panics: false,
                polls: 0,
            }
            .boxed_unsync(),
            "/panics-later" => Breaks {
                panics: true,
                polls: 0,
            }
            .boxed_unsync(),
            "/echo" => {
                let content = request
                    .into_body()
                    .collect()
                    .await
                    .expect("it is well formed");
                Full::new(content.to_bytes())
                    .map_err(io::Error::other)
                    .boxed_unsync()
            }
            _ => Full::new(Bytes::from_static(b"hello"))
                .map_err(io::Error::other)
                .boxed_unsync(),
        };
        Response::new(body)
    }
}

/// A body of unknown length that breaks off when its beginning is on its way.
struct Breaks {
    panics: bool,
    polls: usize,
}

impl Body for Breaks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.polls += 1;
        match self.polls {
            1 => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a beginning"))))),
            2 => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            _ if self.panics => panic!("as it was asked to"),
            _ => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }
}
