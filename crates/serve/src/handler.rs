//! What answers a request.

use crate::marks::Marks;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;

/// Whatever went wrong with a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers requests.
///
/// A handler that panics is answered for with a 500, one that takes too long with a 503. One whose body fails cuts the
/// connection, so that a client never takes a part for the whole.
pub trait Handler<M: Marks>: 'static {
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Unpin + 'static;

    /// Answers a request. `journal` is where the handler tells of waits of its own.
    fn handle(
        &self,
        request: Request<Incoming>,
        journal: &M,
    ) -> impl Future<Output = Response<Self::Body>>;
}
