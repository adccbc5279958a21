//! The header lines that a site adds to its answers.

use super::options::{Hsts, SiteOptions};
use super::pattern::Pattern;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// What is added, and to which answers.
#[derive(Debug)]
pub(super) struct Lines {
    cache_control: Vec<(Pattern, HeaderValue)>,
    by_path: Vec<(Pattern, HeaderName, HeaderValue)>,
    over_tcp: Vec<(HeaderName, HeaderValue)>,
    over_tls: Vec<(HeaderName, HeaderValue)>,
}

impl Lines {
    /// As the options ask, or what is wrong with them.
    pub(super) fn of(options: &SiteOptions) -> Result<Self, String> {
        for (pattern, name, _) in &options.headers {
            if is_framing(name) {
                return Err(format!(
                    "`{name}` for `{}` says where an answer ends, or how it is sent: that is not for a rule to say, leave it out",
                    pattern.as_str()
                ));
            }
        }
        let security = |by_default: bool| {
            let wanted = options.security_headers.unwrap_or(by_default);
            let lines = wanted.then(security_lines);
            lines.into_iter().flatten().collect::<Vec<_>>()
        };
        let mut over_tls = security(true);
        if let Some(hsts) = &options.hsts {
            over_tls.push((STRICT_TRANSPORT_SECURITY, strict_transport_security(hsts)));
        }
        Ok(Self {
            cache_control: options.cache_control.clone(),
            by_path: options.headers.clone(),
            over_tcp: security(false),
            over_tls,
        })
    }

    /// Whether a path has nothing to do with what is added.
    pub(super) fn are_for_every_path(&self) -> bool {
        self.cache_control.is_empty() && self.by_path.is_empty()
    }

    /// Adds what is for every path.
    pub(super) fn add(&self, is_tls: bool, headers: &mut HeaderMap) {
        let lines = if is_tls {
            &self.over_tls
        } else {
            &self.over_tcp
        };
        for (name, value) in lines {
            headers.insert(name, value.clone());
        }
    }

    /// Adds to an answer of `status` what is for the decoded `path`.
    pub(super) fn add_by_path(
        &self,
        path: &[u8],
        status: StatusCode,
        is_tls: bool,
        headers: &mut HeaderMap,
    ) {
        // What is not there now may be there in a moment: a page that says so is not to be kept for the year that the file
        // would be. A 304 has the line that a 200 would have (RFC 9110 section 15.4.5).
        if status.is_success() || status.is_redirection() {
            let rule = self.cache_control.iter().find(|(p, _)| p.matches(path));
            if let Some((_, value)) = rule {
                headers.insert(CACHE_CONTROL, value.clone());
            }
        }
        let is_sent = |name: &HeaderName| {
            // RFC 6797 section 7.2: over TLS alone.
            (is_tls || name != STRICT_TRANSPORT_SECURITY)
                // A page of ours, or no content at all, is not what the path's file is.
                && (!is_about_content(name) || is_content(status))
        };
        let rules = || {
            let rules = self.by_path.iter();
            rules.filter(|(pattern, name, _)| is_sent(name) && pattern.matches(path))
        };
        for (_, name, _) in rules() {
            headers.remove(name);
        }
        for (_, name, value) in rules() {
            headers.append(name, value.clone());
        }
    }
}

