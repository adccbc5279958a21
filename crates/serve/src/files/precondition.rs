//! A request's preconditions, in their order (RFC 9110 section 13.2.2).

use super::entity_tag::{Comparison, list_has};
use super::validators::{Validators, parse_date};
use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderName};

/// What a request's preconditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is answered as if there were none.
    Goes,
    /// The client's copy is good: 304.
    NotModified,
    /// What is here is not what the client wants something of: 412.
    Failed,
}

/// What the preconditions of a GET or HEAD come to, for the representation with `validators`.
pub(super) fn evaluate(headers: &HeaderMap, validators: &Validators) -> Outcome {
    // Steps 1 and 2. A date that cannot be read, or has none to be compared with, is as if it were not there
    // (section 13.1.4).
    if headers.contains_key(IF_MATCH) {
        if !any_has(headers, &IF_MATCH, validators, Comparison::Strong) {
            return Outcome::Failed;
        }
    } else if let Some(since) = headers.get(IF_UNMODIFIED_SINCE)
        && let Some(since) = parse_date(since)
        && let Some(last_modified) = &validators.last_modified
        && last_modified.seconds > since
    {
        return Outcome::Failed;
    }
    // Steps 3 and 4. A date must be the very one that was told: a file put back from a backup is older than the client's
    // copy, and yet is not it; section 13.1.3 lets us send it.
    if headers.contains_key(IF_NONE_MATCH) {
        if any_has(headers, &IF_NONE_MATCH, validators, Comparison::Weak) {
            return Outcome::NotModified;
        }
    } else if let Some(since) = headers.get(IF_MODIFIED_SINCE)
        && let Some(last_modified) = &validators.last_modified
        && last_modified.is(since)
    {
        return Outcome::NotModified;
    }
    Outcome::Goes
}

/// Whether one of the lines with this name has the tag. Several lines are one list (RFC 9110 section 5.3).
fn any_has(
    headers: &HeaderMap,
    name: &HeaderName,
    validators: &Validators,
    comparison: Comparison,
) -> bool {
    let mut lists = headers.get_all(name).iter();
    lists.any(|list| list_has(list.as_bytes(), &validators.tag, comparison))
}

#[cfg(test)]
mod tests {
    use super::super::validators::LastModified;
    use super::*;
    use http::HeaderValue;

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn evaluated(fields: &[(&'static str, &'static str)]) -> Outcome {
        let mut headers = HeaderMap::new();
        for &(name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        let validators = Validators {
            tag: HeaderValue::from_static("\"a\""),
            last_modified: Some(LastModified {
                seconds: 784_111_777,
                value: HeaderValue::from_static(DATE),
            }),
        };
        evaluate(&headers, &validators)
    }

    #[test]
    fn each_by_itself() {
        for (name, value, expected) in [
            ("if-match", "\"a\"", Outcome::Goes),
            ("if-match", "*", Outcome::Goes),
            ("if-match", "\"b\"", Outcome::Failed),
            ("if-match", "W/\"a\"", Outcome::Failed),
            ("if-unmodified-since", BEFORE, Outcome::Failed),
            ("if-unmodified-since", DATE, Outcome::Goes),
            ("if-unmodified-since", AFTER, Outcome::Goes),
            ("if-unmodified-since", "yesterday", Outcome::Goes),
            ("if-none-match", "\"a\"", Outcome::NotModified),
            ("if-none-match", "W/\"a\"", Outcome::NotModified),
            ("if-none-match", "*", Outcome::NotModified),
            ("if-none-match", "\"b\"", Outcome::Goes),
            ("if-modified-since", BEFORE, Outcome::Goes),
            ("if-modified-since", DATE, Outcome::NotModified),
            ("if-modified-since", AFTER, Outcome::Goes),
            ("if-modified-since", "yesterday", Outcome::Goes),
        ] {
            assert_eq!(evaluated(&[(name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_tag_comes_before_a_date_and_what_is_wanted_before_what_is_there() {
        use Outcome::{Failed, Goes, NotModified};
        for (fields, expected) in [
            (
                [("if-match", "\"a\""), ("if-unmodified-since", BEFORE)],
                Goes,
            ),
            (
                [("if-none-match", "\"b\""), ("if-modified-since", DATE)],
                Goes,
            ),
            ([("if-match", "\"b\""), ("if-none-match", "\"a\"")], Failed),
            (
                [("if-match", "\"a\""), ("if-none-match", "\"a\"")],
                NotModified,
            ),
            (
                [("if-unmodified-since", DATE), ("if-modified-since", DATE)],
                NotModified,
            ),
            // One list in two lines.
            (
                [("if-none-match", "\"b\""), ("if-none-match", "\"a\"")],
                NotModified,
            ),
        ] {
            assert_eq!(evaluated(&fields), expected, "{fields:?}");
        }
    }
}
