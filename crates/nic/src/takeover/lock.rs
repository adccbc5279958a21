//! Who may take an interface over: one at a time, whoever is holding it or still putting it back.

use crate::{OpenError, OpenErrorKind};
use std::fs;
use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long is waited for one that is just being let go.
const PATIENCE: Duration = Duration::from_secs(2);

/// A name that one process has, and its guardian: an abstract unix socket, which is gone with the last descriptor of it, and
/// is known within one network namespace, as the interface is.
#[derive(Debug)]
pub(super) struct Lock(UnixListener);

impl Lock {
    /// Takes the interface `name`, waiting for who has it, but not for long.
    pub(super) fn acquire(name: &str) -> Result<Self, OpenError> {
        let refused = |error| OpenError::refused(format!("lock {name}"), &error);
        let address = SocketAddr::from_abstract_name(format!("periplus-nic-{name}"));
        let address = address.map_err(refused)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match UnixListener::bind_addr(&address) {
                Ok(listener) => return Ok(Self(listener)),
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    return Err(refused(error));
                }
                Err(_) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match UnixStream::connect_addr(&address) {
                Ok(holder) if left.is_zero() => return Err(busy(name, &holder)),
                Ok(holder) => wait(holder, left),
                // it went in between, or has only just come
                Err(_) if !left.is_zero() => thread::yield_now(),
                Err(error) => return Err(refused(error)),
            }
        }
    }
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Waits until the holder is gone, which ends the connection: nobody ever accepts it.
fn wait(mut holder: UnixStream, at_most: Duration) {
    // whatever the outcome, the lock is tried next
    let _ = holder.set_read_timeout(Some(at_most));
    let _ = holder.read(&mut [0]);
}

fn busy(name: &str, holder: &UnixStream) -> OpenError {
    let fix = "End it first, or name another interface.";
    let who = match process(holder) {
        Some(process) => format!("process {process}"),
        None => "a process of another namespace".to_owned(),
    };
    let what = format!("cannot take {name} over: {who} has it");
    OpenError::new(OpenErrorKind::Busy, what).fix(fix)
}

/// The process that has the lock, as `1234 (periplus)`.
fn process(holder: &UnixStream) -> Option<String> {
    // SAFETY: a structure of numbers, for which zero is a value.
    let mut credentials: libc::ucred = unsafe { mem::zeroed() };
    let mut length = mem::size_of_val(&credentials) as libc::socklen_t;
    // SAFETY: the structure is as long as is said, and any numbers are values of it.
    let read = unsafe {
        libc::getsockopt(
            holder.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &mut length,
        )
    };
    let pid = credentials.pid;
    if read == -1 || pid == 0 {
        return None;
    }
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(command) => Some(format!("{pid} ({})", command.trim())),
        Err(_) => Some(pid.to_string()),
    }
}
