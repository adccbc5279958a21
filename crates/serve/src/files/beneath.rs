//! Finding and opening what a path names, without ever leaving the root.

use super::patience::{Patience, WOULD_WAIT};
use rustix::fs::{CWD, Mode, OFlags, fstat, open, openat};
use rustix::io::{Errno, Result};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

/// To look at, and not to open: to open a FIFO wakes who waits to write to it, and to open a device may do anything at all.
const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// To read what was looked at and is a file. Whatever it may have become meanwhile, this never waits for it.
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

/// What a path names, held and not yet opened.
#[derive(Debug)]
pub(super) struct Named {
    /// To be asked what it is, and to be opened by [`open_named`].
    pub(super) fd: OwnedFd,
    /// A link was on the way.
    pub(super) by_link: bool,
}

/// Finds what is named by `path`, relative to `root`. A path that leads out of the root is an error, whether by its names or
/// by a link on the way.
pub(super) fn find_beneath(root: BorrowedFd<'_>, path: &Path, patience: Patience) -> Result<Named> {
    let found = match resolve(root, path, LOOK, false, patience) {
        // There is a link on the way.
        Err(Errno::LOOP) => {
            resolve(root, path, LOOK, true, patience).map(|fd| Named { fd, by_link: true })
        }
        found => found.map(|fd| Named { fd, by_link: false }),
    };
    match found {
        // These mean nothing as long as it may not wait: a kernel before 5.12 knows no `RESOLVE_CACHED`, for one.
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) if patience == Patience::None => {
            Err(WOULD_WAIT)
        }
        // A kernel before 5.6, or a sandbox that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => {
            find_stepwise(root, path).map(|fd| Named { fd, by_link: false })
        }
        found => found,
    }
}

/// Opens the file that was found at `path`: this very one, whatever the path names by now.
pub(super) fn open_named(root: BorrowedFd<'_>, path: &Path, named: &Named) -> Result<OwnedFd> {
    let by_number = format!("/proc/self/fd/{}", named.fd.as_raw_fd());
    match openat(CWD, by_number, READ, Mode::empty()) {
        // Without /proc it is opened by its path once more, and must be the same.
        Err(Errno::NOENT | Errno::NOTDIR) => {}
        opened => return opened,
    }
    let opened = resolve(root, path, READ, named.by_link, Patience::Any)?;
    let (found, opened_is) = (fstat(&named.fd)?, fstat(&opened)?);
    if (found.st_dev, found.st_ino) != (opened_is.st_dev, opened_is.st_ino) {
        return Err(Errno::NOENT);
    }
    Ok(opened)
}

/// The kernel resolves the path, and refuses what is not beneath. Links may lead anywhere inside the root, where they are
/// followed at all.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn resolve(
    root: BorrowedFd<'_>,
    path: &Path,
    flags: OFlags,
    links: bool,
    patience: Patience,
) -> Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let mut how = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    if !links {
        how |= ResolveFlags::NO_SYMLINKS;
    }
    if patience == Patience::None {
        return openat2(root, path, flags, Mode::empty(), how | ResolveFlags::CACHED);
    }
    let mut opened = Err(Errno::AGAIN);
    for _ in 0..TRIES {
        opened = openat2(root, path, flags, Mode::empty(), how);
        if !matches!(opened, Err(Errno::AGAIN)) {
            break;
        }
    }
    opened
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn resolve(_: BorrowedFd<'_>, _: &Path, _: OFlags, _: bool, _: Patience) -> Result<OwnedFd> {
    Err(Errno::NOSYS)
}

/// Finds name by name, following no link at all.
fn find_stepwise(root: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut names = path.components().peekable();
    while let Some(name) = names.next() {
        let (Component::Normal(name), last) = (name, names.peek().is_none()) else {
            break;
        };
        let from = folder.as_ref().map_or(root, AsFd::as_fd);
        let flags = if last { LOOK } else { FOLDER };
        let opened = openat(from, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
        if last {
            return Ok(opened);
        }
        folder = Some(opened);
    }
    // Only `.`, the root, has no name to open.
    if path == Path::new(".") {
        openat(root, ".", LOOK, Mode::empty())
    } else {
        Err(Errno::XDEV)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::FileType;
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

    /// What is found is a link, and not what it leads to.
    fn is_link(found: &Result<OwnedFd>) -> bool {
        found.as_ref().is_ok_and(|found| {
            let stat = fstat(found).expect("it is held");
            FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
        })
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
                find_beneath(root.as_fd(), Path::new(path), Patience::Any).is_ok(),
                "{path}"
            );
            assert!(
                find_stepwise(root.as_fd(), Path::new(path)).is_ok(),
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
                    find_beneath(root.as_fd(), Path::new(path), patience).is_err(),
                    "{path}"
                );
            }
            let stepwise = find_stepwise(root.as_fd(), Path::new(path));
            assert!(stepwise.is_err() || is_link(&stepwise), "{path}");
        }
    }

    #[test]
    fn step_by_step_no_link_is_followed() {
        let (_around, root) = folders();
        // With `O_PATH` the last name may be a link, which is then found itself, and is no file.
        assert!(is_link(&find_stepwise(root.as_fd(), Path::new("inside"))));
        assert!(find_stepwise(root.as_fd(), Path::new("up/root")).is_err());
    }
}
