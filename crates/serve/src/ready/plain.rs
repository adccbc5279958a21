//! Plain requests: a GET in one piece, in which nothing can change the answer but the path, the host and the codings.

use crate::options::ServeOptions;
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONNECTION, CONTENT_LENGTH,
    EXPECT, HOST, HeaderMap, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, ORIGIN, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, Method, Request, Version};
use std::mem::MaybeUninit;

/// A head that is longer, or has more lines, is not plain.
const LONGEST: usize = 4096;
const MOST_LINES: usize = 32;

/// What an answer is kept for has as many bytes at most: peers choose how many of them there are.
const LONGEST_ASKED: usize = 512;

/// With one of these in it, a request is not plain. (A connection that is to be kept is.)
const NOT_PLAIN: [HeaderName; 16] = [
    TRANSFER_ENCODING,
    CONTENT_LENGTH,
    EXPECT,
    UPGRADE,
    TE,
    TRAILER,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    IF_RANGE,
    RANGE,
    ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD,
    AUTHORIZATION,
    CONNECTION,
];

/// Whether every plain request is within what these options allow of one.
pub(crate) fn is_within(options: &ServeOptions) -> bool {
    options.max_header_size >= LONGEST
        && options.max_target_length >= LONGEST
        && options.max_headers >= MOST_LINES
}

/// What a plain GET asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainGet<'a> {
    /// The length of the request, in bytes.
    pub(crate) length: usize,
    /// The request-line, without its CRLF.
    pub(crate) line: &'a [u8],
    pub(crate) host: &'a [u8],
    /// Without the query.
    pub(crate) path: &'a [u8],
    pub(crate) encoding: Option<&'a [u8]>,
    /// What an access log shows besides.
    pub(crate) target: &'a [u8],
    pub(crate) referer: Option<&'a [u8]>,
    pub(crate) user_agent: Option<&'a [u8]>,
}

impl<'a> PlainGet<'a> {
    /// The request at the front of `bytes`, if it is plain and all of it is here.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        if !bytes.starts_with(b"GET /") {
            return None;
        }
        let window = &bytes[..bytes.len().min(LONGEST)];
        let mut lines = [const { MaybeUninit::uninit() }; MOST_LINES];
        let mut request = httparse::Request::new(&mut []);
        let parsed = request.parse_with_uninit_headers(window, &mut lines);
        let Ok(httparse::Status::Complete(length)) = parsed else {
            return None;
        };
        if request.version != Some(1) || !ends_lines_by_crlf(&window[..length]) {
            return None;
        }
        let (mut host, mut encoding) = (None, None);
        let (mut referer, mut user_agent) = (None, None);
        for line in request.headers {
            let name = line.name;
            if name.eq_ignore_ascii_case("host") {
                if host.replace(line.value).is_some() {
                    return None;
                }
            } else if name.eq_ignore_ascii_case("accept-encoding") {
                if encoding.replace(line.value).is_some() {
                    return None;
                }
            } else if name.eq_ignore_ascii_case("connection") {
                if !line.value.eq_ignore_ascii_case(b"keep-alive") {
                    return None;
                }
            } else if name.eq_ignore_ascii_case("referer") {
                referer.get_or_insert(line.value);
            } else if name.eq_ignore_ascii_case("user-agent") {
                user_agent.get_or_insert(line.value);
            } else if NOT_PLAIN
                .iter()
                .any(|not| name.eq_ignore_ascii_case(not.as_str()))
            {
                return None;
            }
        }
        Some(Self {
            length,
            line: &window[..memchr::memchr(b'\r', window)?],
            host: host?,
            path: without_query(request.path?.as_bytes())?,
            encoding,
            target: request.path?.as_bytes(),
            referer,
            user_agent,
        })
    }
}

/// RFC 9112 section 2.2 lets a recipient take a lone LF for the end of a line, and httparse does; the turnstile does not.
fn ends_lines_by_crlf(head: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', head).all(|at| at > 0 && head[at - 1] == b'\r')
}

/// The path of a target. A query has no say in what file it is, but must be one (RFC 3986 section 3.4); one with anything
/// unusual in it is not looked into.
fn without_query(target: &[u8]) -> Option<&[u8]> {
    let Some(at) = memchr::memchr(b'?', target) else {
        return Some(target);
    };
    let usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte);
    target[at + 1..].iter().all(usual).then_some(&target[..at])
}

