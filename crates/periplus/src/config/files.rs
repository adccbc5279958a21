//! `[files]`: how files are read, and what is kept of them.

use super::key::{Heading, key};
use super::section::Section;
use super::units::{A_SIZE, size};
use periplus_serve::{FilesOptions, ReadMode};

pub(super) const HEADING: Heading = Heading {
    path: "files",
    many: false,
    about: "How files are read, and what is kept of them.",
    keys: &[
        key(
            "read",
            "\"async\"",
            "\"async\": what has to come from a disk is read beside the stack. \"blocking\": on the stack's own thread, to be looked at.",
        ),
        key(
            "cache",
            "\"64 MiB\"",
            "What small files may take that are kept to be sent again: B, KiB, MiB or GiB.",
        ),
        key("open_files", "1024", "How many files are kept open."),
        key(
            "reads_in_flight",
            "64",
            "How many reads may be under way at a time.",
        ),
    ],
};

/// What the section says, and where it says nothing the usual.
pub(super) fn options(section: &Section<'_>) -> FilesOptions {
    let usual = FilesOptions::default();
    let modes = [("async", ReadMode::Async), ("blocking", ReadMode::Blocking)];
    let count = |key, usual| {
        let number = section.number(key, "a number, 1 to 1000000", 1..=1_000_000);
        number.map_or(usual, |number| number as usize)
    };
    FilesOptions {
        read: section.choice("read", &modes).unwrap_or(usual.read),
        cache: section
            .parsed("cache", A_SIZE, size)
            .map_or(usual.cache, |(size, _)| size),
        open_files: count("open_files", usual.open_files),
        reads_in_flight: count("reads_in_flight", usual.reads_in_flight),
        ..usual
    }
}
