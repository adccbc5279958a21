//! `getsockopt`.

use super::{Setting, timers, values};
use crate::errno::Errno;
use libc::{IPPROTO_TCP, SOL_SOCKET, c_int};
use periplus_stack::SocketOptions;

/// The length of a congestion control's name (`TCP_CA_NAME_MAX`).
const NAME_LENGTH: usize = 16;

impl Setting {
    /// The bytes of an option's value.
    ///
    /// # Errors
    /// `ENOPROTOOPT`, if it is unknown.
    pub(crate) fn get(
        &self,
        options: &SocketOptions,
        level: c_int,
        name: c_int,
    ) -> Result<Vec<u8>, Errno> {
        if let Some(bytes) = timers::get(options, level, name) {
            return Ok(bytes);
        }
        let number = match (level, name) {
            (SOL_SOCKET, libc::SO_TYPE) => libc::SOCK_STREAM,
            (SOL_SOCKET, libc::SO_PROTOCOL) => IPPROTO_TCP,
            (SOL_SOCKET, libc::SO_DOMAIN) => libc::AF_INET,
            (SOL_SOCKET, libc::SO_RCVTIMEO) => {
                return Ok(values::timeout_bytes(self.receive_timeout));
            }
            (SOL_SOCKET, libc::SO_SNDTIMEO) => return Ok(values::timeout_bytes(self.send_timeout)),
            (SOL_SOCKET, libc::SO_RCVLOWAT) => self.receive_low_water as i32,
            (IPPROTO_TCP, libc::TCP_CONGESTION) => {
                let mut name = self.congestion.as_bytes().to_vec();
                name.resize(NAME_LENGTH, 0);
                return Ok(name);
            }
            (IPPROTO_TCP, libc::TCP_NODELAY) => i32::from(options.no_delay),
            (IPPROTO_TCP, libc::TCP_CORK) => i32::from(options.cork),
            (IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT) => options.notsent_lowat.unwrap_or(0) as i32,
            (IPPROTO_TCP, libc::TCP_QUICKACK) => i32::from(options.quick_ack.unwrap_or(true)),
            (IPPROTO_TCP, libc::TCP_INQ) => i32::from(self.tells_left),
            _ => self.remembered.get(level, name)?,
        };
        Ok(number.to_ne_bytes().to_vec())
    }
}
