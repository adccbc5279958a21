//! Looking at what is in a folder.

use super::{Entries, Entry};
use crate::files::beneath::open_named;
use crate::files::locate::find;
use crate::files::patience::Patience;
use rustix::fs::{AtFlags, Dir, FileType, Stat, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use time::UtcDateTime;

/// What is listed of a folder at most. A page of more would be read by nobody, and made for as long as it takes.
pub(super) const MOST: usize = 10_000;

/// Names that are looked at, at most, for those that are listed.
const LOOKED_AT: usize = 10 * MOST;

/// What is served of the folder at `path` under `root`, in the file system's order; `None` if it is gone.
pub(super) fn entries(root: &OwnedFd, path: &Path, hidden: bool) -> io::Result<Option<Entries>> {
    let Some((named, _)) = find(root, path, Patience::Any)? else {
        return Ok(None);
    };
    let folder = open_named(root.as_fd(), path, &named)?;
    let mut listed = Entries {
        entries: Vec::new(),
        more: false,
    };
    for (looked_at, found) in Dir::read_from(&folder)?.enumerate() {
        let found = found?;
        let name = found.file_name();
        if !is_listed(name.to_bytes(), hidden) {
            continue;
        }
        if listed.entries.len() == MOST || looked_at >= LOOKED_AT {
            listed.more = true;
            break;
        }
        let status = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) if file_type(&status) != FileType::Symlink => status,
            // What a link leads to is listed if it would be served.
            Ok(_) => {
                let path = path.join(OsStr::from_bytes(name.to_bytes()));
                match find(root, &path, Patience::Any) {
                    Ok(Some((_, status))) => status,
                    _ => continue,
                }
            }
            // It went while we looked, or cannot be looked at: no reason to show none of the others.
            Err(Errno::NOENT | Errno::ACCESS | Errno::STALE | Errno::IO | Errno::NOTCONN) => {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        listed.entries.extend(entry(name.to_bytes(), &status));
    }
    Ok(Some(listed))
}

/// Whether a name is one that would be served.
fn is_listed(name: &[u8], hidden: bool) -> bool {
    let is_hidden = name.starts_with(b".");
    !matches!(name, b"." | b"..") && (hidden || !is_hidden) && !name.contains(&b'\\')
}

fn entry(name: &[u8], status: &Stat) -> Option<Entry> {
    let is_folder = match file_type(status) {
        FileType::RegularFile => false,
        FileType::Directory => true,
        // Nothing else is served.
        _ => return None,
    };
    Some(Entry {
        name: name.into(),
        is_folder,
        length: u64::try_from(status.st_size).unwrap_or(0),
        modified: UtcDateTime::from_unix_timestamp(status.st_mtime).ok(),
    })
}

fn file_type(status: &Stat) -> FileType {
    FileType::from_raw_mode(status.st_mode)
}
