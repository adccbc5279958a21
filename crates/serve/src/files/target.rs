//! From a request's target to a path under the root.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// What a target asks for: a path under the root, made of plain names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    path: PathBuf,
    /// It ended in a slash: a folder is meant.
    pub(super) is_folder: bool,
}

/// Why a target is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not a valid URI path (RFC 3986 section 2.1): 400.
    Malformed,
    /// Nothing under the root can have this name, or nothing that is served: 404.
    Nothing,
}

impl Target {
    /// The target with the path component `path` of its URI.
    ///
    /// Each segment is decoded on its own and must be a plain name afterwards. Nothing is normalised: an honest client has
    /// resolved `.` and `..` already (RFC 3986 section 5.2.4), and to guess what another one meant is how roots are left.
    pub(super) fn parse(path: &str, hidden: bool) -> Result<Self, Refusal> {
        // `*` and the authority form have no slash: they name no file.
        let names = path.strip_prefix('/').ok_or(Refusal::Nothing)?;
        let mut target = Self {
            path: PathBuf::new(),
            is_folder: false,
        };
        let mut segments = names.split('/').peekable();
        while let Some(segment) = segments.next() {
            if segment.is_empty() && segments.peek().is_none() {
                target.is_folder = true;
                break;
            }
            let name = percent_decode(segment).ok_or(Refusal::Malformed)?;
            let is_well_known = target.path.as_os_str().is_empty() && name == b".well-known";
            if !is_plain(&name, hidden) && !is_well_known {
                return Err(Refusal::Nothing);
            }
            target.path.push(OsString::from_vec(name));
        }
        Ok(target)
    }

    /// The path, relative to the root and not empty.
    pub(super) fn path(&self) -> &Path {
        if self.path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.path
        }
    }

    /// Where the folder is that this target names without its slash: a relative reference, so that it can lead nowhere
    /// else.
    pub(super) fn folder_location(&self, query: Option<&str>) -> String {
        let name = self.path.file_name().unwrap_or_default();
        // The dot keeps a colon in the name from making a scheme of it (RFC 3986 section 4.2).
        let mut location = String::from("./");
        percent_encode(name.as_encoded_bytes(), &mut location);
        location.push('/');
        if let Some(query) = query {
            location.push('?');
            location.push_str(query);
        }
        location
    }
}

/// Whether a decoded segment is a plain name. Names that begin with a dot are served only where that is asked for: `.git` and
/// `.env` are left in folders by accident. (`/.well-known/` is there on purpose, RFC 8615.)
fn is_plain(name: &[u8], hidden: bool) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && (hidden || !name.starts_with(b"."))
        && !name.iter().any(|byte| matches!(byte, b'\0' | b'/' | b'\\'))
}

/// RFC 3986 section 2.1; `None` where a percent sign is not followed by two hexadecimal digits.
fn percent_decode(segment: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let mut digit = || (bytes.next()? as char).to_digit(16);
            (digit()? * 16 + digit()?) as u8
        } else {
            byte
        });
    }
    Some(decoded)
}

/// Encodes everything but the unreserved characters (RFC 3986 section 2.3).
fn percent_encode(name: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in name {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => {
                out.push('%');
                out.push(DIGITS[usize::from(byte >> 4)] as char);
                out.push(DIGITS[usize::from(byte & 15)] as char);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str) -> Result<String, Refusal> {
        Target::parse(target, false).map(|target| target.path().display().to_string())
    }

    #[test]
    fn plain_names_are_decoded() {
        assert_eq!(path("/"), Ok(".".to_owned()));
        assert_eq!(path("/a/b.txt"), Ok("a/b.txt".to_owned()));
        assert_eq!(path("/a%20b/%C3%A4"), Ok("a b/ä".to_owned()));
        assert_eq!(
            path("/.well-known/security.txt"),
            Ok(".well-known/security.txt".to_owned())
        );
    }

    #[test]
    fn a_slash_at_the_end_means_a_folder() {
        assert_eq!(
            Target::parse("/a", false).map(|target| target.is_folder),
            Ok(false)
        );
        assert_eq!(
            Target::parse("/a/", false).map(|target| target.is_folder),
            Ok(true)
        );
        assert_eq!(
            Target::parse("/", false).map(|target| target.is_folder),
            Ok(true)
        );
    }

    #[test]
    fn what_is_not_a_plain_name_is_nothing() {
        for target in [
            "",
            "*",
            "//",
            "//a",
            "/a//b",
            "/.",
            "/..",
            "/../a",
            "/a/../b",
            "/%2e%2e/a",
            "/.%2E/a",
            "/a%2fb",
            "/%2F",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/.git/config",
            "/a/.env",
            "/a/.well-known/x",
        ] {
            assert_eq!(path(target), Err(Refusal::Nothing), "{target}");
        }
    }

    #[test]
    fn a_percent_sign_needs_two_digits() {
        for target in ["/%", "/%2", "/%zz", "/a%2", "/%+1", "/%é"] {
            assert_eq!(path(target), Err(Refusal::Malformed), "{target}");
        }
    }

    #[test]
    fn a_folder_is_relative_to_where_it_was_asked_for() {
        let location = |target: &str, query| {
            Target::parse(target, false)
                .expect("it is a path")
                .folder_location(query)
        };
        assert_eq!(location("/a/b", None), "./b/");
        assert_eq!(location("/x:y", Some("q=1")), "./x%3Ay/?q=1");
        assert_eq!(location("/%C3%A4%22", None), "./%C3%A4%22/");
    }

    #[test]
    fn hidden_names_are_names_where_that_is_asked_for() {
        let path = |target| Target::parse(target, true).map(|target| target.path().to_path_buf());
        assert_eq!(path("/.env"), Ok(".env".into()));
        assert_eq!(path("/a/%2Egit/config"), Ok("a/.git/config".into()));
        assert_eq!(path("/..."), Ok("...".into()));
        for target in ["/.", "/..", "/%2e%2e", "/a/../b", "/a/%2E/b", "/.%2e/b"] {
            assert_eq!(path(target), Err(Refusal::Nothing), "{target}");
        }
    }
}
