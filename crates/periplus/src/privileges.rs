//! Giving up root when everything that needs it is open.

use crate::failure::{Failure, Kind, reason};
use periplus_nic::{OpenErrorKind, privileges};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat};
use std::io;
use std::path::Path;

/// Becomes `user`, who must then be able to read the files in `folder`.
pub(crate) fn drop_to(user: &str, folder: &Path) -> Result<(), Failure> {
    // Found while it is sure that the way there may be gone.
    let opened = openat(CWD, folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| Failure::cannot("open the folder", &error.into()))?;
    privileges::drop_to(user).map_err(|error| {
        let kind = match error.kind() {
            OpenErrorKind::NoUser => Kind::Usage,
            OpenErrorKind::NotPermitted => Kind::Refused,
            _ => Kind::Running,
        };
        Failure::of(kind, &error)
    })?;
    accessat(
        &opened,
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
