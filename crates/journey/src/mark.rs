//! What the backend says of a stream: offsets and labels, each a word of the codec.

use crate::{Asked, Instant, Secured, Station};
use std::borrow::Cow;
use std::sync::Arc;

/// The codec's last word on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestEnd {
    /// Its last section was parsed.
    Complete,
    /// It broke the protocol or a limit, and is answered by an error.
    Rejected,
    /// Its rest did not come in time.
    TimedOut,
    /// It will not be answered.
    Abandoned,
}

/// What a request is called in its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// The protocol, as `http/1.1`.
    Protocol(&'static str),
    /// The request in one line, as `GET /a HTTP/1.1`.
    Request(Box<str>),
    /// The answer's status.
    Status(u16),
    /// What an access log shows of it besides.
    Asked(Box<Asked>),
    /// What an access log shows of its connection's TLS.
    Secured(Arc<Secured>),
    /// Why it ends otherwise than answered, as `too_large in value`. What was said before a request is complete is
    /// forgotten when it is.
    Reason(Cow<'static, str>),
}

/// A mark in a connection's bytes. Offsets count from the first data byte of their direction, 0.
///
/// Where requests are answered in the order in which they come, a mark is of the youngest request or of the oldest that is
/// not answered. Where streams are multiplexed it is so among the requests of [its stream](StampedMark::stream), of which
/// there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A request begins at offset `start` of the received bytes.
    Request {
        /// a.
        start: u64,
    },
    /// The youngest request ends before offset `end` of the received bytes.
    RequestEnd {
        /// b.
        end: u64,
        /// How it ended.
        how: RequestEnd,
    },
    /// The handler was called with the request.
    HandlerCalled,
    /// A request is at `start..end` of the received bytes, all of it was parsed, and its handler was called: what
    /// [`Mark::Request`], [`Mark::RequestEnd`] and [`Mark::HandlerCalled`] say of it, at one time.
    WholeRequest {
        /// a.
        start: u64,
        /// b.
        end: u64,
    },
    /// The answer to the oldest unanswered request begins at offset `start` of the sent bytes.
    Response {
        /// c.
        start: u64,
    },
    /// That answer ends before offset `end` of the sent bytes.
    ResponseEnd {
        /// d.
        end: u64,
    },
    /// The answer to the oldest unanswered request is at `start..end` of the sent bytes: what [`Mark::Response`] and
    /// [`Mark::ResponseEnd`] say of it, at one time.
    WholeResponse {
        /// c.
        start: u64,
        /// d.
        end: u64,
    },
    /// The oldest request whose answer has not begun gets none: it was delivered.
    NoResponse,
    /// Of the bytes between the request's first and last, and between its answer's first and last, so many are in its own
    /// stream's frames: the others belong to streams that were interleaved with it. The latest word counts.
    Carried {
        /// Bytes of the request.
        received: u64,
        /// Bytes of the answer.
        sent: u64,
    },
    /// The stream was reset, by its peer or by the backend: its request's journey ends here, and the other streams' go on.
    /// Where there are no streams it says nothing.
    Reset {
        /// As `stream_reset`.
        reason: &'static str,
    },
    /// The peer has kept the backend waiting for too long, and the backend ends the connection: what is open on it, and a
    /// connection without any request, ends as a time-out for this reason. Of a stream, its request does, at once, and the
    /// connection goes on.
    TimedOut {
        /// As `idle_timeout`.
        reason: &'static str,
    },
    /// What the peer has sent is nothing that a request could come in, and the backend ends the connection: without any
    /// request it ends as rejected for this reason. Of a stream, its request does, at once, and the connection goes on.
    Refused {
        /// As `tls_no_shared_version`.
        reason: &'static str,
    },
    /// Bytes from offset `start` on were read in part, and who reads cannot tell yet whether a request begins with them: when
    /// they came and were read is kept until it is told. Nothing more is told of what is before them; where nothing has come
    /// from there on, and nothing is open, all of it is forgotten: as behind frames of HTTP/2 that are no request's.
    PartRead {
        /// The first of them.
        start: u64,
    },
    /// The ClientHello begins at offset `start` of the received bytes, before any request.
    TlsBegan {
        /// Its first byte.
        start: u64,
    },
    /// The TLS handshake is finished; what the peer sent for it ends before offset `end` of the received bytes.
    TlsEnded {
        /// Behind its last byte.
        end: u64,
    },
    /// A name for the oldest request whose answer has not ended.
    Label(Label),
    /// A wait of a station of the backend's own, in the oldest request whose answer has not ended. Only what bytes waited for
    /// on their way in (`receive_queue`, `decrypt`, `peer`) is the youngest request's.
    Overlay {
        /// Whose wait.
        station: Station,
        /// When it began.
        start: Instant,
        /// When it ended.
        end: Instant,
    },
}

/// A mark with the moment at which the backend set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampedMark {
    /// When.
    pub at: Instant,
    /// The stream of a multiplexed connection that the mark is of; 0 where requests are answered in the order in which they
    /// come, and for what is said of the connection.
    pub stream: u32,
    /// What.
    pub mark: Mark,
}
