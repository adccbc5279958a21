//! A connection as Linux's `TCP_INFO` shows one.

mod field;

pub use field::InfoValue;

use crate::{Connection, State, Sysctls};
use field::{Value, fields};
use periplus_journey::Instant;
use std::time::Duration;

/// What the congestion control makes of the path (Linux's `tcp_ca_state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaState {
    /// Nothing speaks of loss.
    Open,
    /// Duplicate ACKs came, too few to be a loss.
    Disorder,
    /// The window was reduced because a mark was echoed (RFC 3168).
    Cwr,
    /// A loss was noticed by ACKs, and is being repaired.
    Recovery,
    /// The retransmission timer expired, and what was out then is not all acknowledged.
    Loss,
}

impl CaState {
    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            CaState::Open => "open",
            CaState::Disorder => "disorder",
            CaState::Cwr => "cwr",
            CaState::Recovery => "recovery",
            CaState::Loss => "loss",
        }
    }
}

/// What both ends agreed on in their SYNs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InfoOptions {
    /// Timestamps (RFC 7323).
    pub timestamps: bool,
    /// Window scaling (RFC 7323), though perhaps by 0.
    pub wscale: bool,
    /// SACK (RFC 2018).
    pub sack: bool,
    /// ECN (RFC 3168).
    pub ecn: bool,
    /// A packet of the peer carried a mark of ECN.
    pub ecn_seen: bool,
}

impl InfoOptions {
    /// The names of those that were agreed on.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let Self {
            timestamps,
            wscale,
            sack,
            ecn,
            ecn_seen,
        } = self;
        [
            ("timestamps", timestamps),
            ("sack", sack),
            ("wscale", wscale),
            ("ecn", ecn),
            ("ecn_seen", ecn_seen),
        ]
        .into_iter()
        .filter_map(|(name, agreed)| agreed.then_some(name))
    }
}

fields! {
    /// A connection at one moment: the fields of Linux's `tcp_info` that mean something here, by their names. What was not
    /// measured is `None`, where Linux gives 0 or a default.
    pub struct TcpInfo {
        /// The state.
        pub state: State,
        /// What the congestion control makes of the path.
        pub ca_state: CaState,
        /// Retransmission time-outs in a row after which nothing new was acknowledged.
        pub retransmits: u8,
        /// Probes in a row, of a closed window or to keep alive, that brought no word from the peer.
        pub probes: u8,
        /// How often the RTO is doubled now.
        pub backoff: u8,
        /// What the SYNs agreed on.
        pub options: InfoOptions,
        /// The shift of the peer's windows.
        pub snd_wscale: u8,
        /// The shift of our windows.
        pub rcv_wscale: u8,
        /// The retransmission time-out, its back-off applied.
        pub rto: Duration,
        /// How long an ACK waits for data to travel with, at present; `None` before the first data.
        pub ato: Option<Duration>,
        /// Payload bytes of a full segment to the peer.
        pub snd_mss: u32,
        /// Payload bytes that the peer's full segments seem to carry; `None` before the first data.
        pub rcv_mss: Option<u32>,
        /// Segments sent and not acknowledged.
        pub unacked: u32,
        /// Of them, those that the peer has; without SACK, the duplicate ACKs that came.
        pub sacked: u32,
        /// Of them, those taken for lost.
        pub lost: u32,
        /// Of them, those of which a copy is in the network.
        pub retrans: u32,
        /// By how many segments the path was seen to reorder, 3 before it was.
        pub reordering: u32,
        /// Time since data was last sent, or since the beginning.
        pub last_data_sent: Duration,
        /// Time since data last came, or since the beginning.
        pub last_data_recv: Duration,
        /// Time since an ACK last came, or since the beginning.
        pub last_ack_recv: Duration,
        /// The most that the window promises, in bytes, as far as there is memory for it.
        pub rcv_ssthresh: u32,
        /// SRTT (RFC 6298).
        pub rtt: Option<Duration>,
        /// RTTVAR (RFC 6298).
        pub rttvar: Option<Duration>,
        /// The slow start threshold in segments; `None` before the first loss.
        pub snd_ssthresh: Option<u32>,
        /// The congestion window in segments.
        pub snd_cwnd: u32,
        /// Payload bytes of the largest segment we take, as our SYN said it, less the options in every segment.
        pub advmss: u32,
        /// The round-trip time as the receiver of data sees it.
        pub rcv_rtt: Option<Duration>,
        /// The most bytes that the backend has read in a round trip, which the receive buffer follows; `None` while the peer sends no more
        /// than a segment at a time.
        pub rcv_space: Option<u32>,
        /// Segments sent more than once, each time counted.
        pub total_retrans: u32,
        /// Bytes a second at which text goes out, or would if it were paced; `None` before the first measurement.
        pub pacing_rate: Option<u64>,
        /// What [`SocketOptions::max_pacing_rate`](crate::SocketOptions::max_pacing_rate) says.
        pub max_pacing_rate: Option<u64>,
        /// Bytes that the peer has acknowledged. Linux counts a SYN and a FIN of ours as a byte each.
        pub bytes_acked: u64,
        /// Bytes that came in order. Linux counts the peer's FIN as a byte.
        pub bytes_received: u64,
        /// Segments sent by the connection: a SYN included, and as on Linux not the SYN/ACKs of a passive open, which the half-open
        /// record sent.
        pub segs_out: u32,
        /// Segments that came in, the SYN included. Those that the device has merged count as one.
        pub segs_in: u32,
        /// Bytes written and never yet sent.
        pub notsent_bytes: u32,
        /// The least round-trip time ever measured; Linux forgets one that is older than five minutes.
        pub min_rtt: Option<Duration>,
        /// Segments with text that came in.
        pub data_segs_in: u32,
        /// Segments with text that were sent.
        pub data_segs_out: u32,
        /// Time with data that was not acknowledged yet.
        pub busy_time: Duration,
        /// Of it, held up by the peer's window.
        pub rwnd_limited: Duration,
        /// Of it, held up by the send buffer: all was sent, windows had room, and the backend waited to write.
        pub sndbuf_limited: Duration,
        /// Bytes of text sent, those sent again counted again.
        pub bytes_sent: u64,
        /// Of them, bytes sent again.
        pub bytes_retrans: u64,
        /// Segments that the peer had twice, as its D-SACKs say (RFC 2883).
        pub dsack_dups: u32,
        /// Segments that the peer has acknowledged or SACKed, a SYN and a lone FIN included, and copies that it has reported to have
        /// been needless. Without SACK a duplicate ACK is one of them.
        pub delivered: u32,
        /// Segments that came out of order.
        pub rcv_ooopack: u32,
        /// The peer's window in bytes, scaled.
        pub snd_wnd: u32,
        /// What the peer may still send by what it was told, in bytes.
        pub rcv_wnd: u32,
        /// Retransmission time-outs.
        pub total_rto: u32,
    }
}

