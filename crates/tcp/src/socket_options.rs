//! What a backend may set on a socket, as `setsockopt` does.

use crate::{Connection, Context};
use std::sync::Arc;

/// The options of a socket, by the names and with the meanings of Linux's. A listener's are inherited by the connections whose
/// handshakes complete at it. Where one is `None`, the [knob](crate::Sysctls) for all sockets decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// `TCP_NODELAY`: small segments go out at once, instead of waiting for others to be acknowledged (Nagle's algorithm,
    /// RFC 9293 3.7.4).
    pub no_delay: bool,
    /// `TCP_QUICKACK`: data is acknowledged at once, instead of waiting for an answer to travel with. Unlike on Linux it
    /// stays as it is set.
    pub quick_ack: Option<bool>,
    /// `TCP_CORK`: what does not fill a segment waits for more, though at most until the persist timer expires.
    pub cork: bool,
    /// `TCP_NOTSENT_LOWAT`: while so many bytes were written and not sent, a writer waits.
    pub notsent_lowat: Option<u32>,
    /// `SO_SNDBUF`: half of the bytes that the send queue may hold, overhead included; it does not grow then.
    pub send_buffer: Option<usize>,
}

impl Connection {
    /// The options. Connections that never changed theirs share those of their listener.
    pub fn socket_options(&self) -> &Arc<SocketOptions> {
        &self.options
    }

    /// Takes over the options of the listener that it came to, or that it is to be opened with.
    pub fn inherit(&mut self, options: &Arc<SocketOptions>) {
        self.options = Arc::clone(options);
    }

    /// Changes the options.
    pub fn set_socket_options(&mut self, _context: &mut Context<'_>, options: SocketOptions) {
        if *self.options != options {
            let before = std::mem::replace(&mut self.options, Arc::new(options));
            self.note_nagle(&before);
        }
    }
}
