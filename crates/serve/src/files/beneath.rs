//! Opening a path without ever leaving the root.

use super::patience::{Patience, WOULD_WAIT};
use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::{Errno, Result};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

/// To read, and never to wait: opening a FIFO that nobody writes to would block. What is opened besides a regular file or
/// a folder is closed again unread.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// A folder on the way, or the root.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Tries when a rename elsewhere keeps the kernel from saying whether a path stayed beneath the root.
const TRIES: usize = 8;

/// Opens the root itself.
pub(super) fn open_root(root: &Path) -> Result<OwnedFd> {
    open(root, FOLDER, Mode::empty())
}

/// Opens `path`, relative to `root`, for reading. A path that leads out of the root is an error, whether by its names or
/// by a link on the way.
pub(super) fn open_beneath(
    root: BorrowedFd<'_>,
    path: &Path,
    patience: Patience,
) -> Result<OwnedFd> {
    match open_resolved(root, path, patience) {
        // These mean nothing as long as it may not wait: a kernel before 5.12 knows no `RESOLVE_CACHED`, for one.
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) if patience == Patience::None => {
            Err(WOULD_WAIT)
        }
        // A kernel before 5.6, or a sandbox that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => open_stepwise(root, path),
        opened => opened,
    }
}

/// The kernel resolves the path, and refuses what is not beneath: links may lead anywhere inside the root.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn open_resolved(root: BorrowedFd<'_>, path: &Path, patience: Patience) -> Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    if patience == Patience::None {
        return openat2(
            root,
            path,
            READ,
            Mode::empty(),
            resolve | ResolveFlags::CACHED,
        );
    }
    let mut opened = Err(Errno::AGAIN);
    for _ in 0..TRIES {
        opened = openat2(root, path, READ, Mode::empty(), resolve);
        if !matches!(opened, Err(Errno::AGAIN)) {
            break;
        }
    }
    opened
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_resolved(_: BorrowedFd<'_>, _: &Path, _: Patience) -> Result<OwnedFd> {
    Err(Errno::NOSYS)
}

/// Opens name by name, following no link at all.
pub(super) fn open_stepwise(root: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut names = path.components().peekable();
    while let Some(name) = names.next() {
        let (Component::Normal(name), last) = (name, names.peek().is_none()) else {
            break;
        };
        let from = folder.as_ref().map_or(root, AsFd::as_fd);
        let flags = if last { READ } else { FOLDER };
        let opened = openat(from, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
        if last {
            return Ok(opened);
        }
        folder = Some(opened);
    }
    // Only `.`, the root, has no name to open.
    if path == Path::new(".") {
        openat(root, ".", READ, Mode::empty())
    } else {
        Err(Errno::XDEV)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A root with a file, a folder, and links inside and outside; beside it a secret.
    fn folders() -> (tempfile::TempDir, OwnedFd) {
        let around = tempfile::tempdir().expect("a folder can be made");
        let root = around.path().join("root");
        fs::create_dir_all(root.join("folder")).expect("it is new");
        fs::write(around.path().join("secret"), "secret").expect("it is new");
        fs::write(root.join("folder/file"), "file").expect("it is new");
        symlink("folder/file", root.join("inside")).expect("it is new");
        symlink("../secret", root.join("outside")).expect("it is new");
        symlink("/etc", root.join("absolute")).expect("it is new");
        symlink("..", root.join("up")).expect("it is new");
        symlink("loop", root.join("loop")).expect("it is new");
        let opened = open_root(&root).expect("it is a folder");
        (around, opened)
    }

    const ESCAPES: [&str; 8] = [
        "outside",
        "absolute/passwd",
        "up/secret",
        "up",
        "../secret",
        "folder/../../secret",
        "/etc/passwd",
        "loop",
    ];

    #[test]
    fn what_is_beneath_is_opened() {
        let (_around, root) = folders();
        for path in ["folder/file", "folder", "."] {
            assert!(
                open_beneath(root.as_fd(), Path::new(path), Patience::Any).is_ok(),
                "{path}"
            );
            assert!(
                open_stepwise(root.as_fd(), Path::new(path)).is_ok(),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_not_beneath_is_not() {
        let (_around, root) = folders();
        for path in ESCAPES {
            for patience in [Patience::Any, Patience::None] {
                assert!(
                    open_beneath(root.as_fd(), Path::new(path), patience).is_err(),
                    "{path}"
                );
            }
            assert!(
                open_stepwise(root.as_fd(), Path::new(path)).is_err(),
                "{path}"
            );
        }
    }

    #[test]
    fn step_by_step_no_link_is_followed() {
        let (_around, root) = folders();
        assert_eq!(
            open_stepwise(root.as_fd(), Path::new("inside")).err(),
            Some(Errno::LOOP)
        );
    }
}
