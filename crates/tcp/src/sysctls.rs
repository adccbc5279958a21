//! The knobs, named and set as Linux names and sets them.

mod buffer_sizes;
mod by_name;
mod port_range;

pub use buffer_sizes::BufferSizes;
pub use by_name::SysctlError;
pub use port_range::PortRange;

use crate::CongestionAlgorithm;
use periplus_wire::tcp::OptionOrder;
use std::time::Duration;

/// The knobs of TCP. Names and defaults are those of Linux's `net.ipv4` sysctls unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Sysctls {
    /// How often an unanswered SYN is sent again.
    pub tcp_syn_retries: u8,
    /// So many repetitions of a SYN come at the same interval, in addition to `tcp_syn_retries` at doubling ones (RFC 6298 5.5
    /// would double from the first).
    pub tcp_syn_linear_timeouts: u8,
    /// How often an unanswered SYN/ACK is sent again.
    pub tcp_synack_retries: u8,
    /// Without SYN cookies, a listener keeps three quarters of this many half-open connections at most.
    pub tcp_max_syn_backlog: u32,
    /// Whether a SYN is answered by a cookie: 0 never, 1 where the SYN queue is full, 2 always.
    pub tcp_syncookies: u8,
    /// The upper bound of a listener's backlog (`net.core.somaxconn`).
    pub somaxconn: u32,
    /// Whether a full accept queue answers the handshake's ACK by RST, instead of leaving it to be sent again.
    pub tcp_abort_on_overflow: bool,
    /// How long a connection gives no second answer to a segment that is out of window, or to a SYN that came again.
    pub tcp_invalid_ratelimit: Duration,
    /// How long data is sent again before the connection is given up: the time that so many retransmissions take at the shortest
    /// RTO of 200 ms. 15 are 924.6 s. Also how many probes of a closed window may stay unanswered.
    pub tcp_retries2: u8,
    /// How long data of an orphan, a connection that the backend let go of, is sent again, counted as for `tcp_retries2`, and
    /// how many probes of a closed window it is worth. 0 means 8 while the RTO grows (102.2 s), and none any more once it has
    /// reached its bound of 120 s.
    pub tcp_orphan_retries: u8,
    /// How many orphans a shard keeps; any more are reset. Linux derives its default from the machine's memory.
    pub tcp_max_orphans: usize,
    /// How long a connection with keepalive is silent before the peer is asked whether it is there.
    pub tcp_keepalive_time: Duration,
    /// The time between two such probes.
    pub tcp_keepalive_intvl: Duration,
    /// After so many without an answer the connection is reset.
    pub tcp_keepalive_probes: u8,
    /// How long an orphan waits in FIN-WAIT-2.
    pub tcp_fin_timeout: Duration,
    /// Whether a RST leaves TIME-WAIT as it is, instead of ending it (RFC 1337 3, (1)).
    pub tcp_rfc1337: bool,
    /// How many TIME-WAIT records a shard keeps.
    pub tcp_max_tw_buckets: usize,
    /// Bytes that the queues of all connections of a shard may hold together, half of them in either direction, what windows
    /// still promise included (the third value of Linux's `tcp_mem`, there in pages). Where they run short, windows shrink and
    /// writers wait earlier; nothing is refused. Beside it each connection has 4,096 bytes a direction.
    pub tcp_mem: usize,
    /// Bytes a connection's receive queue may hold, counted by the memory they pin: the usual, of which a first window offers half, until
    /// the backend reads so much in a round trip that more are of use, up to the most.
    pub tcp_rmem: BufferSizes,
    /// Whether that grows.
    pub tcp_moderate_rcvbuf: bool,
    /// Bytes a connection's send queue may hold, as Linux counts them: the usual, or room for twice the initial window, growing with the
    /// congestion window up to the most.
    pub tcp_wmem: BufferSizes,
    /// Bytes that `SO_SNDBUF` may ask for (`net.core.wmem_max`); they are doubled.
    pub wmem_max: usize,
    /// Bytes that `SO_RCVBUF` may ask for (`net.core.rmem_max`); they are doubled.
    pub rmem_max: usize,
    /// While so many bytes were written and not sent, a writer waits (where `TCP_NOTSENT_LOWAT` says nothing).
    pub tcp_notsent_lowat: u32,
    /// The congestion control of connections whose [options](crate::SocketOptions::congestion) ask for none.
    pub tcp_congestion_control: CongestionAlgorithm,
    /// How CUBIC looks for the end of slow start: 4 by HyStart++ (RFC 9406), 12 by that and, while it is paced, by times that are longer in a
    /// row, 0 not before a loss. 1 (the length of a train of ACKs), 2 (the round-trip time) and 3 (both) are what they mean to
    /// Linux's module `tcp_cubic`, which has 3 by default.
    pub hystart_detect: u8,
    /// Whether the congestion window is taken back after a time without sending (RFC 5681 4.1), and while it is not used.
    pub tcp_slow_start_after_idle: bool,
    /// Segments that may go out in one super-frame however slow the path is.
    pub tcp_min_tso_segs: u32,
    /// A super-frame waits for the next ACK to grow while less than this part of the window has room; 0: while it has room for
    /// at most three segments.
    pub tcp_tso_win_divisor: u32,
    /// The least round-trip time is counted in units of 2 to this power microseconds: each halves what may go out in one
    /// super-frame beside what the pace says.
    pub tcp_tso_rtt_log: u8,
    /// Whether a window goes out spread over the round trip instead of as one burst. Not a sysctl of Linux's, where the queueing
    /// discipline `fq` does it, or a congestion control that asks for it.
    pub tcp_pacing: bool,
    /// The pace in slow start, in percent of a window a round-trip time. It bounds super-frames as well.
    pub tcp_pacing_ss_ratio: u32,
    /// The pace in congestion avoidance, likewise.
    pub tcp_pacing_ca_ratio: u32,
    /// The ports of connections and sockets that do not ask for one.
    pub ip_local_port_range: PortRange,
    /// No path is believed to carry less than this in a packet, in bytes (`net.ipv4.route.min_pmtu`).
    pub min_pmtu: u32,
    /// How long a router is believed that tells a path's MTU (`net.ipv4.route.mtu_expires`).
    pub mtu_expires: Duration,
    /// After so many answers within the delayed ACK's wait a connection counts as interactive: ACKs wait for answers then.
    pub tcp_pingpong_thresh: u8,
    /// Whether timestamps (RFC 7323) are offered and answered.
    pub tcp_timestamps: bool,
    /// Whether window scaling (RFC 7323) is offered and answered.
    pub tcp_window_scaling: bool,
    /// Whether selective acknowledgments (RFC 2018) are offered and answered.
    pub tcp_sack: bool,
    /// Whether data that came twice is reported to a peer that understands SACK (D-SACK, RFC 2883).
    pub tcp_dsack: bool,
    /// How RACK (RFC 8985), which tells what is lost on connections with SACK, waits for what may only be late: with 2 its reordering
    /// window does not grow, with 4 it is not skipped after three SACKed segments. 1 is Linux's default and without a meaning since
    /// Linux 6.15, as here: RACK is always there.
    pub tcp_recovery: u8,
    /// Whether the tail of a flight is probed for losses (RFC 8985 7) on connections with SACK: with 3 and 4.
    pub tcp_early_retrans: u8,
    /// Whether it is looked after a time-out whether that was spurious (F-RTO, RFC 5682): with anything but 0.
    pub tcp_frto: u8,
    /// Explicit Congestion Notification (RFC 3168): 0 never, 1 asked for and accepted, 2 accepted where a peer asks.
    pub tcp_ecn: u8,
    /// Whether a SYN that is sent again no longer asks for ECN.
    pub tcp_ecn_fallback: bool,
    /// How the options of our SYNs and SYN/ACKs follow one another. Not a sysctl of Linux's: there the order cannot be chosen.
    pub syn_option_order: OptionOrder,
}

