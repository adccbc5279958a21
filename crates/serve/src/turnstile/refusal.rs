//! Why a request is refused before it is one.

use http::StatusCode;

/// Why the walk over a request stopped for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// It breaks the grammar, or its framing says two things.
    #[default]
    Malformed,
    /// Its method is longer than any that there is.
    MethodTooLong,
    /// Its target is longer than is read.
    TargetTooLong,
    /// Its major version is not 1.
    VersionNotSupported,
    /// It has a transfer coding beside `chunked`.
    CodingNotImplemented,
}

impl Refusal {
    /// The status that says so.
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Malformed => StatusCode::BAD_REQUEST,
            // RFC 9112 section 3.
            Refusal::MethodTooLong => StatusCode::NOT_IMPLEMENTED,
            Refusal::TargetTooLong => StatusCode::URI_TOO_LONG,
            // RFC 9110 section 15.6.6.
            Refusal::VersionNotSupported => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            // RFC 9112 section 6.1.
            Refusal::CodingNotImplemented => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// The same, for people.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Refusal::Malformed => "This is not a request of HTTP/1.1.",
            Refusal::MethodTooLong => "There is no such method here.",
            Refusal::TargetTooLong => "The address is longer than this server reads.",
            Refusal::VersionNotSupported => "This server speaks HTTP/1.1 here.",
            Refusal::CodingNotImplemented => "Of transfer codings this server reads chunked alone.",
        }
    }
}
