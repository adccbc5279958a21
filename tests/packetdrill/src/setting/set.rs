//! `setsockopt`.

use super::{Setting, timers, values};
use crate::errno::Errno;
use libc::{IPPROTO_TCP, SOL_SOCKET, c_int};
use periplus_stack::SocketOptions;

/// The names of congestion controls that are known, the stack's own first.
pub(super) const CONGESTION: [&str; 2] = ["reno", "cubic"];

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
        if timers::set(options, level, name, value)? {
            return Ok(());
        }
        match level {
            SOL_SOCKET => self.set_socket(options, name, value),
            IPPROTO_TCP => self.set_tcp(options, name, value),
            _ => self.remembered.set(level, name, values::int(value)?),
        }
    }

    fn set_socket(
        &mut self,
        options: &mut SocketOptions,
        name: c_int,
        value: &[u8],
    ) -> Result<(), Errno> {
        match name {
            libc::SO_SNDBUF => {
                let bytes = values::int(value)?;
                options.send_buffer = Some(usize::try_from(bytes).unwrap_or(usize::MAX));
            }
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
            let known = CONGESTION
                .iter()
                .find(|known| known.as_bytes() == &value[..end]);
            self.congestion = known.ok_or(Errno(libc::ENOENT))?;
            return Ok(());
        }
        let number = values::int(value)?;
        match name {
            libc::TCP_NODELAY => options.no_delay = number != 0,
            libc::TCP_CORK => options.cork = number != 0,
            libc::TCP_NOTSENT_LOWAT => options.notsent_lowat = Some(number as u32),
            libc::TCP_QUICKACK => options.quick_ack = Some(number != 0),
            libc::TCP_INQ => {
                if !(0..=1).contains(&number) {
                    return Err(Errno(libc::EINVAL));
                }
                self.tells_left = number != 0;
            }
            _ => self.remembered.set(IPPROTO_TCP, name, number)?,
        }
        Ok(())
    }
}
