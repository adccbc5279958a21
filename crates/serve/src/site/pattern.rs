//! Which paths a rule is for.

use regex::bytes::{Captures, Regex, RegexBuilder};
use std::fmt;
use std::fmt::Write;

/// A pattern for decoded paths: `?` is a character and `*` any number of them but for `/`; `**` is any number of characters.
/// One without a slash is for the last segment alone. Each `*` and `**` takes as much as it can, the first before the others.
///
/// It is a regular expression in other letters, and matched as one: in a time that is linear in the path, whatever the
/// pattern, and with what each star stood for. Libraries for patterns of files do not tell the latter.
#[derive(Clone)]
pub struct Pattern {
    text: Box<str>,
    regex: Regex,
    is_for_last_segment: bool,
}

/// What a pattern may take to be matched, in bytes: more than a thousand characters need.
const SIZE: usize = 1 << 20;

impl Pattern {
    /// The pattern that `text` says.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".into());
        }
        if text.contains("***") {
            return Err("`***` is no more than `**`: leave one star out".into());
        }
        if text.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(
                "no path that is served has a backslash or a control character: leave it out"
                    .into(),
            );
        }
        let is_for_last_segment = !text.contains('/');
        if !is_for_last_segment && !text.starts_with('/') && !text.starts_with("**") {
            return Err(format!(
                "every path begins with a slash, and so must a pattern with slashes: write `/{text}` or `**/{text}`"
            ));
        }
        let regex = RegexBuilder::new(&expression(text))
            .dot_matches_new_line(true)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build()
            .map_err(|_| "it is too long for a pattern: shorten it")?;
        Ok(Self {
            text: text.into(),
            regex,
            is_for_last_segment,
        })
    }

    /// The text it was made of.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is for this decoded path.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        self.regex.is_match(self.part(path))
    }

    /// What its stars stand for in this decoded path, if it is for it.
    pub(super) fn captures<'p>(&self, path: &'p [u8]) -> Option<Captures<'p>> {
        self.regex.captures(self.part(path))
    }

    /// How many stars there are to stand for something.
    pub(super) fn stars(&self) -> usize {
        self.regex.captures_len() - 1
    }

    fn part<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        if self.is_for_last_segment {
            let start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
            &path[start..]
        } else {
            path
        }
    }
}

/// The pattern as a regular expression. A path is bytes, and where they are no UTF-8, only a star stands for them.
fn expression(pattern: &str) -> String {
    let mut expression = String::from("^");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let _ = match letter {
            '*' if letters.next_if_eq(&'*').is_some() => write!(expression, "((?-u:.)*)"),
            '*' => write!(expression, "((?-u:[^/])*)"),
            '?' => write!(expression, "[^/]"),
            _ => write!(
                expression,
                "{}",
                regex::escape(letter.encode_utf8(&mut [0; 4]))
            ),
        };
    }
    expression.push('$');
    expression
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests;
