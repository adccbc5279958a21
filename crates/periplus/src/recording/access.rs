//! The access log's file, and opening it anew: whoever rotates logs moves it away and sends a signal.

use crate::failure::{Failure, Kind, reason};
use crate::talk;
use periplus_logbook::access::{AccessLog, AccessLogHandle};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Standard output, which cannot be opened anew.
const STDOUT: &str = "-";

/// How the file is opened anew; nothing happens where there is no access log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rotation(Option<AccessLogHandle>);

/// Where lines may go.
pub(crate) enum Page {
    /// A file that is open.
    File(File),
    Stdout,
}

impl Rotation {
    pub(super) fn of(handle: AccessLogHandle) -> Self {
        Self(Some(handle))
    }

    /// How many lines could not be written so far.
    pub(crate) fn lost(&self) -> u64 {
        self.0.as_ref().map_or(0, AccessLogHandle::lost)
    }

    /// Opens the file at `path`, for what comes once it is [turned to](Self::turn). Standard output is as open as it was.
    pub(crate) fn prepare(&self, path: &Path) -> Result<Page, Failure> {
        Ok(match path == Path::new(STDOUT) {
            true => Page::Stdout,
            false => Page::File(append(path)?),
        })
    }

    /// Has lines go there from now on.
    pub(crate) fn turn(&self, page: Page) {
        match (&self.0, page) {
            (Some(handle), Page::File(file)) => handle.replace(file),
            (Some(handle), Page::Stdout) => handle.replace(io::stdout()),
            (None, _) => {}
        }
    }
}

/// Opens the log at `path`.
pub(super) fn open(path: &Path) -> Result<AccessLog, Failure> {
    let tell = |what: &str| talk::say(&format!("periplus: {what}"));
    if path == Path::new(STDOUT) {
        let name = "the access log to standard output";
        return Ok(AccessLog::new(name, io::stdout(), tell));
    }
    let name = format!("the access log {}", path.display());
    Ok(AccessLog::new(name, append(path)?, tell))
}

fn append(path: &Path) -> Result<File, Failure> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| {
        let what = format!("cannot write the access log {}: {}", path.display(), reason(&error));
        Failure::new(Kind::Running, what)
            .fix("Name a file in a folder that exists and that this user may write, or `-` for standard output.")
    })
}
