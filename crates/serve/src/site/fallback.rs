//! The page of a program that runs in the browser: it makes up addresses that no file has.

use super::address::Address;
use http::header::{ACCEPT, HeaderMap};

/// Whether an address that is not there may be the program's: one that has no dot in its last segment.
pub(super) fn may_be_a_place(address: &Address<'_>) -> bool {
    address.plain().is_some() && !address.looks_like_a_file()
}

/// Whether a page is what was asked for. Who takes anything (`*/*`) is a script or a program as a rule, to which a page
/// instead of a 404 would say that something is there.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter();
    let ranges = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    ranges.into_iter().any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts
            .next()
            .is_some_and(|r| r.eq_ignore_ascii_case("text/html"));
        // A weight of 0 is "not this" (RFC 9110 section 12.4.2).
        let is_nothing = |part: &str| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.bytes().all(|byte| matches!(byte, b'0' | b'.')))
        };
        is_html && !parts.any(is_nothing)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn who_names_html_accepts_it() {
        for (accept, accepts) in [
            ("text/html", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, TEXT/HTML;q=0.1", true),
            ("text/html;level=1", true),
            ("text/html;q=0", false),
            ("text/html; q=0.000", false),
            ("*/*", false),
            ("text/*", false),
            ("application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(accepts_html(&headers), accepts, "{accept}");
        }
        assert!(!accepts_html(&HeaderMap::new()));
    }

    #[test]
    fn a_place_has_names_and_no_dot_at_its_end() {
        for (path, may_be) in [
            ("/a/b", true),
            ("/", true),
            ("/v1.2/a", true),
            ("/a.js", false),
            ("/a/../b", false),
            ("/%2e%2e/b", false),
        ] {
            assert_eq!(may_be_a_place(&Address::of(path)), may_be, "{path}");
        }
    }
}
