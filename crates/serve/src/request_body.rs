//! The content of a request, as a handler reads it.

use crate::handler::BoxError;
use crate::http2::Content;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The content of a request, whichever version of HTTP it came by. It is read as fast as the handler asks for it, and no faster:
/// what is not asked for waits where its wait is bounded, and in the end with the client.
pub struct RequestBody(Source);

enum Source {
    Http1(Incoming),
    Http2(Content),
}

impl From<Incoming> for RequestBody {
    fn from(content: Incoming) -> Self {
        Self(Source::Http1(content))
    }
}

impl From<Content> for RequestBody {
    fn from(content: Content) -> Self {
        Self(Source::Http2(content))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.get_mut().0 {
            Source::Http1(content) => Pin::new(content)
                .poll_frame(context)
                .map_err(BoxError::from),
            Source::Http2(content) => content.poll_frame(context).map_err(BoxError::from),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Http1(content) => content.is_end_stream(),
            Source::Http2(content) => content.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Http1(content) => content.size_hint(),
            Source::Http2(content) => content.size_hint(),
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestBody")
    }
}
