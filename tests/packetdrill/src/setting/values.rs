//! C's values of options as bytes.

use crate::errno::Errno;
use libc::timeval;
use std::time::Duration;

/// An `int` from the bytes of a value.
///
/// # Errors
/// `EINVAL`, if there are too few.
pub(super) fn int(value: &[u8]) -> Result<i32, Errno> {
    let bytes = value.first_chunk().ok_or(Errno(libc::EINVAL))?;
    Ok(i32::from_ne_bytes(*bytes))
}

/// A `struct timeval` as a limit: 0 is none.
///
/// # Errors
/// `EINVAL` for too few bytes, `EDOM` for microseconds that are none.
pub(super) fn timeout(value: &[u8]) -> Result<Option<Duration>, Errno> {
    let words = value
        .first_chunk::<{ size_of::<timeval>() }>()
        .ok_or(Errno(libc::EINVAL))?;
    let (seconds, microseconds) = words.split_at(8);
    let word = |bytes: &[u8]| i64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
    let (seconds, microseconds) = (word(seconds), word(microseconds));
    if !(0..1_000_000).contains(&microseconds) {
        return Err(Errno(libc::EDOM));
    }
    let limit =
        Duration::from_secs(seconds.max(0) as u64) + Duration::from_micros(microseconds as u64);
    Ok((!limit.is_zero()).then_some(limit))
}

/// The bytes of a `struct timeval`.
pub(super) fn timeout_bytes(limit: Option<Duration>) -> Vec<u8> {
    let limit = limit.unwrap_or_default();
    [limit.as_secs() as i64, i64::from(limit.subsec_micros())]
        .map(i64::to_ne_bytes)
        .concat()
}
