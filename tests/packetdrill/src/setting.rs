//! `getsockopt` and `setsockopt`: C's values for the stack's options, and the options that the socket layer has itself.

mod get;
mod remembered;
mod set;
mod values;

use remembered::Remembered;
use std::time::Duration;

/// What the socket layer keeps by itself.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// `SO_RCVLOWAT`: a read waits for so many bytes.
    pub(crate) receive_low_water: u32,
    /// `SO_RCVTIMEO`: how long a read waits.
    pub(crate) receive_timeout: Option<Duration>,
    /// `SO_SNDTIMEO`: how long a write waits.
    pub(crate) send_timeout: Option<Duration>,
    /// `TCP_INQ`: a `recvmsg` tells how much is left.
    pub(crate) tells_left: bool,
    /// `SO_ZEROCOPY`: sends may ask for `MSG_ZEROCOPY`.
    pub(crate) zero_copy: bool,
    /// Options that change nothing here.
    remembered: Remembered,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            receive_low_water: 1,
            receive_timeout: None,
            send_timeout: None,
            tells_left: false,
            zero_copy: false,
            remembered: Remembered::default(),
        }
    }
}
