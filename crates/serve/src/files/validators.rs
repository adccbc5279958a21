//! When a client's copy is still good (RFC 9110 section 13).

use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use std::time::{Duration, SystemTime};

/// A request's condition on the copy that the client has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// None: the file is sent.
    None,
    /// If-None-Match: *. Any copy will do.
    Any,
    /// If-Modified-Since, as it was sent.
    ModifiedSince(HeaderValue),
}

impl Condition {
    /// The condition in a request's headers. If-None-Match comes before If-Modified-Since (RFC 9110 section 13.2.2), and
    /// without entity tags of our own only `*` can match it.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match (headers.get(IF_NONE_MATCH), headers.get(IF_MODIFIED_SINCE)) {
            (Some(tags), _) if tags == "*" => Condition::Any,
            (Some(_), _) | (None, None) => Condition::None,
            (None, Some(since)) => Condition::ModifiedSince(since.clone()),
        }
    }

    /// Whether the client's copy is the file that was last modified at `modified`: 304.
    ///
    /// The date must be the very one we gave. A file put back from a backup is older than the copy, and yet is not it;
    /// RFC 9110 section 13.1.3 lets us send it.
    pub(super) fn is_fresh(&self, modified: Option<&HeaderValue>) -> bool {
        match self {
            Condition::None => false,
            Condition::Any => true,
            Condition::ModifiedSince(since) => modified == Some(since),
        }
    }
}

/// Last-Modified for a file's modification time in seconds since 1970, if it can be told: a date in the future says that
/// a clock is wrong, not when the file changed (RFC 9110 section 8.8.2.1).
pub(super) fn last_modified(seconds: i64) -> Option<HeaderValue> {
    let since_1970 = Duration::from_secs(u64::try_from(seconds).ok()?);
    let modified = SystemTime::UNIX_EPOCH.checked_add(since_1970)?;
    if modified > SystemTime::now() {
        return None;
    }
    HeaderValue::try_from(httpdate::fmt_http_date(modified)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_very_date_we_gave_is_fresh_and_no_other() {
        let modified = last_modified(784_111_777);
        let since = |date| Condition::of(&headers(&[("if-modified-since", date)]));
        assert!(since("Sun, 06 Nov 1994 08:49:37 GMT").is_fresh(modified.as_ref()));
        assert!(!since("Sun, 06 Nov 1994 08:49:38 GMT").is_fresh(modified.as_ref()));
        assert!(!since("yesterday").is_fresh(modified.as_ref()));
    }

    #[test]
    fn an_entity_tag_comes_before_the_date() {
        let modified = last_modified(784_111_777);
        let date = ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(
            !Condition::of(&headers(&[("if-none-match", "\"a\""), date]))
                .is_fresh(modified.as_ref())
        );
        assert!(Condition::of(&headers(&[("if-none-match", "*")])).is_fresh(modified.as_ref()));
    }

    #[test]
    fn the_future_and_the_distant_past_are_not_told() {
        assert_eq!(last_modified(i64::MAX), None);
        assert_eq!(last_modified(100_000_000_000), None);
        assert_eq!(last_modified(-1), None);
        assert!(last_modified(0).is_some());
    }
}
