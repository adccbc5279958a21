//! The address that was asked for, as the rules look at it.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The path of a target, decoded.
#[derive(Debug)]
pub(super) struct Address<'r> {
    encoded: &'r str,
    decoded: Cow<'r, [u8]>,
}

impl<'r> Address<'r> {
    /// Of the path component of a URI.
    pub(super) fn of(path: &'r str) -> Self {
        Self {
            encoded: path,
            decoded: percent_decode_str(path).into(),
        }
    }

    /// The path, decoded, whatever it is.
    pub(super) fn path(&self) -> &[u8] {
        &self.decoded
    }

    /// The path, decoded, if its segments are names. Others name no file, and are not led anywhere: what passes a rule with
    /// `..`, an encoded slash, an empty segment or a line's end in it may be another address behind it.
    pub(super) fn plain(&self) -> Option<&[u8]> {
        let mut segments = self.encoded.strip_prefix('/')?.split('/').peekable();
        while let Some(segment) = segments.next() {
            let is_folders_end = segment.is_empty() && segments.peek().is_none();
            if !is_folders_end && !is_name(segment) {
                return None;
            }
        }
        Some(self.path())
    }

    /// Whether the last segment has a dot, as files' names have and addresses that a program makes up have not.
    pub(super) fn looks_like_a_file(&self) -> bool {
        let path = self.path();
        let start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
        path[start..].contains(&b'.')
    }

    /// The last segment, as it was sent.
    pub(super) fn last_segment(&self) -> &'r str {
        self.encoded
            .rsplit_once('/')
            .map_or(self.encoded, |(_, last)| last)
    }
}

fn is_name(segment: &str) -> bool {
    let bytes: Cow<'_, [u8]> = percent_decode_str(segment).into();
    // What is left encoded was no escape (RFC 3986 section 2.1), unless it was a percent sign that was encoded itself.
    let escapes = |bytes: &[u8]| memchr::memchr_iter(b'%', bytes).count();
    let is_valid = escapes(&bytes) == segment.matches("%25").count();
    let is_refused = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'/' | b'\\');
    is_valid
        && !bytes.is_empty()
        && !matches!(&*bytes, b"." | b"..")
        && !bytes.iter().any(is_refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_names_is_plain() {
        for (path, decoded) in [
            ("/", "/"),
            ("/a/b.txt", "/a/b.txt"),
            ("/a/", "/a/"),
            ("/%C3%A4%20b", "/ä b"),
            ("/100%25", "/100%"),
            ("/%2525", "/%25"),
            ("/.well-known/x", "/.well-known/x"),
            ("/...", "/..."),
        ] {
            assert_eq!(
                Address::of(path).plain(),
                Some(decoded.as_bytes()),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_not_is_not() {
        for path in [
            "",
            "*",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/../a",
            "/a/..",
            "/%2e%2E/a",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/a%0d%0aX: y",
            "/a%7f",
            "/%",
            "/%4",
            "/%zz",
            "/%25%",
        ] {
            assert_eq!(Address::of(path).plain(), None, "{path}");
        }
    }

    #[test]
    fn a_path_without_escapes_is_not_copied() {
        assert!(matches!(Address::of("/a/b").decoded, Cow::Borrowed(_)));
    }

    #[test]
    fn a_dot_in_the_last_segment_makes_a_file_of_it() {
        for (path, is_file) in [
            ("/", false),
            ("/a", false),
            ("/a.b/c", false),
            ("/a.b/", false),
            ("/a.js", true),
            ("/a%2ejs", true),
        ] {
            assert_eq!(Address::of(path).looks_like_a_file(), is_file, "{path}");
        }
    }
}
