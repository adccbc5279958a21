//! Telling the service manager how far the server is (sd_notify(3)): where it was not started by one, nothing is told.

use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sendto, socket_with,
};
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Names the socket on which the manager listens.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// A state of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It serves.
    Ready,
    /// It reads its configuration again; ready follows.
    Reloading,
    /// It serves to the end what it has begun.
    Stopping,
}

/// Tells the manager. What it makes of it, or that it has gone, is nothing that the server could help.
pub(crate) fn tell(state: State) {
    if let Some(path) = std::env::var_os(VARIABLE) {
        let _ = send(&path, &words(state));
    }
}

fn words(state: State) -> String {
    match state {
        State::Ready => "READY=1".into(),
        State::Stopping => "STOPPING=1".into(),
        // Without the time the manager could not tell this reload from one before (Type=notify-reload).
        State::Reloading => {
            let now = clock_gettime(ClockId::Monotonic);
            let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
            format!("RELOADING=1\nMONOTONIC_USEC={microseconds}")
        }
    }
}

fn send(path: &OsString, words: &str) -> rustix::io::Result<()> {
    // A name that begins with @ is not of a file (unix(7), abstract).
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddrUnix::new_abstract_name(name)?,
        None => SocketAddrUnix::new(path.as_bytes())?,
    };
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    sendto(&socket, words.as_bytes(), SendFlags::NOSIGNAL, &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn the_manager_hears_what_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        send(&path.into_os_string(), &words(State::Ready)).unwrap();
        let mut heard = [0; 64];
        let length = manager.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"READY=1");
    }

    #[test]
    fn a_reload_says_when_it_began() {
        let words = words(State::Reloading);
        let time = words.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(time.parse::<u64>().unwrap() > 0);
    }
}
