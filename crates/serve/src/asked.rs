//! What an access log shows of a request besides its first line: as much as can be printed anywhere, and is not too long.

use crate::ready::plain::PlainGet;
use http::header::{HOST, HeaderName, REFERER, USER_AGENT};
use http::{HeaderMap, Request};
use periplus_journey::{Asked, Label, Mark};

/// The longest target that is kept, in bytes.
const LONGEST_TARGET: usize = 2048;

/// The longest value of a header line that is kept, in bytes.
const LONGEST_VALUE: usize = 512;

/// The mark that says it.
pub(crate) fn label<B>(request: &Request<B>) -> Mark {
    let headers = request.headers();
    let authority = request.uri().authority();
    let target = request.uri().path_and_query();
    let target = target.map_or("*", |target| target.as_str());
    Mark::Label(Label::Asked(Box::new(Asked {
        target: printable(target.as_bytes(), LONGEST_TARGET),
        // The target's goes before the header line's (RFC 9112 section 3.2.2).
        host: match authority {
            Some(authority) => Some(printable(authority.as_str().as_bytes(), LONGEST_VALUE)),
            None => value(headers, &HOST),
        },
        referer: value(headers, &REFERER),
        user_agent: value(headers, &USER_AGENT),
    })))
}

/// The same of a request that hyper has not seen.
pub(crate) fn of_plain(get: &PlainGet<'_>) -> Mark {
    let value = |value| printable(value, LONGEST_VALUE);
    Mark::Label(Label::Asked(Box::new(Asked {
        target: printable(get.target, LONGEST_TARGET),
        host: Some(value(get.host)),
        referer: get.referer.map(value),
        user_agent: get.user_agent.map(value),
    })))
}

/// The name by which a client has asked for the server.
pub(crate) fn server_name(name: &str) -> Box<str> {
    printable(name.as_bytes(), LONGEST_VALUE)
}

fn value(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let value = headers.get(name)?;
    Some(printable(value.as_bytes(), LONGEST_VALUE))
}

/// What is not a printable ASCII character becomes a question mark, and what is cut ends in an ellipsis.
fn printable(bytes: &[u8], longest: usize) -> Box<str> {
    let shown = bytes.iter().take(longest);
    let shown = shown.map(|&byte| match byte {
        b' '..=b'~' => byte as char,
        _ => '?',
    });
    let cut = (bytes.len() > longest).then_some('…');
    shown.chain(cut).collect::<String>().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(request: http::request::Builder) -> Asked {
        match label(&request.body(()).expect("it is well formed")) {
            Mark::Label(Label::Asked(asked)) => *asked,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_said_is_kept_and_what_is_not_is_not() {
        let request = Request::get("/a?b=c").header("host", "example.org:81");
        let asked = asked(request.header("user-agent", "curl/8"));
        assert_eq!(&*asked.target, "/a?b=c");
        assert_eq!(asked.host.as_deref(), Some("example.org:81"));
        assert_eq!(asked.user_agent.as_deref(), Some("curl/8"));
        assert_eq!(asked.referer, None);
    }

    #[test]
    fn what_a_terminal_would_obey_or_is_long_is_not_kept_as_it_is() {
        let agent = http::HeaderValue::from_bytes(b"a\xc3\xa4\x9b2J").expect("obs-text");
        let request = Request::get(format!("/{}", "a".repeat(3000)));
        let asked = asked(request.header("user-agent", agent));
        assert_eq!(asked.user_agent.as_deref(), Some("a???2J"));
        assert_eq!(asked.target.chars().count(), LONGEST_TARGET + 1);
        assert!(asked.target.ends_with('…'));
    }
}
