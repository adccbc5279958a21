//! What a server must refuse before any handler sees it, and neither hyper nor h2 does.

use crate::pages::page;
use bytes::Bytes;
use http::header::{EXPECT, HOST, HeaderValue};
use http::uri::Scheme;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use std::net::Ipv6Addr;

/// The answer to a request that no handler may see, or `None`: then its Host is what it is for. `serves_https` where it came over
/// TLS, to here or to a gateway that is trusted.
pub(crate) fn refuse<B>(request: &mut Request<B>, serves_https: bool) -> Option<Response<Bytes>> {
    let (status, explanation) = refusal(request, serves_https)?;
    Some(page(status, explanation))
}

fn refusal<B>(request: &mut Request<B>, serves_https: bool) -> Option<(StatusCode, &'static str)> {
    if !has_valid_host(request) {
        let explanation = "The request must name the host it is for, once, in a Host header.";
        return Some((StatusCode::BAD_REQUEST, explanation));
    }
    if !has_valid_form(request.method(), request.uri()) {
        let explanation = "The method and the address it is for do not go together.";
        return Some((StatusCode::BAD_REQUEST, explanation));
    }
    if !is_of_http(request.uri()) {
        let explanation = "Only addresses of HTTP are served here.";
        return Some((StatusCode::MISDIRECTED_REQUEST, explanation));
    }
    // RFC 9110 section 7.4: whoever is on the way may have asked for it.
    if request.uri().scheme() == Some(&Scheme::HTTPS) && !serves_https {
        let explanation = "Addresses of https are served over TLS alone.";
        return Some((StatusCode::MISDIRECTED_REQUEST, explanation));
    }
    if !can_be_expected(request.version(), request.headers()) {
        let explanation = "The request expects what this server does not know.";
        return Some((StatusCode::EXPECTATION_FAILED, explanation));
    }
    take_host_of_target(request);
    None
}

/// RFC 9112 section 3.2: a request without a Host line (HTTP/1.1), with more than one, or with one that names no host is
/// answered 400. An empty one is valid, where the target has no authority.
///
/// HTTP/2 names it as `:authority`, or as Host, and if as both, then the same (RFC 9113 section 8.3.1): a default port may be
/// left out of either.
fn has_valid_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let named = request.uri().authority();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_2 => named.is_some(),
        (None, _) => request.version() == Version::HTTP_10,
        (Some(_), Some(_)) => false,
        (Some(host), None) if request.version() == Version::HTTP_2 => {
            host.to_str().is_ok_and(|host| match named {
                Some(named) => {
                    let port = default_port(request.uri());
                    let [host, named] = [host, named.as_str()].map(|name| without(port, name));
                    host.eq_ignore_ascii_case(named)
                }
                None => is_host(host),
            })
        }
        (Some(host), None) => host.is_empty() || host.to_str().is_ok_and(is_host),
    }
}

/// RFC 9110 sections 4.2.1 and 4.2.2.
fn default_port(uri: &Uri) -> &'static str {
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => ":443",
        _ => ":80",
    }
}

/// The host, and its port unless that is the default one, which an empty one is as well (RFC 3986 section 3.2.3).
fn without<'a>(default: &str, name: &'a str) -> &'a str {
    let name = name.strip_suffix(default).unwrap_or(name);
    name.strip_suffix(':').unwrap_or(name)
}

/// `uri-host [ ":" port ]` (RFC 3986 section 3.2.2), but for a comma in a name: that is a list to somebody.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rfind(':') {
        Some(colon) if !text.ends_with(']') => (&text[..colon], &text[colon + 1..]),
        _ => (text, ""),
    };
    // An empty port is the default one.
    let is_port =
        port.is_empty() || port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_name = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_name(host.as_bytes()),
    };
    is_port && is_name
}

fn is_name(mut name: &[u8]) -> bool {
    let begins = !name.is_empty();
    loop {
        name = match name {
            [] => return begins,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            [byte, rest @ ..]
                if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(byte) =>
            {
                rest
            }
            _ => return false,
        }
    }
}

/// RFC 9112 section 3.2: the authority form is CONNECT's, and its only one; the asterisk is OPTIONS'. User information in an
/// authority is an error (RFC 9110 section 4.2.4).
fn has_valid_form(method: &Method, uri: &Uri) -> bool {
    let authority = uri.authority().map(|authority| authority.as_str());
    let is_authority_valid = authority.is_none_or(is_host);
    let is_form_valid = match (uri.scheme(), authority) {
        _ if method == Method::CONNECT => uri.scheme().is_none() && uri.port().is_some(),
        (None, Some(_)) => false,
        _ if uri.path() == "*" => method == Method::OPTIONS,
        (Some(_), _) => true,
        (None, None) => uri.path().starts_with('/'),
    };
    is_authority_valid && is_form_valid
}

