//! What answers a request.

use crate::marks::Marks;
use crate::request_body::RequestBody;
use crate::websocket::Conversation;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

/// Whatever went wrong with a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers requests.
///
/// A handler that panics is answered for with a 500, one that takes too long with a 503. One whose body fails cuts the
/// connection, so that a client never takes a part for the whole; over HTTP/2, its stream.
///
/// How long a body may be silent differs. Over HTTP/1.1 a connection on which nothing of an answer moves is ended, whoever it is
/// that holds it up. Over HTTP/2 a body may take its time between two frames, as one of server-sent events does, and nobody limits
/// that; a client that does not take what there is of it is limited by either.
pub trait Handler<M: Marks>: 'static {
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Unpin + 'static;

    /// Answers a request. `journal` is where the handler tells of waits of its own.
    fn handle(
        &self,
        request: Request<RequestBody>,
        journal: &M,
    ) -> impl Future<Output = Response<Self::Body>>;

    /// What is said on a WebSocket that this request asks for. With `None`, and by default, the request is one like others,
    /// and [`handle`](Self::handle) answers it.
    ///
    /// The handshake is looked after behind this: it is answered by 101, or where it is not one that can be answered so, by
    /// an error. Any page may ask: whether its Origin is a good one is for the handler to say.
    fn websocket(&self, request: &Request<RequestBody>, journal: &M) -> Option<Conversation> {
        let _ = (request, journal);
        None
    }
}
