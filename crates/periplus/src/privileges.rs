//! Giving up root when everything that needs it is open.

use crate::failure::{Failure, Kind, reason};
use crate::recording::LogFile;
use periplus_nic::{OpenError, OpenErrorKind, privileges};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Becomes `user`, who must then be able to read the files in `folders`, and is given the access log to open it again.
pub(crate) fn drop_to<'a>(
    user: &str,
    folders: impl Iterator<Item = &'a Path>,
    log: Option<&LogFile>,
) -> Result<(), Failure> {
    // Found while it is sure that the way there may be gone.
    let open = |folder| {
        let opened = openat(CWD, folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        let opened = opened.map_err(|error| Failure::cannot("open the folder", &error.into()))?;
        Ok((folder, opened))
    };
    let opened = folders.map(open).collect::<Result<Vec<_>, _>>()?;
    let uid = privileges::number_of(user).map_err(|error| failure(&error))?;
    // Whether that was enough is seen when this process is that user.
    let _ = log.map(|log| log.give_to(uid));
    privileges::drop_to(user).map_err(|error| failure(&error))?;
    for (folder, opened) in opened {
        is_readable(user, folder, &opened)?;
    }
    if let Some(log) = log {
        log.try_as(user);
    }
    Ok(())
}

fn failure(error: &OpenError) -> Failure {
    let kind = match error.kind() {
        OpenErrorKind::NoUser => Kind::Usage,
        OpenErrorKind::NotPermitted => Kind::Refused,
        _ => Kind::Running,
    };
    Failure::of(kind, error)
}

fn is_readable(user: &str, folder: &Path, opened: &OwnedFd) -> Result<(), Failure> {
    accessat(
        opened,
        ".",
        Access::READ_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    )
    .map_err(|error| {
        let (folder, error) = (folder.display(), io::Error::from(error));
        let what = format!("cannot serve {folder} as {user}: {}", reason(&error));
        Failure::new(Kind::Refused, what).fix(format!(
            "Let that user read it, as by `chmod -R o+rX {folder}`, or name another."
        ))
    })
}
