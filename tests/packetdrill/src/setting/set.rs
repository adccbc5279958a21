//! `setsockopt`.

use super::{Setting, values};
use crate::errno::Errno;
use libc::{IPPROTO_IP, IPPROTO_TCP, SOL_SOCKET, c_int};
use periplus_stack::SocketOptions;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Seconds that keepalive's times may have (`MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPINTVL`).
const KEEPALIVE_SECONDS: RangeInclusive<i32> = 1..=32_767;
/// How often something may be tried (`MAX_TCP_KEEPCNT`, `MAX_TCP_SYNCNT`).
const TRIES: RangeInclusive<i32> = 1..=127;
/// The longest wait for the peer's FIN (`TCP_FIN_TIMEOUT_MAX`).
const FIN_TIMEOUT_MAX: i32 = 120;

/// `number`, if it is in `range`.
///
/// # Errors
/// `EINVAL`.
fn within(range: RangeInclusive<i32>, number: i32) -> Result<i32, Errno> {
    range
        .contains(&number)
        .then_some(number)
        .ok_or(Errno(libc::EINVAL))
}

fn seconds(number: i32) -> Duration {
    Duration::from_secs(number.max(0) as u64)
}

impl Setting {
    /// Sets an option: one of the stack's in `options`, any other here.
    ///
    /// # Errors
    /// As Linux: `EINVAL` for a value that is none, `ENOPROTOOPT` for an unknown option.
    pub(crate) fn set(
        &mut self,
        options: &mut SocketOptions,
        level: c_int,
        name: c_int,
        value: &[u8],
    ) -> Result<(), Errno> {
        match level {
            SOL_SOCKET => self.set_socket(options, name, value),
            IPPROTO_TCP => self.set_tcp(options, name, value),
            IPPROTO_IP => self
                .remembered
                .set(level, name, values::int_or_byte(value)?),
            _ => Err(Errno(libc::ENOPROTOOPT)),
        }
    }

    fn set_socket(
        &mut self,
        options: &mut SocketOptions,
        name: c_int,
        value: &[u8],
    ) -> Result<(), Errno> {
        match name {
            libc::SO_SNDBUF => options.send_buffer = Some(values::size(value)?),
            libc::SO_RCVBUF => options.receive_buffer = Some(values::size(value)?),
            libc::SO_KEEPALIVE => options.keep_alive = values::int(value)? != 0,
            libc::SO_MAX_PACING_RATE => options.max_pacing_rate = values::rate(value)?,
            libc::SO_LINGER => options.linger = values::linger(value)?,
            libc::SO_BINDTODEVICE => {} // there is only one
            libc::SO_ZEROCOPY => self.zero_copy = within(0..=1, values::int(value)?)? != 0,
            libc::SO_RCVTIMEO => self.receive_timeout = values::timeout(value)?,
            libc::SO_SNDTIMEO => self.send_timeout = values::timeout(value)?,
            libc::SO_RCVLOWAT => {
                let bytes = values::int(value)?;
                self.receive_low_water = match bytes {
                    ..0 => i32::MAX as u32,
                    0 => 1,
                    _ => bytes as u32,
                };
            }
            _ => self.remembered.set(SOL_SOCKET, name, values::int(value)?)?,
        }
        Ok(())
    }

    fn set_tcp(
        &mut self,
        options: &mut SocketOptions,
        name: c_int,
        value: &[u8],
    ) -> Result<(), Errno> {
        if name == libc::TCP_CONGESTION {
            let end = value
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(value.len());
            let name = str::from_utf8(&value[..end]).unwrap_or_default();
            let known = name.parse().map_err(|()| Errno(libc::ENOENT))?;
            options.congestion = Some(known);
            return Ok(());
        }
        let number = values::int(value)?;
        match name {
            libc::TCP_NODELAY => options.no_delay = number != 0,
            libc::TCP_CORK => options.cork = number != 0,
            libc::TCP_MAXSEG => {
                let least = if number == 0 { 0 } else { 88 };
                let mss = within(least..=32_767, number)? as u16;
                options.max_segment = Some(mss).filter(|&mss| mss > 0);
            }
            libc::TCP_NOTSENT_LOWAT => options.notsent_lowat = Some(number as u32),
            libc::TCP_WINDOW_CLAMP => options.window_clamp = Some(number as u32),
            libc::TCP_KEEPIDLE => {
                options.keep_idle = Some(seconds(within(KEEPALIVE_SECONDS, number)?));
            }
            libc::TCP_KEEPINTVL => {
                options.keep_interval = Some(seconds(within(KEEPALIVE_SECONDS, number)?));
            }
            libc::TCP_KEEPCNT => options.keep_count = Some(within(TRIES, number)? as u8),
            libc::TCP_SYNCNT => options.syn_count = Some(within(TRIES, number)? as u8),
            libc::TCP_DEFER_ACCEPT => {
                options.defer_accept = (number > 0).then(|| seconds(number));
            }
            libc::TCP_USER_TIMEOUT => {
                let milliseconds = within(0..=i32::MAX, number)? as u64;
                let set = milliseconds > 0;
                options.user_timeout = set.then(|| Duration::from_millis(milliseconds));
            }
            libc::TCP_LINGER2 => {
                options.linger2 = match number {
                    0 => None,
                    _ => Some(seconds(number.min(FIN_TIMEOUT_MAX))),
                };
            }
            libc::TCP_INQ => self.tells_left = within(0..=1, number)? != 0,
            _ => self.remembered.set(IPPROTO_TCP, name, number)?,
        }
        Ok(())
    }
}
