//! `[log]`: what is said of what was served.

use super::key::{Heading, key, open};
use super::section::Section;
use std::path::{Path, PathBuf};

pub(super) const HEADING: Heading = Heading {
    path: "log",
    many: false,
    about: "What is said of what was served.",
    keys: &[
        open(
            "access",
            "\"access.jsonl\"",
            "A file to which every request is added as a line of JSON, with the stations; \"-\" is standard output. Without it, there is none.",
        ),
        key(
            "level",
            "\"journeys\"",
            "What the terminal shows. \"journeys\": of at most one request a second, station by station. \"quiet\": addresses and faults only.",
        ),
    ],
};

/// What the section says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Log {
    /// Where the access log goes; `-` is standard output.
    pub(crate) access: Option<PathBuf>,
    /// Journeys are not shown on the terminal.
    pub(crate) quiet: bool,
}

impl Log {
    pub(super) fn from_section(section: &Section<'_>) -> Self {
        let written = section.as_written("access");
        let access = section.path("access").map(|(path, _)| path);
        Self {
            access: match written.as_deref() {
                Some("-") => Some(Path::new("-").into()),
                _ => access,
            },
            quiet: section
                .choice("level", &[("journeys", false), ("quiet", true)])
                .unwrap_or_default(),
        }
    }
}
