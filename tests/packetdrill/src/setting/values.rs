//! C's values of options as bytes.

use crate::errno::Errno;
use libc::{c_int, linger, timeval};
use std::time::Duration;

/// An `int` from the bytes of a value.
///
/// # Errors
/// `EINVAL`, if there are too few.
pub(super) fn int(value: &[u8]) -> Result<i32, Errno> {
    let bytes = value.first_chunk().ok_or(Errno(libc::EINVAL))?;
    Ok(i32::from_ne_bytes(*bytes))
}

/// An `int`, or a byte where there are fewer: what options of IP take.
///
/// # Errors
/// `EINVAL`, if there is none.
pub(super) fn int_or_byte(value: &[u8]) -> Result<i32, Errno> {
    match value {
        [] => Err(Errno(libc::EINVAL)),
        [byte, rest @ ..] if rest.len() < 3 => Ok((*byte).into()),
        _ => int(value),
    }
}

/// A size of a buffer: a negative one is a very large one.
///
/// # Errors
/// As [`int`].
pub(super) fn size(value: &[u8]) -> Result<usize, Errno> {
    Ok(int(value)? as u32 as usize)
}

/// Bytes a second: a `long`, or an `unsigned int` where there are fewer bytes. All ones are no limit.
///
/// # Errors
/// As [`int`].
pub(super) fn rate(value: &[u8]) -> Result<Option<u64>, Errno> {
    let (rate, none) = match value.first_chunk() {
        Some(&bytes) => (u64::from_ne_bytes(bytes), u64::MAX),
        None => ((int(value)? as u32).into(), u32::MAX.into()),
    };
    Ok((rate != none).then_some(rate))
}

/// The `unsigned int` of a rate: one that does not fit into it is the largest.
pub(super) fn rate_int(rate: Option<u64>) -> i32 {
    rate.and_then(|rate| u32::try_from(rate).ok())
        .unwrap_or(u32::MAX) as i32
}

/// A `struct linger`: its seconds, if it is on.
///
/// # Errors
/// As [`int`].
pub(super) fn linger(value: &[u8]) -> Result<Option<Duration>, Errno> {
    if value.len() < size_of::<linger>() {
        return Err(Errno(libc::EINVAL));
    }
    let seconds = int(&value[size_of::<c_int>()..])?.max(0) as u64;
    Ok((int(value)? != 0).then(|| Duration::from_secs(seconds)))
}

/// The bytes of a `struct linger`.
pub(super) fn linger_bytes(linger: Option<Duration>) -> Vec<u8> {
    let seconds = linger.map_or(0, |linger| linger.as_secs() as i32);
    [i32::from(linger.is_some()), seconds]
        .map(i32::to_ne_bytes)
        .concat()
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
