//! `getsockopt`.

use super::{Setting, values};
use crate::errno::Errno;
use libc::{IPPROTO_IP, IPPROTO_TCP, SOL_SOCKET, c_int};
use periplus_stack::{SocketOptions, Sysctls};
use std::time::Duration;

/// The length of a congestion control's name (`TCP_CA_NAME_MAX`).
const NAME_LENGTH: usize = 16;

/// `SOCK_MIN_RCVBUF`.
const MINIMUM_RECEIVE_BUFFER: usize = 2304;

fn seconds(time: Duration) -> i32 {
    time.as_secs() as i32
}

/// The time until so many retransmissions of a SYN/ACK are over that they take `asked` seconds: Linux keeps their number only.
fn retransmissions(asked: i32) -> i32 {
    const LONGEST: i32 = 120;
    let (mut time, mut wait) = (1, 1);
    while time < asked {
        wait = LONGEST.min(2 * wait);
        time += wait;
    }
    time
}

impl Setting {
    /// The bytes of an option's value; where an option says nothing, the knob's.
    ///
    /// # Errors
    /// `ENOPROTOOPT`, if it is unknown.
    pub(crate) fn get(
        &self,
        options: &SocketOptions,
        sysctls: &Sysctls,
        level: c_int,
        name: c_int,
    ) -> Result<Vec<u8>, Errno> {
        let number = match (level, name) {
            (SOL_SOCKET, libc::SO_TYPE) => libc::SOCK_STREAM,
            (SOL_SOCKET, libc::SO_PROTOCOL) => IPPROTO_TCP,
            (SOL_SOCKET, libc::SO_DOMAIN) => libc::AF_INET,
            (SOL_SOCKET, libc::SO_RCVBUF) => match options.receive_buffer {
                Some(asked) => (2 * asked.min(sysctls.rmem_max)).max(MINIMUM_RECEIVE_BUFFER) as i32,
                None => sysctls.tcp_rmem.usual as i32,
            },
            (SOL_SOCKET, libc::SO_KEEPALIVE) => i32::from(options.keep_alive),
            (SOL_SOCKET, libc::SO_MAX_PACING_RATE) => values::rate_int(options.max_pacing_rate),
            (SOL_SOCKET, libc::SO_LINGER) => return Ok(values::linger_bytes(options.linger)),
            (SOL_SOCKET, libc::SO_ZEROCOPY) => i32::from(self.zero_copy),
            (SOL_SOCKET, libc::SO_RCVTIMEO) => {
                return Ok(values::timeout_bytes(self.receive_timeout));
            }
            (SOL_SOCKET, libc::SO_SNDTIMEO) => return Ok(values::timeout_bytes(self.send_timeout)),
            (SOL_SOCKET, libc::SO_RCVLOWAT) => self.receive_low_water as i32,
            (IPPROTO_TCP, libc::TCP_CONGESTION) => {
                let used = options.congestion.unwrap_or(sysctls.tcp_congestion_control);
                let mut name = used.name().as_bytes().to_vec();
                name.resize(NAME_LENGTH, 0);
                return Ok(name);
            }
            (IPPROTO_TCP, libc::TCP_NODELAY) => i32::from(options.no_delay),
            (IPPROTO_TCP, libc::TCP_CORK) => i32::from(options.cork),
            (IPPROTO_TCP, libc::TCP_MAXSEG) => options.max_segment.unwrap_or(536).into(),
            (IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT) => options.notsent_lowat.unwrap_or(0) as i32,
            (IPPROTO_TCP, libc::TCP_WINDOW_CLAMP) => options.window_clamp.unwrap_or(0) as i32,
            (IPPROTO_TCP, libc::TCP_KEEPIDLE) => {
                seconds(options.keep_idle.unwrap_or(sysctls.tcp_keepalive_time))
            }
            (IPPROTO_TCP, libc::TCP_KEEPINTVL) => {
                seconds(options.keep_interval.unwrap_or(sysctls.tcp_keepalive_intvl))
            }
            (IPPROTO_TCP, libc::TCP_KEEPCNT) => options
                .keep_count
                .unwrap_or(sysctls.tcp_keepalive_probes)
                .into(),
            (IPPROTO_TCP, libc::TCP_SYNCNT) => {
                options.syn_count.unwrap_or(sysctls.tcp_syn_retries).into()
            }
            (IPPROTO_TCP, libc::TCP_USER_TIMEOUT) => options
                .user_timeout
                .map_or(0, |time| time.as_millis() as i32),
            (IPPROTO_TCP, libc::TCP_LINGER2) => match options.linger2 {
                None => seconds(sysctls.tcp_fin_timeout),
                Some(Duration::ZERO) => -1,
                Some(time) => seconds(time),
            },
            (IPPROTO_TCP, libc::TCP_DEFER_ACCEPT) => options
                .defer_accept
                .map_or(0, |time| retransmissions(seconds(time))),
            (IPPROTO_TCP, libc::TCP_INQ) => i32::from(self.tells_left),
            (SOL_SOCKET | IPPROTO_TCP | IPPROTO_IP, _) => self.remembered.get(level, name)?,
            _ => return Err(Errno(libc::EOPNOTSUPP)),
        };
        Ok(number.to_ne_bytes().to_vec())
    }
}