impl Connection {
    /// How it stands at `now`.
    pub fn info(&self, now: Instant, sysctls: &Sysctls) -> TcpInfo {
        let lengths = self.queue_lengths();
        let (activity, timer) = (&self.activity, &self.retransmission_timer);
        let [last_data_sent, last_data_recv, last_ack_recv] = activity.since(now);
        let [busy_time, rwnd_limited, sndbuf_limited] = self.chronograph.read(now);
        let timestamps = self.timestamps.is_some();
        let options_length = if timestamps {
            u32::from(crate::options::TIMESTAMPS_LENGTH)
        } else {
            0
        };
        let (snd, buffers) = (&self.snd, &self.send_buffers);
        TcpInfo {
            state: self.state,
            ca_state: self.recovery.state(),
            retransmits: self.unanswered.retransmits,
            probes: self.unanswered.probes,
            backoff: timer.back_off().min(u32::from(u8::MAX)) as u8,
            options: InfoOptions {
                timestamps,
                wscale: self.offer.window_scale.is_some(),
                sack: self.sack_permitted,
                ecn: self.ecn.is_agreed(),
                ecn_seen: self.ecn.is_seen(),
            },
            snd_wscale: self.snd.wind_shift,
            rcv_wscale: self.rcv.wind_shift,
            rto: timer.rto(),
            ato: self.delayed_ack.ato(),
            snd_mss: self.segment_size,
            rcv_mss: Some(self.delayed_ack.rcv_mss()).filter(|&guess| guess > 0),
            // A SYN is no buffer.
            unacked: buffers.packets_out.max(u32::from(snd.una != snd.nxt)),
            sacked: buffers.sacked_out,
            lost: buffers.lost_out,
            retrans: buffers.retrans_out,
            reordering: self.recovery.reordering(),
            last_data_sent,
            last_data_recv,
            last_ack_recv,
            rcv_ssthresh: self.rcv_ssthresh,
            rtt: timer.srtt(),
            rttvar: timer.rttvar(),
            snd_ssthresh: self.congestion.ssthresh().map(|bytes| self.segments(bytes)),
            snd_cwnd: self.segments(self.congestion.cwnd()),
            advmss: u32::from(self.offer.mss) - options_length,
            rcv_rtt: self.right_sizing.as_ref().and_then(|it| it.round_trip()),
            rcv_space: self.right_sizing.as_ref().map(|it| it.space()),
            total_retrans: self.retransmissions,
            pacing_rate: self.pacing_rate(sysctls),
            max_pacing_rate: self.options.max_pacing_rate,
            bytes_acked: self.una_offset,
            bytes_received: self.nxt_offset,
            segs_out: activity.segs_out,
            segs_in: activity.segs_in,
            notsent_bytes: lengths.send_queue as u32,
            min_rtt: timer.min_rtt(),
            data_segs_in: activity.data_segs_in,
            data_segs_out: activity.data_segs_out,
            busy_time,
            rwnd_limited,
            sndbuf_limited,
            bytes_sent: self.una_offset + lengths.retransmit_queue as u64 + activity.bytes_retrans,
            bytes_retrans: activity.bytes_retrans,
            dsack_dups: activity.dsack_dups,
            delivered: activity.delivered,
            rcv_ooopack: activity.rcv_ooopack,
            snd_wnd: self.snd.wnd,
            rcv_wnd: self.rcv.wnd(),
            total_rto: activity.total_rto,
        }
    }

    /// Bytes as whole segments, one at least: Linux's congestion windows are of that kind.
    fn segments(&self, bytes: u32) -> u32 {
        (bytes / self.segment_size.max(1)).max(1)
    }
}
