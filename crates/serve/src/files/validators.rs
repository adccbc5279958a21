//! What tells a client's copy from what is here: an entity tag and a date (RFC 9110 section 8.8).

use super::entity_tag::{Comparison, is_same};
use super::status::Status;
use http::HeaderValue;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first second of 1971. Where a file is said to be of 1970, its time was set to nothing, as packagers do that want the
/// same archive every time; all versions of it have this time.
const FIRST_DATE: i64 = 365 * 24 * 60 * 60;

/// The validators of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validators {
    pub(super) tag: HeaderValue,
    pub(super) last_modified: Option<LastModified>,
}

/// When a file was last modified, to the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastModified {
    pub(super) seconds: i64,
    pub(super) value: HeaderValue,
}

impl LastModified {
    /// Of a file, where its time says something at `now`.
    ///
    /// A date in the future says that a clock is wrong, not when the file changed (RFC 9110 section 8.8.2.1). One in this
    /// second does not tell the file from what it may be at the end of the second, and is weak (section 8.8.2.2): it is not
    /// told either, until the second is over. So every date that was told is a strong one.
    pub(super) fn of(status: &Status, now: SystemTime) -> Option<Self> {
        let seconds = status.modified.seconds;
        let date = date(seconds)?;
        if seconds < FIRST_DATE || date + Duration::from_secs(1) > now {
            return None;
        }
        let value = HeaderValue::try_from(httpdate::fmt_http_date(date)).ok()?;
        Some(Self { seconds, value })
    }

    /// Whether a date in a request is this very one.
    pub(super) fn is(&self, given: &HeaderValue) -> bool {
        parse_date(given) == Some(self.seconds)
    }
}

/// The dates that `httpdate` writes end with the year 9999.
fn date(seconds: i64) -> Option<SystemTime> {
    const LAST: u64 = 253_402_300_799;
    let since_1970 = u64::try_from(seconds).ok().filter(|&since| since <= LAST)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(since_1970))
}

/// A date in a request, in any of the three forms (RFC 9110 section 5.6.7), as seconds since 1970.
pub(super) fn parse_date(given: &HeaderValue) -> Option<i64> {
    let date = httpdate::parse_http_date(given.to_str().ok()?).ok()?;
    let since_1970 = date.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_1970.as_secs()).ok()
}

impl Validators {
    /// Whether If-Range says that the client's part is of what is here: a strong tag, or the very date that was told
    /// (RFC 9110 section 13.1.5).
    pub(super) fn match_if_range(&self, given: &HeaderValue) -> bool {
        let bytes = given.as_bytes();
        if bytes.starts_with(b"\"") || bytes.starts_with(b"W/") {
            return is_same(bytes, &self.tag, Comparison::Strong);
        }
        let last_modified = self.last_modified.as_ref();
        last_modified.is_some_and(|last_modified| last_modified.is(given))
    }
}

#[cfg(test)]
mod tests {
    use super::super::status::{Attributes, Time};
    use super::*;

    fn last_modified(seconds: i64, now: u64) -> Option<LastModified> {
        let time = Time {
            seconds,
            nanoseconds: 999_999_999,
        };
        let status = Status {
            device: 0,
            inode: 0,
            length: 0,
            modified: time,
            changed: time,
            attributes: Attributes::default(),
        };
        LastModified::of(&status, UNIX_EPOCH + Duration::from_secs(now))
    }

    #[test]
    fn a_second_is_told_when_it_is_over() {
        assert_eq!(last_modified(784_111_777, 784_111_777), None);
        let told = last_modified(784_111_777, 784_111_778).expect("it is over");
        assert_eq!(told.value, "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn the_future_and_the_distant_past_are_not_told() {
        for seconds in [i64::MAX, i64::MIN, -1, 0, 1, 3_000_000_000, 253_402_300_800] {
            assert_eq!(last_modified(seconds, 2_000_000_000), None, "{seconds}");
        }
    }

    #[test]
    fn every_form_of_the_very_date_is_that_date() {
        let told = last_modified(784_111_777, 2_000_000_000).expect("it is long ago");
        for (given, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("Sun Nov  6 08:49:37 1994", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false),
            ("yesterday", false),
        ] {
            assert_eq!(
                told.is(&HeaderValue::from_static(given)),
                expected,
                "{given}"
            );
        }
    }

    #[test]
    fn a_part_is_continued_by_a_strong_validator_only() {
        let validators = Validators {
            tag: HeaderValue::from_static("\"a\""),
            last_modified: last_modified(784_111_777, 2_000_000_000),
        };
        for (given, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", false),
            ("\"b\"", false),
            ("*", false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sun, 06 Nov 1994 08:49:36 GMT", false),
        ] {
            let given_value = HeaderValue::from_static(given);
            assert_eq!(validators.match_if_range(&given_value), expected, "{given}");
        }
    }
}
