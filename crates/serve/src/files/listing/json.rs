//! A folder as a program reads it.

use super::Entries;
use serde::Serialize;
use std::io;
use time::UtcDateTime;

/// What the fields mean; it changes when one of them means something else, or is gone.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Folder<'a> {
    version: u32,
    /// Decoded, with a slash at both ends.
    path: &'a str,
    entries: Vec<Item>,
    /// There are more than are listed.
    more: bool,
}

#[derive(Serialize)]
struct Item {
    /// As text. What was none is a replacement character.
    name: String,
    /// Relative to the folder, and exact.
    href: String,
    r#type: &'static str,
    /// Bytes; of a file.
    size: Option<u64>,
    /// When it was modified, as RFC 3339 writes it.
    modified: Option<String>,
}

pub(super) fn render(path: &str, listed: &Entries) -> io::Result<Vec<u8>> {
    let entries = listed.entries.iter().map(|entry| Item {
        name: entry.shown(),
        href: entry.reference(),
        r#type: if entry.is_folder { "folder" } else { "file" },
        size: (!entry.is_folder).then_some(entry.length),
        modified: entry.modified.map(rfc3339),
    });
    let folder = Folder {
        version: VERSION,
        path,
        entries: entries.collect(),
        more: listed.more,
    };
    Ok(serde_json::to_vec(&folder)?)
}

/// To the second, in UTC.
pub(super) fn rfc3339(time: UtcDateTime) -> String {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.as_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