/// What keeps browsers from guessing a type, other sites from framing a page and from learning where in this one their
/// visitor was.
fn security_lines() -> [(HeaderName, HeaderValue); 3] {
    [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
        (REFERRER_POLICY, "strict-origin-when-cross-origin"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

/// RFC 6797 section 6.1.
fn strict_transport_security(hsts: &Hsts) -> HeaderValue {
    let mut value = format!("max-age={}", hsts.max_age.as_secs());
    if hsts.include_subdomains {
        value.push_str("; includeSubDomains");
    }
    if hsts.preload {
        value.push_str("; preload");
    }
    // Letters, digits and semicolons.
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("max-age=0"))
}

/// Whether a line concerns the message or the connection, and not what is in the message.
fn is_framing(name: &HeaderName) -> bool {
    const FRAMING: [HeaderName; 7] = [
        CONNECTION,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    FRAMING.contains(name) || name == "keep-alive"
}

/// Whether a line says what the content is.
fn is_about_content(name: &HeaderName) -> bool {
    const CONTENT: [HeaderName; 4] = [
        CONTENT_DISPOSITION,
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_TYPE,
    ];
    CONTENT.contains(name)
}

fn is_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn lines(options: &SiteOptions) -> Lines {
        Lines::of(options).expect("nothing is wrong with them")
    }

    fn rule(pattern: &str, name: &str, value: &str) -> (Pattern, HeaderName, HeaderValue) {
        (
            Pattern::parse(pattern).expect("it is a pattern"),
            name.parse().expect("it is a name"),
            value.parse().expect("it is a value"),
        )
    }

    #[test]
    fn hsts_says_what_was_asked_for_and_over_tls_alone() {
        let hsts = |include_subdomains, preload| {
            Some(Hsts {
                max_age: Duration::from_secs(60),
                include_subdomains,
                preload,
            })
        };
        for (hsts, value) in [
            (hsts(false, false), "max-age=60"),
            (hsts(true, false), "max-age=60; includeSubDomains"),
            (hsts(true, true), "max-age=60; includeSubDomains; preload"),
        ] {
            let lines = lines(&SiteOptions {
                hsts,
                ..SiteOptions::default()
            });
            let mut headers = HeaderMap::new();
            lines.add(false, &mut headers);
            assert!(headers.is_empty());
            lines.add(true, &mut headers);
            assert_eq!(headers[STRICT_TRANSPORT_SECURITY], value);
        }
        // Nor by the other way to say it.
        let rules = lines(&SiteOptions {
            headers: vec![rule("**", "strict-transport-security", "max-age=1")],
            ..SiteOptions::default()
        });
        for (is_tls, count) in [(false, 0), (true, 1)] {
            let mut headers = HeaderMap::new();
            rules.add_by_path(b"/", StatusCode::OK, is_tls, &mut headers);
            assert_eq!(headers.len(), count);
        }
    }

    #[test]
    fn security_headers_are_there_over_tls_unless_it_is_said_otherwise() {
        for (asked, over_tcp, over_tls) in [
            (None, false, true),
            (Some(true), true, true),
            (Some(false), false, false),
        ] {
            let lines = lines(&SiteOptions {
                security_headers: asked,
                ..SiteOptions::default()
            });
            for (is_tls, expected) in [(false, over_tcp), (true, over_tls)] {
                let mut headers = HeaderMap::new();
                lines.add(is_tls, &mut headers);
                for name in [
                    "x-content-type-options",
                    "x-frame-options",
                    "referrer-policy",
                ] {
                    assert_eq!(headers.contains_key(name), expected, "{asked:?} {name}");
                }
            }
        }
    }

    #[test]
    fn all_rules_that_match_replace_what_was_there_and_not_each_other() {
        let lines = lines(&SiteOptions {
            headers: vec![
                rule("**", "x-a", "1"),
                rule("/b/**", "x-a", "2"),
                rule("/c", "x-a", "3"),
            ],
            ..SiteOptions::default()
        });
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_static("0"));
        lines.add_by_path(b"/b/x", StatusCode::OK, false, &mut headers);
        let values: Vec<_> = headers.get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
    }

    #[test]
    fn the_first_cache_control_that_matches_is_sent_but_never_for_an_error() {
        let cache = |pattern, value| {
            let (pattern, _, value) = rule(pattern, "x", value);
            (pattern, value)
        };
        let lines = lines(&SiteOptions {
            cache_control: vec![cache("/a/**", "max-age=9"), cache("**", "no-cache")],
            ..SiteOptions::default()
        });
        for (path, status, expected) in [
            ("/a/b", 200, Some("max-age=9")),
            ("/a/b", 206, Some("max-age=9")),
            ("/a/b", 304, Some("max-age=9")),
            ("/b", 200, Some("no-cache")),
            ("/a/b", 404, None),
            ("/a/b", 503, None),
        ] {
            let mut headers = HeaderMap::new();
            let status = StatusCode::from_u16(status).expect("it is a status");
            lines.add_by_path(path.as_bytes(), status, false, &mut headers);
            let found = headers.get(CACHE_CONTROL).map(HeaderValue::as_bytes);
            assert_eq!(found, expected.map(str::as_bytes), "{path} {status}");
        }
    }

    #[test]
    fn what_is_about_the_content_goes_with_the_content() {
        let lines = lines(&SiteOptions {
            headers: vec![rule("**", "content-type", "a/b"), rule("**", "x-a", "1")],
            ..SiteOptions::default()
        });
        for (status, is_there) in [
            (200, true),
            (206, true),
            (204, false),
            (304, false),
            (404, false),
        ] {
            let mut headers = HeaderMap::new();
            let status = StatusCode::from_u16(status).expect("it is a status");
            lines.add_by_path(b"/", status, false, &mut headers);
            assert_eq!(headers.contains_key(CONTENT_TYPE), is_there, "{status}");
            assert!(headers.contains_key("x-a"));
        }
    }

    #[test]
    fn no_rule_says_where_an_answer_ends() {
        for name in [
            "Content-Length",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
        ] {
            let options = SiteOptions {
                headers: vec![rule("/a", name, "1")],
                ..SiteOptions::default()
            };
            let error = Lines::of(&options).expect_err("it would break the connection");
            assert!(error.contains("leave it out"), "{error}");
        }
    }
}
