//! What a handler answers.

use bytes::Bytes;

/// The answer to one request, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) bytes: Bytes,
    pub(super) status: Option<u16>,
    pub(super) closes: bool,
}

impl Answer {
    /// These bytes; none, if the protocol does not answer this request.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            status: None,
            closes: false,
        }
    }

    /// With a status for the journey, where the protocol has such numbers.
    pub fn with_status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// After this answer the connection is closed.
    pub fn and_close(self) -> Self {
        Self {
            closes: true,
            ..self
        }
    }
}
