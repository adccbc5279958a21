//! What answers a request.

use super::Answer;

/// Answers the requests of a protocol.
///
/// One that panics or takes too long is answered for as the codec says
/// ([`Codec::fail`](periplus_protocol::Codec::fail)).
pub trait Handler<R>: 'static {
    /// Answers a request.
    fn handle(&self, request: R) -> impl Future<Output = Answer>;
}

impl<R, F> Handler<R> for F
where
    F: AsyncFn(R) -> Answer + 'static,
{
    async fn handle(&self, request: R) -> Answer {
        self(request).await
    }
}
