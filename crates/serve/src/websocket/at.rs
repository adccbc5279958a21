//! A handler with a WebSocket at one of its addresses.

use super::handshake::upgrade_required;
use super::message::Close;
use super::socket::{Conversation, WebSocket};
use crate::handler::Handler;
use crate::marks::Marks;
use crate::request_body::RequestBody;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Either, Full};

/// Another handler, and at one path a WebSocket.
///
/// A request for that path that asks for WebSocket is the conversation's. Any other is the handler's; where the handler has
/// nothing at the path, 404, it is answered by 426, so that whoever looks learns what is there. So a folder that has a file
/// of that name still serves it.
#[derive(Clone, Debug)]
pub struct WebSocketAt<H, S> {
    path: &'static str,
    speak: S,
    handler: H,
}

impl<H, S> WebSocketAt<H, S> {
    /// With `speak` for every WebSocket at `path`, and `handler` for everything else.
    pub fn new(path: &'static str, speak: S, handler: H) -> Self {
        Self {
            path,
            speak,
            handler,
        }
    }
}

impl<M, H, S, F> Handler<M> for WebSocketAt<H, S>
where
    M: Marks,
    H: Handler<M>,
    S: Fn(WebSocket) -> F + Clone + 'static,
    F: Future<Output = Close> + 'static,
{
    type Body = Either<H::Body, Full<Bytes>>;

    async fn handle(&self, request: Request<RequestBody>, journal: &M) -> Response<Self::Body> {
        let is_here = request.uri().path() == self.path;
        let answer = self.handler.handle(request, journal).await;
        if is_here && answer.status() == StatusCode::NOT_FOUND {
            let explanation = "There is a WebSocket at this address, and no page.";
            return upgrade_required(explanation).map(|page| Either::Right(Full::new(page)));
        }
        answer.map(Either::Left)
    }

    fn websocket(&self, request: &Request<RequestBody>, journal: &M) -> Option<Conversation> {
        if request.uri().path() == self.path {
            return Some(Conversation::new(self.speak.clone()));
        }
        self.handler.websocket(request, journal)
    }
}
