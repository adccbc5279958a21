//! What a server must refuse before any handler sees it, and hyper does not.

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, Request, Response, StatusCode, Version, header::HOST};

use crate::pages::page;

/// The answer to a request that no handler may see, or `None`.
pub(super) fn refuse<B>(request: &Request<B>, max_target_length: usize) -> Option<Response<Bytes>> {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > max_target_length {
        let explanation = "The address is longer than this server reads.";
        return Some(page(StatusCode::URI_TOO_LONG, explanation));
    }
    if !has_valid_host(request.version(), request.headers()) {
        let explanation = "The request must name the host it is for, once, in a Host header.";
        return Some(page(StatusCode::BAD_REQUEST, explanation));
    }
    None
}

/// RFC 9112 section 3.2: a request without a Host line (HTTP/1.1), with more than one, or with one that names no host is
/// answered 400. An empty one is valid, where the target has no authority.
fn has_valid_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version == Version::HTTP_10,
        (Some(_), Some(_)) => false,
        (Some(host), None) => {
            let host = host.as_bytes();
            // Authority also holds user information, which Host does not.
            host.is_empty() || (!host.contains(&b'@') && Authority::try_from(host).is_ok())
        }
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
        let request = request.body(()).expect("the request is well formed");
        refuse(&request, 100).map(|answer| answer.status().as_u16())
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
    fn a_host_that_is_none_is_refused() {
        for host in ["a b", "a/b", "user@a", "a,b c", "http://a/"] {
            assert_eq!(status(Version::HTTP_11, &[host], "/"), Some(400), "{host}");
        }
    }

    #[test]
    fn a_target_is_as_long_as_it_may_be_and_no_longer() {
        let target = |length: usize| format!("/{}", "a".repeat(length - 1));
        assert_eq!(status(Version::HTTP_11, &["a"], &target(100)), None);
        assert_eq!(status(Version::HTTP_11, &["a"], &target(101)), Some(414));
    }
}
