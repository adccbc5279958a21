//! A running command's control socket in its folder, and what the dead leave there.

use super::folder::{self, Lock, folders};
use crate::failure::reason;
use rustix::fs::{Mode, fchmod};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process;

/// Callers that may wait until they are accepted.
const BACKLOG: i32 = 128;

/// A control socket that listens. Dropping it takes it away.
///
/// After `--user` it cannot be taken away, because its folder is still root's: it is swept with those of the dead.
#[derive(Debug)]
pub(super) struct Endpoint {
    path: PathBuf,
}

impl Endpoint {
    /// Listens in the first folder that can be used.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(super) fn open() -> Result<(UnixListener, Self), String> {
        let mut why = String::new();
        for folder in folders() {
            match folder::make(&folder).and_then(|()| open_in(&folder)) {
                Ok(opened) => return Ok(opened),
                Err(error) => why = format!("{}: {}", folder.display(), reason(&error)),
            }
        }
        Err(why)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn open_in(folder: &Path) -> io::Result<(UnixListener, Endpoint)> {
    let _lock = Lock::take(folder)?;
    remove_dead(folder);
    let path = path(folder, process::id());
    let address = SocketAddrUnix::new(&path)?;
    let socket = new_socket()?;
    // Before it has a name, so that at no moment anybody else may connect.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &address)?;
    let endpoint = Endpoint { path };
    listen(&socket, BACKLOG)?;
    Ok((socket.into(), endpoint))
}

fn path(folder: &Path, pid: u32) -> PathBuf {
    folder.join(format!("{pid}.sock"))
}

/// The control sockets in a folder of this user: their processes, and where they are.
pub(super) fn sockets(folder: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    folder::check(folder)?;
    let mut sockets = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_suffix(".sock"))
            .and_then(|pid| pid.parse().ok());
        if let Some(pid) = pid
            && entry.file_type().is_ok_and(|kind| kind.is_socket())
        {
            sockets.push((pid, entry.path()));
        }
    }
    Ok(sockets)
}

/// Takes away what processes that were killed have left, unless somebody is at it already.
pub(super) fn sweep(folder: &Path) {
    if let Ok(_lock) = Lock::try_take(folder) {
        remove_dead(folder);
    }
}

/// With the lock held.
fn remove_dead(folder: &Path) {
    for (_, path) in sockets(folder).unwrap_or_default() {
        if is_dead(&path) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Nobody listens there any more.
fn is_dead(path: &Path) -> bool {
    let connected = SocketAddrUnix::new(path)
        .and_then(|address| new_socket().map(|socket| connect(socket, &address)));
    matches!(connected, Ok(Err(Errno::CONNREFUSED)))
}

/// A socket that never waits.
fn new_socket() -> Result<OwnedFd, Errno> {
    socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn home() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_socket_is_its_users_alone_and_gone_when_dropped() {
        let home = home();
        let (listener, endpoint) = open_in(home.path()).unwrap();
        let metadata = fs::metadata(&endpoint.path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        let found = sockets(home.path()).unwrap();
        assert_eq!(found, [(process::id(), endpoint.path.clone())]);
        drop((listener, endpoint));
        assert_eq!(sockets(home.path()).unwrap(), []);
    }

    #[test]
    fn what_the_dead_left_is_swept_and_the_living_and_others_files_stay() {
        let home = home();
        let left = UnixListener::bind(path(home.path(), 1)).unwrap();
        drop(left);
        let _alive = UnixListener::bind(path(home.path(), 2)).unwrap();
        for file in ["3.sock", "notes.txt"] {
            fs::write(home.path().join(file), "").unwrap();
        }
        sweep(home.path());
        let mut names: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["2.sock", "3.sock", "notes.txt"]);
    }

    #[test]
    fn a_socket_that_is_just_being_made_is_not_taken_for_a_dead_one() {
        let home = home();
        let _lock = Lock::take(home.path()).unwrap();
        let socket = new_socket().unwrap();
        let address = SocketAddrUnix::new(path(home.path(), 1)).unwrap();
        bind(&socket, &address).unwrap();
        sweep(home.path());
        assert_eq!(sockets(home.path()).unwrap().len(), 1);
    }

    #[test]
    fn the_name_of_a_process_that_lives_elsewhere_is_not_taken_from_it() {
        let home = home();
        // As with two containers that share a folder.
        let _other = UnixListener::bind(path(home.path(), process::id())).unwrap();
        let refused = open_in(home.path()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(sockets(home.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_path_that_is_too_long_is_an_error() {
        let home = home();
        let folder = home.path().join("a".repeat(120));
        folder::make(&folder).unwrap();
        let refused = open_in(&folder).unwrap_err();
        assert!(refused.to_string().contains("too long"), "{refused}");
    }
}
