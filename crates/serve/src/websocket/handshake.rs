//! The opening handshake (RFC 6455 section 4.2): HTTP's last request.

use crate::pages::page;
use bytes::Bytes;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body;
use tungstenite::handshake::derive_accept_key;

/// Whether a request asks for WebSocket. In HTTP/1.0 Upgrade means nothing (RFC 9110 section 7.8).
pub(crate) fn is_asked<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11 && has_token(request.headers(), UPGRADE, "websocket")
}

/// The answer to a request that asks for WebSocket: 101, or why it cannot be.
/// In a `protocol`, if one was chosen of those that are offered.
pub(crate) fn answer<B: Body>(
    request: &Request<B>,
    protocol: Option<&'static str>,
) -> Response<Bytes> {
    let headers = request.headers();
    if request.method() != Method::GET
        || !request.body().is_end_stream()
        || !has_token(headers, CONNECTION, "upgrade")
    {
        let explanation =
            "A WebSocket is opened by a GET without content, whose Connection header says upgrade.";
        return page(StatusCode::BAD_REQUEST, explanation);
    }
    if only(headers, SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return upgrade_required("This server speaks version 13 of WebSocket.");
    }
    let Some(key) = only(headers, SEC_WEBSOCKET_KEY).filter(|key| is_key(key)) else {
        let explanation = "Sec-WebSocket-Key must be 16 bytes in base64, once.";
        return page(StatusCode::BAD_REQUEST, explanation);
    };
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    offer(answer.headers_mut());
    // Base64, which is a header value.
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key)) {
        answer.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = protocol {
        let protocol = HeaderValue::from_static(protocol);
        answer
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    answer
}

/// The answer to a request for what is only there in WebSocket (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
pub(super) fn upgrade_required(explanation: &'static str) -> Response<Bytes> {
    let mut answer = page(StatusCode::UPGRADE_REQUIRED, explanation);
    offer(answer.headers_mut());
    answer
        .headers_mut()
        .insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    answer
}

/// Who sends Upgrade says so in Connection (RFC 9110 section 7.8).
fn offer(headers: &mut HeaderMap) {
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
}

/// Whether a list has a token, in whatever case.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// The value of a field that may be there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}

/// Whether it is 16 bytes in base64 (RFC 4648).
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    matches!(key.split_at_checked(22), Some((digits, b"==")) if digits.iter().all(is_digit))
}
