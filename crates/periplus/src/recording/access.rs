//! The access log's file, and opening it anew: whoever rotates logs moves it away and sends a signal.

use crate::failure::{Failure, Kind, reason};
use crate::talk;
use periplus_logbook::access::{AccessLog, AccessLogHandle};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fcntl_getfl, fcntl_setfl, openat2};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

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

/// The file that this run opened, and may have to open again when it is no longer root.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// Makes it `uid`'s, who could not open it again otherwise.
    ///
    /// Not so where the path leads over a link or the file has another name: whoever may write in a folder on the way could
    /// have put a link there to a file that must stay root's.
    pub(crate) fn give_to(&self, uid: u32) -> io::Result<()> {
        let file = self.file.metadata()?;
        let how = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let named = openat2(
            CWD,
            &self.path,
            how,
            Mode::empty(),
            ResolveFlags::NO_SYMLINKS,
        )?;
        let named = File::from(named).metadata()?;
        let is_the_same = (file.dev(), file.ino()) == (named.dev(), named.ino());
        // Of how many names it has now: of an older look one may have been taken away since.
        if file.is_file() && is_the_same && named.nlink() == 1 && file.uid() != uid {
            // Its group may be one that reads logs.
            fchown(&self.file, Some(uid), None)?;
        }
        Ok(())
    }

    /// Warns if `user`, who this process is by now, cannot open it again.
    pub(crate) fn try_as(&self, user: &str) {
        if let Err(error) = open_without_waiting(OpenOptions::new().append(true), &self.path) {
            let (path, reason) = (self.path.display(), reason(&error));
            talk::say(&format!(
                "periplus: {user} cannot open the access log {path} again: {reason}; to rotate it, and to read the configuration \
                 again, will fail\n  Let that user write it, as by `chown {user} {path}`."
            ));
        }
    }
}

/// Opens the log at `path`; on standard output it is no file of this run.
pub(super) fn open(path: &Path) -> Result<(AccessLog, Option<LogFile>), Failure> {
    let tell = |what: &str| talk::say(&format!("periplus: {what}"));
    if path == Path::new(STDOUT) {
        let name = "the access log to standard output";
        return Ok((AccessLog::new(name, io::stdout(), tell), None));
    }
    let name = format!("the access log {}", path.display());
    let file = append(path)?;
    let kept = file
        .try_clone()
        .map_err(|error| Failure::cannot("open the access log", &error))?;
    let log = LogFile {
        path: path.into(),
        file: kept,
    };
    Ok((AccessLog::new(name, file, tell), Some(log)))
}

fn append(path: &Path) -> Result<File, Failure> {
    let opened = open_without_waiting(OpenOptions::new().append(true).create(true), path);
    opened.map_err(|error| {
        if Errno::from_io_error(&error) == Some(Errno::NXIO) {
            let what = format!("cannot write the access log {}: it is a FIFO that nobody reads", path.display());
            return Failure::new(Kind::Running, what).fix("Start what reads it first, or name a file.");
        }
        let what = format!("cannot write the access log {}: {}", path.display(), reason(&error));
        Failure::new(Kind::Running, what)
            .fix("Name a file in a folder that exists and that this user may write, or `-` for standard output.")
    })
}

/// Opens what may be a FIFO: until somebody reads it that would wait, and the server with it. Writing to it waits as ever.
fn open_without_waiting(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flag = OFlags::NONBLOCK.bits() as i32;
    let file = options.custom_flags(flag).open(path)?;
    let flags = fcntl_getfl(&file)?;
    fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(file)
}
