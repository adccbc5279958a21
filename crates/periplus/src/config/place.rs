//! Where in a file something stands.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file's text, and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    /// The variables of the environment that speak along. The first stands one byte behind the text, and so on.
    pub(super) variables: Vec<String>,
}

impl Source<'_> {
    /// The place of the byte at `offset`.
    pub(super) fn place(&self, offset: usize) -> Place {
        if let Some(variable) = self.variable(offset) {
            return Place(variable.to_string());
        }
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[begin..].chars().count() + 1;
        Place(format!("{}:{line}:{column}", self.name))
    }

    /// The path that is written as `text` at `offset`: in a file it is seen from where that file lies.
    pub(super) fn path(&self, text: &str, offset: usize) -> PathBuf {
        if self.variable(offset).is_some() {
            return text.into();
        }
        let folder = Path::new(self.name).parent();
        folder.map_or_else(|| text.into(), |folder| folder.join(text))
    }

    fn variable(&self, offset: usize) -> Option<&String> {
        let behind = offset.checked_sub(self.text.len() + 1)?;
        self.variables.get(behind)
    }
}

/// A file, a line and a column, as editors and compilers write them: `periplus.toml:3:8`. Or a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
