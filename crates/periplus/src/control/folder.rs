//! Where the control sockets lie: in a folder that is the user's alone.

use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Names another folder than the usual ones.
pub(crate) const VARIABLE: &str = "PERIPLUS_RUNTIME_DIR";

/// root's own.
const ROOTS: &str = "/run/periplus";

/// The folders in which this user's control sockets may be, the preferred one first. A running command uses the first that
/// it can; who asks looks in all of them, because the two may have been started in different surroundings.
///
/// root prefers `/run/periplus`: `$XDG_RUNTIME_DIR` is taken away when its user logs out.
pub(crate) fn folders() -> Vec<PathBuf> {
    let from = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = from(VARIABLE) {
        return vec![folder.into()];
    }
    let user = geteuid();
    let mut folders = Vec::new();
    if user.is_root() {
        folders.push(ROOTS.into());
    }
    if let Some(runtime) = from("XDG_RUNTIME_DIR").map(PathBuf::from)
        && runtime.is_absolute()
    {
        folders.push(runtime.join("periplus"));
    }
    let usual = PathBuf::from(format!("/run/user/{}/periplus", user.as_raw()));
    if !folders.contains(&usual) {
        folders.push(usual);
    }
    folders.push(format!("/tmp/periplus-{}", user.as_raw()).into());
    folders
}

/// Whether root has a folder into which this user may not look.
pub(crate) fn is_closed_to_us() -> bool {
    let closed = |error: io::Error| error.kind() == ErrorKind::PermissionDenied;
    std::env::var_os(VARIABLE).is_none() && fs::read_dir(ROOTS).is_err_and(closed)
}

/// Makes the folder if it is not there. Its parent must be.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => check(folder),
    }
}

/// Nobody else may put anything into the folder, or take anything out: in `/tmp` anybody can make one by that name.
pub(super) fn check(folder: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(folder)?;
    let is_ours = metadata.uid() == geteuid().as_raw() && metadata.mode() & 0o022 == 0;
    if metadata.is_dir() && is_ours {
        return Ok(());
    }
    Err(io::Error::new(
        ErrorKind::PermissionDenied,
        "it is not a folder of this user alone",
    ))
}

/// Held while sockets are made or taken away in a folder: one that is bound and does not listen yet looks like one whose
/// process is dead.
pub(super) struct Lock(#[expect(dead_code, reason = "closed when dropped")] File);

impl Lock {
    /// Waits for whoever holds it, which is never for long.
    pub(super) fn take(folder: &Path) -> io::Result<Self> {
        Self::with(folder, FlockOperation::LockExclusive)
    }

    /// Only if nobody holds it.
    pub(super) fn try_take(folder: &Path) -> io::Result<Self> {
        Self::with(folder, FlockOperation::NonBlockingLockExclusive)
    }

    fn with(folder: &Path, operation: FlockOperation) -> io::Result<Self> {
        let folder = File::open(folder)?;
        flock(&folder, operation)?;
        Ok(Self(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_folder_is_made_for_its_user_alone_and_found_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("periplus");
        make(&folder).unwrap();
        make(&folder).unwrap();
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_others_may_write_or_that_lies_elsewhere_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("periplus");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o777)).unwrap();
        let refused = make(&folder).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        let link = home.path().join("link");
        symlink(home.path(), &link).unwrap();
        assert!(make(&link).is_err());
    }
}
