//! Options that Linux takes and gives back, and that change nothing that the stack does.

use crate::errno::Errno;
use libc::{IPPROTO_IP, IPPROTO_TCP, SOL_SOCKET, c_int};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

const ANY: RangeInclusive<i32> = i32::MIN..=i32::MAX;
const FLAG: RangeInclusive<i32> = 0..=1;

/// Options of the socket's level that are not flags.
const NUMBERS: [c_int; 4] = [
    libc::SO_PRIORITY,
    libc::SO_MARK,
    libc::SO_BUSY_POLL,
    libc::SO_MAX_PACING_RATE,
];
/// Of `linux/tcp.h`.
const TCP_FASTOPEN_NO_COOKIE: c_int = 34;

/// Level, name, the value before it is set, the values taken.
type Known = (c_int, c_int, i32, RangeInclusive<i32>);

const KNOWN: &[Known] = &[
    (SOL_SOCKET, libc::SO_DEBUG, 0, ANY),
    (SOL_SOCKET, libc::SO_REUSEADDR, 0, ANY),
    (SOL_SOCKET, libc::SO_REUSEPORT, 0, ANY),
    (SOL_SOCKET, libc::SO_DONTROUTE, 0, ANY),
    (SOL_SOCKET, libc::SO_BROADCAST, 0, ANY),
    (SOL_SOCKET, libc::SO_OOBINLINE, 0, ANY),
    (SOL_SOCKET, libc::SO_PRIORITY, 0, 0..=i32::MAX),
    (SOL_SOCKET, libc::SO_MARK, 0, ANY),
    (SOL_SOCKET, libc::SO_TIMESTAMP, 0, ANY),
    (SOL_SOCKET, libc::SO_BUSY_POLL, 0, 0..=i32::MAX),
    (SOL_SOCKET, libc::SO_MAX_PACING_RATE, -1, ANY),
    (IPPROTO_IP, libc::IP_TOS, 0, 0..=255),
    (IPPROTO_IP, libc::IP_TTL, 64, -1..=255),
    (IPPROTO_IP, libc::IP_MTU_DISCOVER, 1, 0..=5),
    (IPPROTO_IP, libc::IP_RECVERR, 0, ANY),
    (IPPROTO_IP, libc::IP_FREEBIND, 0, ANY),
    (IPPROTO_TCP, libc::TCP_THIN_LINEAR_TIMEOUTS, 0, FLAG),
    (IPPROTO_TCP, libc::TCP_THIN_DUPACK, 0, FLAG),
    (IPPROTO_TCP, libc::TCP_QUICKACK, 1, ANY),
    (IPPROTO_TCP, libc::TCP_FASTOPEN, 0, 0..=i32::MAX),
    (IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 0, FLAG),
];

/// Their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered(BTreeMap<(c_int, c_int), i32>);

impl Remembered {
    /// The option's value.
    ///
    /// # Errors
    /// `ENOPROTOOPT`, if it is unknown.
    pub(super) fn get(&self, level: c_int, name: c_int) -> Result<i32, Errno> {
        let (_, _, default, _) = known(level, name)?;
        Ok(self.0.get(&(level, name)).copied().unwrap_or(*default))
    }

    /// Sets the option.
    ///
    /// # Errors
    /// `ENOPROTOOPT`, if it is unknown; `EINVAL` for a value out of its range.
    pub(super) fn set(&mut self, level: c_int, name: c_int, value: i32) -> Result<(), Errno> {
        let (_, _, _, range) = known(level, name)?;
        if !range.contains(&value) {
            return Err(Errno(libc::EINVAL));
        }
        // flags are kept as flags, whatever was set
        let value = if level == SOL_SOCKET && !NUMBERS.contains(&name) {
            i32::from(value != 0)
        } else {
            value
        };
        self.0.insert((level, name), value);
        Ok(())
    }
}

fn known(level: c_int, name: c_int) -> Result<&'static Known, Errno> {
    KNOWN
        .iter()
        .find(|(known_level, known_name, ..)| (*known_level, *known_name) == (level, name))
        .ok_or(Errno(libc::ENOPROTOOPT))
}
