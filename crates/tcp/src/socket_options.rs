//! What a backend may set on a socket, as `setsockopt` does.

use crate::{CongestionAlgorithm, Connection, Context};
use std::sync::Arc;
use std::time::Duration;

/// The options of a socket, by the names and with the meanings of Linux's. A listener's are inherited by the connections whose
/// handshakes complete at it. Where one is `None`, the [knob](crate::Sysctls) for all sockets decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// `TCP_NODELAY`: small segments go out at once, instead of waiting for others to be acknowledged (Nagle's algorithm,
    /// RFC 9293 3.7.4).
    pub no_delay: bool,
    /// Whether data is acknowledged at once, instead of waiting for an answer to travel with. It stays as it is set, unlike what
    /// `TCP_QUICKACK` does on Linux ([`Connection::set_quick_ack`]); `None` leaves it to the connection, as there.
    pub quick_ack: Option<bool>,
    /// `TCP_MAXSEG`: the largest segment that our SYN asks for, and that is sent; set before the handshake.
    pub max_segment: Option<u16>,
    /// `TCP_CORK`: what does not fill a segment waits for more, though at most until the persist timer expires.
    pub cork: bool,
    /// `TCP_NOTSENT_LOWAT`: while so many bytes were written and not sent, a writer waits.
    pub notsent_lowat: Option<u32>,
    /// `SO_RCVBUF`: bytes of text that the receive queue may hold; the window does not grow beyond.
    pub receive_buffer: Option<usize>,
    /// `TCP_WINDOW_CLAMP`: the largest window that is offered.
    pub window_clamp: Option<u32>,
    /// `SO_SNDBUF`: half of the bytes that the send queue may hold, overhead included; it does not grow then.
    pub send_buffer: Option<usize>,
    /// `SO_KEEPALIVE`: a peer that has said nothing for long is asked whether it is still there (RFC 9293 3.8.4).
    pub keep_alive: bool,
    /// `TCP_KEEPIDLE`: how long that is, a second at least. `None`: [`tcp_keepalive_time`](crate::Sysctls::tcp_keepalive_time).
    pub keep_idle: Option<Duration>,
    /// `TCP_KEEPINTVL`, a second at least: the time between two such probes. `None`: [`tcp_keepalive_intvl`](crate::Sysctls::tcp_keepalive_intvl).
    pub keep_interval: Option<Duration>,
    /// `TCP_KEEPCNT`: after so many without an answer the connection is reset. `None`:
    /// [`tcp_keepalive_probes`](crate::Sysctls::tcp_keepalive_probes).
    pub keep_count: Option<u8>,
    /// `TCP_USER_TIMEOUT` (RFC 5482): how long sent data may stay unacknowledged, or data may wait behind a closed window,
    /// before the connection is given up; with keepalive, how long the peer may be silent. `None`, or no time at all: by the number of
    /// tries.
    pub user_timeout: Option<Duration>,
    /// `SO_LINGER`: a close waits so long for everything to be acknowledged, and one that would wait for no time at all resets
    /// the connection. The waiting is the caller's. `None`: a close waits for nothing, and what was written is delivered.
    pub linger: Option<Duration>,
    /// `TCP_LINGER2`: how long the connection, once closed, waits for the peer's FIN (in FIN-WAIT-2), at most 120 s. 0 resets
    /// it instead, as a negative number does on Linux. `None`: [`tcp_fin_timeout`](crate::Sysctls::tcp_fin_timeout).
    pub linger2: Option<Duration>,
    /// `TCP_SYNCNT`: how often an unanswered SYN is sent again, or a listener's SYN/ACK. `None`:
    /// [`tcp_syn_retries`](crate::Sysctls::tcp_syn_retries), [`tcp_synack_retries`](crate::Sysctls::tcp_synack_retries).
    pub syn_count: Option<u8>,
    /// `TCP_DEFER_ACCEPT`, of a listener: a client that has completed its handshake comes to the accept queue with its first data,
    /// or when so much time has passed, rounded up to the time at which a SYN/ACK goes out again. `None`: at once.
    pub defer_accept: Option<Duration>,
    /// `TCP_CONGESTION`: the congestion control. `None`: [`tcp_congestion_control`](crate::Sysctls::tcp_congestion_control).
    pub congestion: Option<CongestionAlgorithm>,
    /// `SO_MAX_PACING_RATE`: bytes a second that text goes out at, at most, whether or not [`tcp_pacing`](crate::Sysctls::tcp_pacing)
    /// is on. `None`, Linux's `~0`: no limit of its own.
    pub max_pacing_rate: Option<u64>,
}

impl Connection {
    /// The options. Connections that never changed theirs share those of their listener.
    pub fn socket_options(&self) -> &Arc<SocketOptions> {
        &self.options
    }

    /// Takes over the options that it is to be opened with.
    pub fn inherit(&mut self, options: &Arc<SocketOptions>, context: &Context<'_>) {
        self.options = Arc::clone(options);
        self.begin_by_options(context);
    }

    /// Begins what its options ask for.
    pub(crate) fn begin_by_options(&mut self, context: &Context<'_>) {
        let algorithm = self.options.congestion;
        self.congestion.choose(algorithm, context.sysctls);
        self.start_keepalive(context);
    }

    /// Changes the options.
    pub fn set_socket_options(&mut self, context: &mut Context<'_>, options: SocketOptions) {
        if *self.options == options {
            return;
        }
        let before = std::mem::replace(&mut self.options, Arc::new(options));
        self.note_nagle(&before);
        if before.congestion != options.congestion {
            self.congestion.choose(options.congestion, context.sysctls);
        }
        if (before.keep_alive, before.keep_idle) != (options.keep_alive, options.keep_idle) {
            self.adjust_keepalive(context);
        }
    }
}
