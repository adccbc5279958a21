//! What a protocol is to a server.

use crate::{Limits, Rejection, Sections};
use bytes::Bytes;

/// How far a codec got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<R> {
    /// All the bytes are the request's, and more must follow.
    More {
        /// How many more there must be before it is worth to look again: at least one, and never more than the rest of the
        /// request, or the server waits for bytes that the client will not send.
        at_least: usize,
        /// The section that is waited for.
        section: &'static str,
    },
    /// A request is whole.
    Request {
        /// How many bytes it is long. What follows is the next one's.
        length: usize,
        /// What it says.
        request: R,
    },
    /// The bytes are not a request.
    Rejected(Rejection),
}

/// What becomes of a connection on which something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It is closed.
    Close,
    /// The client is told, and the connection is closed.
    ReplyAndClose(Bytes),
}

/// The codec of a protocol: it finds the requests in a stream of bytes, and its sections by name.
///
/// It does no I/O, and keeps no bytes: it is shown the unread bytes from the request's first one on, each time with more
/// behind, and keeps in itself how far it has looked, so that no byte is looked at twice. When it has given a request or a
/// rejection it must be as it was before the first one.
///
/// Every connection gets a clone of its own.
pub trait Codec: Clone {
    /// What a request says.
    type Request;

    /// The protocol's name in a journey.
    fn protocol(&self) -> &'static str;

    /// How much it takes on.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Looks at the `unread` bytes, of which the first is the request's first, and tells `sections` of each that ends. There
    /// is at least one, and as many more than the last time as were asked for.
    fn decode(&mut self, unread: &[u8], sections: &mut Sections) -> Step<Self::Request>;

    /// The request in one line, as a journey calls it.
    fn label(&self, request: &Self::Request) -> Option<String> {
        let _ = request;
        None
    }

    /// What becomes of the connection when a request is rejected: by [`decode`](Self::decode), by a limit, or because its
    /// rest did not come.
    fn refuse(&self, rejection: &Rejection) -> Policy {
        let _ = rejection;
        Policy::Close
    }

    /// What becomes of the connection when the server has failed to answer a request: its handler panicked, or took too
    /// long.
    fn fail(&self) -> Policy {
        Policy::Close
    }
}
