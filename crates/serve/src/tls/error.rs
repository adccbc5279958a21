//! Why TLS cannot be spoken as it was asked for.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with the certificates or keys that were named, where, and what to do about it.
#[derive(Debug)]
pub struct TlsError {
    file: Option<PathBuf>,
    wrong: String,
    fix: &'static str,
}

impl TlsError {
    pub(super) fn in_file(file: &Path, wrong: impl Into<String>, fix: &'static str) -> Self {
        Self {
            file: Some(file.to_owned()),
            wrong: wrong.into(),
            fix,
        }
    }

    pub(super) fn new(wrong: impl Into<String>, fix: &'static str) -> Self {
        Self {
            file: None,
            wrong: wrong.into(),
            fix,
        }
    }

    /// What is wrong, and where.
    pub fn what(&self) -> String {
        match &self.file {
            Some(file) => format!("{}: {}", file.display(), self.wrong),
            None => self.wrong.clone(),
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        self.fix
    }

    /// The file that is at fault, where it is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.fix)
    }
}

impl std::error::Error for TlsError {}