/// Whom an answer is for that may be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AskedFor {
    pub(crate) host: Box<[u8]>,
    pub(crate) path: Box<[u8]>,
    pub(crate) encoding: Option<Box<[u8]>>,
}

impl AskedFor {
    /// What a request that hyper has parsed asks for, if it would have been a plain one.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        let headers = request.headers();
        let target = request.uri();
        let plain = request.method() == Method::GET
            && request.version() == Version::HTTP_11
            && target.authority().is_none()
            && headers.len() <= MOST_LINES
            && is_plain(headers);
        if !plain {
            return None;
        }
        let asked = Self {
            host: only(headers, HOST)??.into(),
            path: target.path().as_bytes().into(),
            encoding: only(headers, ACCEPT_ENCODING)?.map(Into::into),
        };
        let encoding = asked.encoding.as_ref().map_or(0, |encoding| encoding.len());
        (asked.host.len() + asked.path.len() + encoding <= LONGEST_ASKED).then_some(asked)
    }
}

fn is_plain(headers: &HeaderMap) -> bool {
    let names = NOT_PLAIN.iter().filter(|name| **name != CONNECTION);
    names.into_iter().all(|name| !headers.contains_key(name))
}

/// The value of a line that may be there once: `None` if it is there more than once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<Option<&[u8]>> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    values
        .next()
        .is_none()
        .then(|| value.map(|value| value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(head: &str) -> Option<PlainGet<'_>> {
        PlainGet::of(head.as_bytes())
    }

    #[test]
    fn a_plain_get_is_known() {
        let head = "GET /a/b.css?v=3 HTTP/1.1\r\nhost: a.example\r\nAccept-Encoding: gzip, br\r\n\
            Connection: keep-alive\r\nCookie: a=b\r\nUser-Agent: a/1\r\n\r\n";
        let more = format!("{head}GET /c HTTP/1.1\r\n");
        assert_eq!(
            get(&more),
            Some(PlainGet {
                length: head.len(),
                line: b"GET /a/b.css?v=3 HTTP/1.1",
                host: b"a.example",
                path: b"/a/b.css",
                encoding: Some(b"gzip, br"),
                target: b"/a/b.css?v=3",
                referer: None,
                user_agent: Some(b"a/1"),
            })
        );
    }

    #[test]
    fn whatever_is_out_of_the_ordinary_is_not_plain() {
        let line = "GET /a HTTP/1.1\r\nHost: a\r\n";
        assert!(get(&format!("{line}\r\n")).is_some());
        for head in [
            "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n".to_string(),
            "GET /a HTTP/1.0\r\nHost: a\r\n\r\n".to_string(),
            "GET http://a/a HTTP/1.1\r\nHost: a\r\n\r\n".to_string(),
            "GET /a HTTP/1.1\r\n\r\n".to_string(),
            "GET /a HTTP/1.1\nHost: a\r\n\r\n".to_string(),
            "GET /a HTTP/1.1\r\nHost: a\n\r\n".to_string(),
            "GET /a HTTP/1.1\r\nHost: a\r\n\n".to_string(),
            "GET /a?%2e HTTP/1.1\r\nHost: a\r\n\r\n".to_string(),
            "GET /a?\"x HTTP/1.1\r\nHost: a\r\n\r\n".to_string(),
            line.to_string(),
            format!("{line}Host: a\r\n\r\n"),
            format!("{line} folded: b\r\n\r\n"),
            format!("{line}A : b\r\n\r\n"),
            format!("{line}A: b\rc\r\n\r\n"),
            format!("{line}A: b\0\r\n\r\n"),
            format!("{line}Connection: close\r\n\r\n"),
            format!("{line}Connection: keep-alive, upgrade\r\n\r\n"),
            format!("{line}Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n"),
            format!("{line}A: {}\r\n\r\n", "b".repeat(LONGEST)),
            format!("{line}{}\r\n", "A: b\r\n".repeat(MOST_LINES)),
        ] {
            assert_eq!(get(&head), None, "{head:?}");
        }
        for name in NOT_PLAIN {
            assert_eq!(get(&format!("{line}{name}: 1\r\n\r\n")), None, "{name}");
        }
    }
}
