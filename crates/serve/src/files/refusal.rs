//! Answers to requests for what cannot be had.

use super::read::is_changed;
use super::target::Refusal;
use crate::pages::page;
use bytes::Bytes;
use http::header::{ALLOW, HeaderValue, LOCATION};
use http::{Method, Response, StatusCode};
use std::io;

/// The answer to any method but GET and HEAD, where `allowed` may be asked for. Whoever does not know a method at all says that
/// (RFC 9110 section 9.1).
pub(crate) fn not_fetched(method: &Method, allowed: HeaderValue) -> Response<Bytes> {
    if !is_known(method) {
        let explanation = "There is no such method here.";
        return page(StatusCode::NOT_IMPLEMENTED, explanation);
    }
    let explanation = "Files can be fetched here, with GET or HEAD, and nothing else.";
    let mut answer = page(StatusCode::METHOD_NOT_ALLOWED, explanation);
    // It must say what is allowed (RFC 9110 section 15.5.6).
    answer.headers_mut().insert(ALLOW, allowed);
    answer
}

/// Those of RFC 9110 section 9.3, and PATCH (RFC 5789). They are case-sensitive.
fn is_known(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::DELETE
            | Method::CONNECT
            | Method::OPTIONS
            | Method::TRACE
            | Method::PATCH
    )
}

pub(super) fn refused(refusal: Refusal) -> Response<Bytes> {
    match refusal {
        Refusal::Malformed => page(
            StatusCode::BAD_REQUEST,
            "The address has a percent sign that encodes nothing.",
        ),
        Refusal::Nothing => not_found(),
    }
}

pub(super) fn not_found() -> Response<Bytes> {
    page(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

pub(super) fn no_index() -> Response<Bytes> {
    page(StatusCode::NOT_FOUND, "This folder has no page of its own.")
}

pub(super) fn redirect(location: &str) -> Response<Bytes> {
    let mut answer = page(
        StatusCode::MOVED_PERMANENTLY,
        "This is a folder: its address ends in a slash.",
    );
    match HeaderValue::try_from(location) {
        Ok(location) => {
            answer.headers_mut().insert(LOCATION, location);
            answer
        }
        Err(_) => not_found(),
    }
}

pub(super) fn unreadable(error: &io::Error) -> Response<Bytes> {
    use rustix::io::Errno;
    if is_changed(error) {
        let explanation = "The file is being written at the moment. It may work soon.";
        return page(StatusCode::SERVICE_UNAVAILABLE, explanation);
    }
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS | Errno::PERM) => {
            page(StatusCode::FORBIDDEN, "The server may not read this file.")
        }
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => {
            let explanation = "The server has too much open at the moment. It may work soon.";
            page(StatusCode::SERVICE_UNAVAILABLE, explanation)
        }
        _ => page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The file could not be read.",
        ),
    }
}
