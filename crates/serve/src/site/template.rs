//! Where a rule leads: text in which `$1` is what the pattern's first star stood for.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use regex::bytes::Captures;

/// What is encoded where it stands for itself: all but the unreserved characters (RFC 3986 section 2.3) and slashes. So what
/// a client sent never ends a path, a query or a header line.
const STAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// What is in no URI (RFC 3986 appendix A): encoded in what is a URI already.
const NO_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Whether a URI may be whole, or a path only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A path with a query and a fragment if need be, or a whole URI.
    Reference,
    /// A path alone.
    Path,
}

/// A path or URI to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
    is_path: bool,
    fragment: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// By its number, from 1.
    Star(usize),
}

impl Template {
    /// The template that `text` says, for a pattern with so many stars.
    pub(super) fn parse(text: &str, kind: Kind, stars: usize) -> Result<Self, String> {
        let is_path = text.starts_with('/');
        if text.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(format!(
                "`{}` has a backslash or a control character, as no URI has",
                text.escape_debug()
            ));
        }
        // `//host` is a host too (RFC 3986 section 4.2), and rarely meant to be.
        if text.starts_with("//") || !(is_path || kind == Kind::Reference && is_whole(text)) {
            let wanted = match kind {
                Kind::Reference => {
                    "a path that begins with one slash, or a URI that begins with `https://` and a host that has no `$`"
                }
                Kind::Path => "a path that begins with one slash",
            };
            return Err(format!("`{text}` leads nowhere: write {wanted}"));
        }
        if kind == Kind::Path && text.contains(['?', '#']) {
            return Err(format!(
                "`{text}` is more than a path: leave out what begins with `?` or `#`, or write %3F or %23"
            ));
        }
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if fragment.contains('$') {
            return Err("a `$` cannot stand behind a `#`".into());
        }
        Ok(Self {
            parts: parts(text, stars)?,
            is_path,
            fragment: encoded(fragment)?,
        })
    }

    /// The URI or path, with the request's query.
    pub(super) fn fill(&self, captures: &Captures<'_>, query: Option<&str>) -> String {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Star(star) => {
                    let bytes = captures.get(*star).map_or(&b""[..], |star| star.as_bytes());
                    filled.extend(percent_encode(bytes, STAR));
                }
            }
        }
        if self.is_path {
            // Two slashes would be a host, and a star may have brought the second.
            let slashes = filled.len() - filled.trim_start_matches('/').len();
            filled.drain(..slashes - 1);
        }
        if let Some(query) = query {
            filled.push(if filled.contains('?') { '&' } else { '?' });
            filled.extend(utf8_percent_encode(query, NO_URI));
        }
        if !self.fragment.is_empty() {
            filled.push('#');
            filled.push_str(&self.fragment);
        }
        filled
    }
}

/// `target`, a path with its query, as it may stand in a header line.
pub(super) fn as_uri(target: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(target, NO_URI)
}

/// Whether it is a URI with a host that no star can change.
fn is_whole(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // What is `https://host$1` with a star that stands for `.elsewhere.example`?
        end > 0 && !rest[..end].contains(['$', '@', ' '])
    })
}

fn parts(text: &str, stars: usize) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut pieces = text.split('$');
    parts.extend(pieces.next().map(encoded).transpose()?.map(Part::Text));
    for piece in pieces {
        let digit = piece.chars().next().and_then(|c| c.to_digit(10));
        match digit.map(|digit| digit as usize) {
            Some(star) if (1..=stars).contains(&star) => parts.push(Part::Star(star)),
            Some(star) => {
                return Err(format!(
                    "`${star}` stands for nothing: the pattern has {stars} of `*` and `**`"
                ));
            }
            None => {
                return Err(format!(
                    "the `$` in `{text}` has no digit behind it: write %24 for the character"
                ));
            }
        }
        parts.push(Part::Text(encoded(&piece[1..])?));
    }
    Ok(parts)
}

/// What was written by hand as it is in a URI. Escapes are left as they are.
fn encoded(text: &str) -> Result<String, String> {
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(format!(
                "the `%` in `{text}` has no two hexadecimal digits behind it: write %25 for the character"
            ));
        }
    }
    Ok(as_uri(text).collect())
}

#[cfg(test)]
mod tests;
