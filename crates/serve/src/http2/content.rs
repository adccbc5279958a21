//! The content of a request of HTTP/2.

use bytes::Bytes;
use h2::RecvStream;
use http_body::{Frame, SizeHint};
use std::task::{Context, Poll, ready};

/// The frames of a stream behind its field section. What the handler has taken, the client may send again as much of: until
/// then it waits in h2, no more of it than a stream's window.
pub(crate) struct Content {
    stream: RecvStream,
    /// What the client said of its length that has not been read.
    left: Option<u64>,
    /// Tells a client to go on that waits for that (RFC 9110 section 10.1.1).
    go_on: Option<Box<dyn FnOnce()>>,
    data_ended: bool,
}

impl Content {
    /// Of `stream`, and of `length` bytes where that was said.
    pub(super) fn new(
        stream: RecvStream,
        length: Option<u64>,
        go_on: Option<Box<dyn FnOnce()>>,
    ) -> Self {
        Self {
            stream,
            left: length,
            go_on,
            data_ended: false,
        }
    }

    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        if let Some(go_on) = self.go_on.take()
            && !self.stream.is_end_stream()
        {
            go_on();
        }
        if !self.data_ended {
            match ready!(self.stream.poll_data(context)) {
                Some(Ok(data)) => {
                    self.stream.flow_control().release_capacity(data.len())?;
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.data_ended = true,
            }
        }
        let trailers = ready!(self.stream.poll_trailers(context))?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.left {
            _ if self.is_end_stream() => SizeHint::with_exact(0),
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::default(),
        }
    }
}
