//! Where in a file something stands.

use std::fmt;

/// A file's text, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// The place of the byte at `offset`.
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[begin..].chars().count() + 1;
        Place(format!("{}:{line}:{column}", self.name))
    }
}

/// A file, a line and a column, as editors and compilers write them: `periplus.toml:3:8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