impl Default for Sysctls {
    fn default() -> Self {
        Self {
            tcp_syn_retries: 6,
            tcp_syn_linear_timeouts: 4,
            tcp_synack_retries: 5,
            tcp_max_syn_backlog: 4096,
            tcp_syncookies: 1,
            somaxconn: 4096,
            tcp_abort_on_overflow: false,
            tcp_invalid_ratelimit: Duration::from_millis(500),
            tcp_retries2: 15,
            tcp_orphan_retries: 0,
            tcp_max_orphans: 65_536,
            tcp_keepalive_time: Duration::from_secs(7200),
            tcp_keepalive_intvl: Duration::from_secs(75),
            tcp_keepalive_probes: 9,
            tcp_fin_timeout: Duration::from_secs(60),
            tcp_rfc1337: false,
            tcp_max_tw_buckets: 65_536,
            tcp_mem: 1 << 30,
            tcp_rmem: BufferSizes {
                least: 4096,
                usual: 131_072,
                most: 6 << 20,
            },
            tcp_moderate_rcvbuf: true,
            tcp_wmem: BufferSizes {
                least: 4096,
                usual: 16_384,
                most: 4 << 20,
            },
            wmem_max: 212_992,
            rmem_max: 212_992,
            tcp_notsent_lowat: u32::MAX,
            tcp_congestion_control: CongestionAlgorithm::Cubic,
            hystart_detect: 12,
            tcp_slow_start_after_idle: true,
            tcp_min_tso_segs: 2,
            tcp_tso_win_divisor: 3,
            tcp_tso_rtt_log: 9,
            tcp_pacing: true,
            tcp_pacing_ss_ratio: 200,
            tcp_pacing_ca_ratio: 120,
            ip_local_port_range: PortRange::default(),
            min_pmtu: 552,
            mtu_expires: Duration::from_secs(600),
            tcp_pingpong_thresh: 1,
            tcp_timestamps: true,
            tcp_window_scaling: true,
            tcp_sack: true,
            tcp_dsack: true,
            tcp_recovery: 1,
            tcp_early_retrans: 3,
            tcp_frto: 2,
            tcp_ecn: 2,
            tcp_ecn_fallback: true,
            syn_option_order: OptionOrder::Linux,
        }
    }
}
