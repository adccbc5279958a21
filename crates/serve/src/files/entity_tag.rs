//! Entity tags (RFC 9110 section 8.8.3).

use super::coding::Coding;
use super::status::Status;
use http::HeaderValue;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Bytes of a digest that make a tag: enough that no two states of a file ever share one.
const LENGTH: usize = 16;

/// What a file's tags are made of, before its coding is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; LENGTH]);

impl Fingerprint {
    /// Of a file's number, length and times. A digest of them: the number of a file is nobody else's business. Its times are
    /// those the kernel has, to the nanosecond: a file that is put back from a backup gets its old time and a new tag.
    pub(super) fn of_status(status: &Status) -> Self {
        let mut digest = Sha256::new();
        for number in [status.inode, status.length] {
            digest.update(number.to_le_bytes());
        }
        for time in [status.modified, status.changed] {
            digest.update(time.seconds.to_le_bytes());
            digest.update(time.nanoseconds.to_le_bytes());
        }
        Self::finish(digest)
    }

    /// Of all that was fed to `digest`.
    pub(super) fn finish(digest: Sha256) -> Self {
        let mut fingerprint = [0; LENGTH];
        fingerprint.copy_from_slice(&digest.finalize()[..LENGTH]);
        Self(fingerprint)
    }

    /// The tag of the file as it is, or of what lies beside it in a coding: a coding of its own has a tag of its own
    /// (RFC 9110 section 8.8.3.3). It is weak where the bytes are made on the way: another version of a library may make
    /// others of the same file.
    pub(super) fn tag(&self, coding: Coding, is_made: bool) -> HeaderValue {
        let mut tag = String::with_capacity(2 * LENGTH + 12);
        tag.push_str(if is_made { "W/\"" } else { "\"" });
        for byte in self.0 {
            let _ = write!(tag, "{byte:02x}");
        }
        if coding != Coding::Identity {
            tag.push('-');
            tag.push_str(coding.name());
        }
        tag.push('"');
        // Hexadecimal digits and the letters of a coding are visible ASCII.
        HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }
}

/// How two tags are compared (RFC 9110 section 8.8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Both are strong and the same.
    Strong,
    /// The same, whether weak or not.
    Weak,
}

/// Whether `given`, a tag as a client sent it, is `ours`.
pub(super) fn is_same(given: &[u8], ours: &HeaderValue, comparison: Comparison) -> bool {
    let (given_weak, given) = split_weak(given);
    let (ours_weak, ours) = split_weak(ours.as_bytes());
    given == ours && (comparison == Comparison::Weak || !(given_weak || ours_weak))
}

fn split_weak(tag: &[u8]) -> (bool, &[u8]) {
    match tag.strip_prefix(b"W/") {
        Some(opaque) => (true, opaque),
        None => (false, tag),
    }
}

/// Whether one of the tags of a list is `ours`, or the list is `*`. What is no list of tags has those that come before it ceases to
/// be one.
pub(super) fn list_has(list: &[u8], ours: &HeaderValue, comparison: Comparison) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    loop {
        // A list may have empty members (RFC 9110 section 5.6.1.2).
        while let [b',' | b' ' | b'\t', after @ ..] = rest {
            rest = after;
        }
        let Some((tag, after)) = split_tag(rest) else {
            return false;
        };
        if is_same(tag, ours, comparison) {
            return true;
        }
        rest = after.trim_ascii_start();
        if !rest.starts_with(b",") {
            return false;
        }
    }
}

/// The tag that a text begins with, and what follows it. A tag may hold commas and backslashes, but no quotation mark.
fn split_tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = if text.starts_with(b"W/") { 2 } else { 0 };
    let opaque = text[start..].strip_prefix(b"\"")?;
    let end = opaque.iter().position(|&byte| byte == b'"')?;
    let is_etagc = |&byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
    opaque[..end].iter().all(is_etagc).then_some(())?;
    Some(text.split_at(start + end + 2))
}

#[cfg(test)]
mod tests {
    use super::super::status::{Attributes, Time};
    use super::*;

    fn status() -> Status {
        let time = Time {
            seconds: 1,
            nanoseconds: 2,
        };
        Status {
            device: 1,
            inode: 2,
            length: 3,
            modified: time,
            changed: time,
            attributes: Attributes::default(),
        }
    }

    #[test]
    fn every_nanosecond_and_every_coding_has_a_tag_of_its_own() {
        let mut tags = vec![Fingerprint::of_status(&status()).tag(Coding::Identity, false)];
        for change in [
            |status: &mut Status| status.inode += 1,
            |status: &mut Status| status.length += 1,
            |status: &mut Status| status.modified.seconds += 1,
            |status: &mut Status| status.modified.nanoseconds += 1,
            |status: &mut Status| status.changed.nanoseconds += 1,
        ] {
            let mut changed = status();
            change(&mut changed);
            tags.push(Fingerprint::of_status(&changed).tag(Coding::Identity, false));
        }
        for coding in [Coding::Brotli, Coding::Gzip] {
            tags.push(Fingerprint::of_status(&status()).tag(coding, false));
        }
        for (place, tag) in tags.iter().enumerate() {
            assert!(!tags[place + 1..].contains(tag), "{tag:?}");
            assert!(is_same(tag.as_bytes(), tag, Comparison::Strong));
        }
    }

    #[test]
    fn a_weak_tag_is_never_the_same_strongly() {
        // The table of RFC 9110 section 8.8.3.2.
        for (one, other, strong, weak) in [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ] {
            let ours = HeaderValue::from_static(other);
            let same = |comparison| is_same(one.as_bytes(), &ours, comparison);
            assert_eq!(
                (same(Comparison::Strong), same(Comparison::Weak)),
                (strong, weak)
            );
        }
        let made = Fingerprint::of_status(&status()).tag(Coding::Gzip, true);
        assert!(!is_same(made.as_bytes(), &made, Comparison::Strong));
    }

    #[test]
    fn a_tag_is_found_in_a_list_wherever_it_is() {
        let ours = HeaderValue::from_static("\"a,b\"");
        for (list, expected) in [
            ("\"a,b\"", true),
            ("*", true),
            (" * ", true),
            ("\"x\", \"a,b\"", true),
            ("\"x\",W/\"a,b\"", true),
            (",, \"x\" ,\t,\"a,b\",", true),
            ("", false),
            ("a,b", false),
            ("\"a\", b\"", false),
            ("\"x\" \"a,b\"", false),
            ("x, \"a,b\"", false),
            ("\"a,b", false),
            ("w/\"a,b\"", false),
        ] {
            assert_eq!(
                list_has(list.as_bytes(), &ours, Comparison::Weak),
                expected,
                "{list}"
            );
        }
    }
}
