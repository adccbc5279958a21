//! To the same host's TLS.

use super::moves::redirect;
use super::names::{host, is_host};
use super::template::as_uri;
use crate::pages::page;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

/// What the authority of a certificate looks at over plain HTTP: it may come before there is a certificate to show (RFC
/// 8555 section 8.3).
const CHALLENGE: &str = "/.well-known/acme-challenge/";

/// Whether a request is answered over plain HTTP all the same.
pub(super) fn is_excepted<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with(CHALLENGE)
}

/// Sends a request to the same address by TLS at `port`. 308, so that no method is changed on the way (RFC 9110 section
/// 15.4.9). It is led to the host that it names and to no other, and only if that is the name of a host.
pub(super) fn to_tls<B>(request: &Request<B>, port: u16) -> Response<Bytes> {
    let host = host(request);
    let named = std::str::from_utf8(host).ok().filter(|_| is_host(host));
    let answer = named.and_then(|host| {
        let target = request.uri().path_and_query().map_or("/", |t| t.as_str());
        let mut location = format!("https://{host}");
        if port != 443 {
            location.push_str(&format!(":{port}"));
        }
        // `*` and an authority name no path.
        location.extend(as_uri(if target.starts_with('/') { target } else { "/" }));
        redirect(StatusCode::PERMANENT_REDIRECT, &location)
    });
    answer.unwrap_or_else(|| {
        let explanation =
            "Only TLS is spoken here, and the request does not name a host to speak it with.";
        page(StatusCode::BAD_REQUEST, explanation)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HOST, LOCATION};

    fn location(target: &str, host: &str, port: u16) -> Result<String, u16> {
        let request = Request::builder().uri(target).header(HOST, host).body(());
        let answer = to_tls(&request.expect("it is well formed"), port);
        match answer.headers().get(LOCATION) {
            Some(location) => Ok(location.to_str().expect("it is ASCII").to_owned()),
            None => Err(answer.status().as_u16()),
        }
    }

    #[test]
    fn it_is_the_same_address_at_the_port_of_tls() {
        for (target, host, port, expected) in [
            ("/a?b", "example.org", 443, "https://example.org/a?b"),
            ("/", "example.org:80", 8443, "https://example.org:8443/"),
            ("/", "[::1]:80", 443, "https://[::1]/"),
            (
                "http://b.example/x",
                "a.example",
                443,
                "https://b.example/x",
            ),
            ("*", "a", 443, "https://a/"),
            (
                "//elsewhere.example",
                "a",
                443,
                "https://a//elsewhere.example",
            ),
        ] {
            assert_eq!(location(target, host, port), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_no_host_leads_nowhere() {
        for host in [
            "", "a b", "a/b", "a\\b", "a%0d%0a", "user@a", ".", "a,b", "[x]",
        ] {
            assert_eq!(location("/", host, 443), Err(400), "{host}");
        }
    }
}