/// RFC 9110 section 7.4: what is asked for in another scheme is not here.
fn is_of_http(uri: &Uri) -> bool {
    uri.scheme()
        .is_none_or(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)
}

/// RFC 9110 section 10.1.1: another expectation than that of 100 is answered by 417; HTTP/1.0 has none.
fn can_be_expected(version: Version, headers: &HeaderMap) -> bool {
    let is_known = |value: &HeaderValue| {
        let mut expected = value.as_bytes().split(|&byte| byte == b',');
        expected.all(|one| one.trim_ascii().eq_ignore_ascii_case(b"100-continue"))
    };
    version == Version::HTTP_10 || headers.get_all(EXPECT).iter().all(is_known)
}

/// RFC 9112 section 3.2.2: where the target has an authority, what Host says is ignored. So that nobody looks at the wrong
/// one, they are the same from here on.
fn take_host_of_target<B>(request: &mut Request<B>) {
    let authority = request.uri().authority();
    let host = authority.and_then(|authority| HeaderValue::try_from(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: Version, hosts: &[&str], target: &str) -> Option<u16> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let mut request = request.body(()).expect("the request is well formed");
        refuse(&mut request, true).map(|answer| answer.status().as_u16())
    }

    #[test]
    fn http_1_1_needs_exactly_one_host() {
        assert_eq!(status(Version::HTTP_11, &["a"], "/"), None);
        assert_eq!(status(Version::HTTP_11, &["a:80"], "/"), None);
        assert_eq!(status(Version::HTTP_11, &["[::1]:80"], "/"), None);
        assert_eq!(status(Version::HTTP_11, &[""], "/"), None);
        assert_eq!(status(Version::HTTP_11, &[], "/"), Some(400));
        assert_eq!(status(Version::HTTP_11, &["a", "a"], "/"), Some(400));
        assert_eq!(status(Version::HTTP_10, &["a", "b"], "/"), Some(400));
        assert_eq!(status(Version::HTTP_10, &[], "/"), None);
    }

    #[test]
    fn http_2_names_its_host_once_or_twice_the_same() {
        let two = |target, host| status(Version::HTTP_2, &[host], target);
        for (target, same, others) in [
            (
                "http://a/",
                ["a", "A", "a:80", "a:"],
                ["", "a:443", "b", "a:80:80"],
            ),
            (
                "https://a/",
                ["a", "A", "a:443", "a:"],
                ["", "a:80", "b", "a,a"],
            ),
            (
                "http://a:80/",
                ["a", "A", "a:80", "a:"],
                ["", "a:8", ":80", "a:8080"],
            ),
            (
                "http://[::1]:8/",
                ["[::1]:8"; 4],
                ["", "[::1]", "::1:8", "[::1]:80"],
            ),
        ] {
            for host in same {
                assert_eq!(two(target, host), None, "{target} {host}");
            }
            for host in others {
                assert_eq!(two(target, host), Some(400), "{target} {host}");
            }
        }
        assert_eq!(two("/", "a"), None);
        // It must not be empty, unlike with HTTP/1.1.
        assert_eq!(two("/", ""), Some(400));
        assert_eq!(status(Version::HTTP_2, &[], "http://a/"), None);
        assert_eq!(status(Version::HTTP_2, &[], "/"), Some(400));
        assert_eq!(status(Version::HTTP_2, &["a", "a"], "http://a/"), Some(400));
    }

    #[test]
    fn what_is_asked_for_as_https_must_have_come_over_tls() {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            for (target, secure, plain) in [
                ("https://a/", None, Some(421)),
                ("HTTPS://a/", None, Some(421)),
                ("http://a/", None, None),
                ("ftp://a/", Some(421), Some(421)),
            ] {
                for (serves_https, expected) in [(true, secure), (false, plain)] {
                    let request = Request::builder().version(version).uri(target);
                    let request = request.header(HOST, "a").body(());
                    let refused = refuse(&mut request.expect("a request"), serves_https);
                    let status = refused.map(|answer| answer.status().as_u16());
                    assert_eq!(status, expected, "{version:?} {target} {serves_https}");
                }
            }
        }
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        for host in ["a b", "a/b", "user@a", "a,b c", "http://a/"] {
            assert_eq!(status(Version::HTTP_11, &[host], "/"), Some(400), "{host}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "a.b-c_d~",
            "127.0.0.1:8080",
            "[::1]",
            "[::ffff:1.2.3.4]:80",
            "a:",
            "%C3%A4",
            "a:65535",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "a:65536", "a:+80", "a:80:80", ":80", "::1", "[::1", "::1]", "[::1]x", "[]", "[v1.a]",
            "%", "%4", "a\\b",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
