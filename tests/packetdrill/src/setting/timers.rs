//! The options that time depends on: keepalive, user timeout, lingering, the number of SYNs.

use super::values;
use crate::errno::Errno;
use libc::{IPPROTO_TCP, SOL_SOCKET, c_int};
use periplus_stack::{SocketOptions, Sysctls};
use std::time::Duration;

/// The longest TCP_KEEPIDLE and TCP_KEEPINTVL, in seconds.
const LONGEST_KEEPALIVE: i32 = 32_767;
/// The largest TCP_KEEPCNT and TCP_SYNCNT.
const MOST_TRIES: i32 = 127;

/// Sets one of these options; `false`: `name` is none of them.
///
/// # Errors
/// `EINVAL` for a value that is none.
pub(super) fn set(
    options: &mut SocketOptions,
    level: c_int,
    name: c_int,
    value: &[u8],
) -> Result<bool, Errno> {
    match (level, name) {
        (SOL_SOCKET, libc::SO_KEEPALIVE) => options.keep_alive = values::int(value)? != 0,
        (SOL_SOCKET, libc::SO_LINGER) => {
            let (on, seconds) = value.split_at_checked(4).ok_or(Errno(libc::EINVAL))?;
            let seconds = values::int(seconds)?.max(0) as u64;
            options.linger = (values::int(on)? != 0).then_some(Duration::from_secs(seconds));
        }
        (IPPROTO_TCP, libc::TCP_KEEPIDLE) => {
            options.keep_idle = Some(seconds(value, LONGEST_KEEPALIVE)?);
        }
        (IPPROTO_TCP, libc::TCP_KEEPINTVL) => {
            options.keep_interval = Some(seconds(value, LONGEST_KEEPALIVE)?);
        }
        (IPPROTO_TCP, libc::TCP_KEEPCNT) => {
            options.keep_count = Some(within(value, 1..=MOST_TRIES)? as u8);
        }
        (IPPROTO_TCP, libc::TCP_SYNCNT) => {
            options.syn_count = Some(within(value, 1..=MOST_TRIES)? as u8);
        }
        (IPPROTO_TCP, libc::TCP_USER_TIMEOUT) => {
            let milliseconds = within(value, 0..=i32::MAX)? as u64;
            options.user_timeout =
                (milliseconds > 0).then_some(Duration::from_millis(milliseconds));
        }
        (IPPROTO_TCP, libc::TCP_LINGER2) => {
            options.linger2 = match values::int(value)? {
                ..0 => Some(Duration::ZERO),
                0 => None,
                seconds => Some(Duration::from_secs(seconds as u64)),
            };
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The bytes of one of these options; `None`: `name` is none of them.
pub(super) fn get(options: &SocketOptions, level: c_int, name: c_int) -> Option<Vec<u8>> {
    let sysctls = Sysctls::default();
    let in_seconds = |time: Duration| time.as_secs() as i32;
    let number = match (level, name) {
        (SOL_SOCKET, libc::SO_KEEPALIVE) => i32::from(options.keep_alive),
        (SOL_SOCKET, libc::SO_LINGER) => {
            let numbers = [
                i32::from(options.linger.is_some()),
                in_seconds(options.linger.unwrap_or_default()),
            ];
            return Some(numbers.map(i32::to_ne_bytes).concat());
        }
        (IPPROTO_TCP, libc::TCP_KEEPIDLE) => {
            in_seconds(options.keep_idle.unwrap_or(sysctls.tcp_keepalive_time))
        }
        (IPPROTO_TCP, libc::TCP_KEEPINTVL) => {
            in_seconds(options.keep_interval.unwrap_or(sysctls.tcp_keepalive_intvl))
        }
        (IPPROTO_TCP, libc::TCP_KEEPCNT) => {
            i32::from(options.keep_count.unwrap_or(sysctls.tcp_keepalive_probes))
        }
        (IPPROTO_TCP, libc::TCP_SYNCNT) => {
            i32::from(options.syn_count.unwrap_or(sysctls.tcp_syn_retries))
        }
        (IPPROTO_TCP, libc::TCP_USER_TIMEOUT) => {
            options.user_timeout.unwrap_or_default().as_millis() as i32
        }
        (IPPROTO_TCP, libc::TCP_LINGER2) => match options.linger2 {
            None => in_seconds(sysctls.tcp_fin_timeout),
            Some(Duration::ZERO) => -1,
            Some(time) => in_seconds(time),
        },
        _ => return None,
    };
    Some(number.to_ne_bytes().to_vec())
}

fn within(value: &[u8], range: std::ops::RangeInclusive<i32>) -> Result<i32, Errno> {
    let number = values::int(value)?;
    match range.contains(&number) {
        true => Ok(number),
        false => Err(Errno(libc::EINVAL)),
    }
}

fn seconds(value: &[u8], longest: i32) -> Result<Duration, Errno> {
    Ok(Duration::from_secs(within(value, 1..=longest)? as u64))
}
