//! What a request is answered with, once there is a representation for it.

use super::precondition::{self, Outcome};
use super::range::{self, Asked};
use super::representation::Representation;
use crate::pages::page;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderValue, IF_RANGE, RANGE, VARY};
use http::{HeaderMap, Response, StatusCode};
use std::ops::Range;

/// What is said of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// 200.
    Whole,
    /// 206, with these bytes.
    Part(Range<u64>),
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 416, of so many bytes.
    Nothing(u64),
}

impl Reply {
    /// The reply to a GET, or if the content is not `wanted`, to a HEAD (RFC 9110 section 13.2.2).
    pub(super) fn to(headers: &HeaderMap, wanted: bool, representation: &Representation) -> Self {
        match precondition::evaluate(headers, &representation.validators) {
            Outcome::NotModified => return Self::NotModified,
            Outcome::Failed => return Self::Failed,
            Outcome::Goes => {}
        }
        // Step 5. Only of GET are there ranges (section 14.2).
        let (true, Some(range), Some(length)) =
            (wanted, headers.get(RANGE), representation.length())
        else {
            return Self::Whole;
        };
        let mut others = headers.get_all(RANGE).iter().skip(1);
        let is_ours = headers
            .get(IF_RANGE)
            .is_none_or(|given| representation.validators.match_if_range(given));
        if others.next().is_some() || !is_ours {
            return Self::Whole;
        }
        match range::asked(range, length) {
            Asked::Whole => Self::Whole,
            Asked::Part(part) => Self::Part(part),
            Asked::Nothing => Self::Nothing(length),
        }
    }

    /// Whether it has bytes of the representation, where they are wanted.
    pub(super) fn has_content(&self) -> bool {
        matches!(self, Self::Whole | Self::Part(_))
    }

    /// The head of a 200, 206 or 304.
    pub(super) fn head(&self, representation: &Representation) -> Response<()> {
        let mut head = Response::new(());
        let ready = &representation.headers;
        match self {
            Self::Part(part) => {
                *head.status_mut() = StatusCode::PARTIAL_CONTENT;
                let headers = head.headers_mut();
                *headers = ready.clone();
                headers.insert(CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
                let whole = representation.length().unwrap_or(part.end);
                let range = format!("bytes {}-{}/{whole}", part.start, part.end - 1);
                // Letters and digits.
                if let Ok(range) = HeaderValue::try_from(range) {
                    headers.insert(CONTENT_RANGE, range);
                }
            }
            Self::NotModified => {
                *head.status_mut() = StatusCode::NOT_MODIFIED;
                // What a cache looks for, and no more of what it has already (section 15.4.5).
                for name in [ETAG, VARY] {
                    if let Some(value) = ready.get(&name) {
                        head.headers_mut().insert(name, value.clone());
                    }
                }
            }
            Self::Whole | Self::Failed | Self::Nothing(_) => *head.headers_mut() = ready.clone(),
        }
        head
    }
}

/// 412.
pub(super) fn failed() -> Response<Bytes> {
    page(
        StatusCode::PRECONDITION_FAILED,
        "The file is not the one that the request has in mind.",
    )
}

/// 416, which says how much there is (RFC 9110 section 15.5.17).
pub(super) fn nothing(length: u64) -> Response<Bytes> {
    let mut answer = page(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "The file ends before the part that is asked for.",
    );
    if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
        answer.headers_mut().insert(CONTENT_RANGE, range);
    }
    answer
}

/// 406: every coding that can be had is one that the client does not accept (RFC 9110 section 12.5.3).
pub(super) fn not_acceptable() -> Response<Bytes> {
    let mut answer = page(
        StatusCode::NOT_ACCEPTABLE,
        "The file cannot be had in any coding that the request accepts.",
    );
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    answer
}
