//! `struct tcp_info`, as Linux's `linux/tcp.h` lays it out.

use periplus_stack::{CaState, State, TcpInfo};
use periplus_tcp::Listener;
use std::time::Duration;

/// `TCP_INFINITE_SSTHRESH`: there was no loss yet.
const INFINITE_SSTHRESH: u32 = 0x7fff_ffff;
/// A quarter of the first RTO: what Linux says of the variation before a round trip is measured.
const FIRST_RTTVAR: u32 = 250_000;

/// `struct tcp_info`. Bit fields stand in the integers that hold them.
/// What Linux takes the peer's segments for before the first came (`tcp_initialize_rcv_mss`).
const FIRST_RCV_MSS: u32 = 536;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names are Linux's, without tcpi_, and so are the meanings"
)]
pub struct CTcpInfo {
    pub state: u8,
    pub ca_state: u8,
    pub retransmits: u8,
    pub probes: u8,
    pub backoff: u8,
    pub options: u8,
    /// Four bits `snd_wscale`, four bits `rcv_wscale`.
    pub wscales: u8,
    /// One bit `delivery_rate_app_limited`.
    pub delivery_rate_app_limited: u8,
    pub rto: u32,
    pub ato: u32,
    pub snd_mss: u32,
    pub rcv_mss: u32,
    pub unacked: u32,
    pub sacked: u32,
    pub lost: u32,
    pub retrans: u32,
    pub fackets: u32,
    pub last_data_sent: u32,
    pub last_ack_sent: u32,
    pub last_data_recv: u32,
    pub last_ack_recv: u32,
    pub pmtu: u32,
    pub rcv_ssthresh: u32,
    pub rtt: u32,
    pub rttvar: u32,
    pub snd_ssthresh: u32,
    pub snd_cwnd: u32,
    pub advmss: u32,
    pub reordering: u32,
    pub rcv_rtt: u32,
    pub rcv_space: u32,
    pub total_retrans: u32,
    pub pacing_rate: u64,
    pub max_pacing_rate: u64,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    pub segs_out: u32,
    pub segs_in: u32,
    pub notsent_bytes: u32,
    pub min_rtt: u32,
    pub data_segs_in: u32,
    pub data_segs_out: u32,
    pub delivery_rate: u64,
    pub busy_time: u64,
    pub rwnd_limited: u64,
    pub sndbuf_limited: u64,
    pub delivered: u32,
    pub delivered_ce: u32,
    pub bytes_sent: u64,
    pub bytes_retrans: u64,
    pub dsack_dups: u32,
    pub reord_seen: u32,
    pub rcv_ooopack: u32,
    pub snd_wnd: u32,
    pub rcv_wnd: u32,
    pub rehash: u32,
    pub total_rto: u16,
    pub total_rto_recoveries: u16,
    pub total_rto_time: u32,
    pub received_ce: u32,
    pub delivered_e1_bytes: u32,
    pub delivered_e0_bytes: u32,
    pub delivered_ce_bytes: u32,
    pub received_e1_bytes: u32,
    pub received_e0_bytes: u32,
    pub received_ce_bytes: u32,
    /// Bit fields of accurate ECN.
    pub accecn: u32,
}

impl CTcpInfo {
    /// What Linux says of a socket without a connection: of a listener, how full its accept queue is.
    pub(crate) fn without_connection<H: PartialEq>(listener: Option<&Listener<H>>) -> Self {
        const TCP_CLOSE: u8 = 7;
        const TCP_LISTEN: u8 = 10;
        match listener {
            None => Self {
                state: TCP_CLOSE,
                ..Self::default()
            },
            Some(listener) => Self {
                state: TCP_LISTEN,
                unacked: listener.accept_queue.len() as u32,
                sacked: listener.accept_queue.limit(),
                ..Self::default()
            },
        }
    }

    /// A connection's, which was opened by us if it is `active`. Linux counts an active open's SYN and either end's FIN as bytes.
    /// No field of the stack's is left out: a new one has its place here, or does not build.
    pub(crate) fn new(info: &TcpInfo, active: bool, mtu: usize) -> Self {
        let &TcpInfo {
            state,
            ca_state,
            retransmits,
            probes,
            backoff,
            options,
            snd_wscale,
            rcv_wscale,
            rto,
            ato,
            snd_mss,
            rcv_mss,
            unacked,
            sacked,
            lost,
            retrans,
            reordering,
            last_data_sent,
            last_data_recv,
            last_ack_recv,
            rcv_ssthresh,
            rtt,
            rttvar,
            snd_ssthresh,
            snd_cwnd,
            advmss,
            rcv_rtt,
            rcv_space,
            total_retrans,
            pacing_rate,
            max_pacing_rate,
            bytes_acked,
            bytes_received,
            segs_out,
            segs_in,
            notsent_bytes,
            min_rtt,
            data_segs_in,
            data_segs_out,
            busy_time,
            rwnd_limited,
            sndbuf_limited,
            bytes_sent,
            bytes_retrans,
            dsack_dups,
            delivered,
            rcv_ooopack,
            snd_wnd,
            rcv_wnd,
            total_rto,
        } = info;
        let option = |is: bool, bit: u8| if is { bit } else { 0 };
        let syn = active && !matches!(state, State::SynSent | State::SynReceived);
        let fin = matches!(state, State::FinWait2 | State::TimeWait);
        let peer_fin = matches!(
            state,
            State::CloseWait | State::Closing | State::LastAck | State::TimeWait
        );
        Self {
            state: number(state),
            ca_state: match ca_state {
                CaState::Open => 0,
                CaState::Disorder => 1,
                CaState::Cwr => 2,
                CaState::Recovery => 3,
                CaState::Loss => 4,
            },
            options: option(options.timestamps, 1)
                | option(options.sack, 2)
                | option(options.wscale, 4)
                | option(options.ecn, 8)
                | option(options.ecn_seen, 16),
            wscales: snd_wscale | rcv_wscale << 4,
            rto: microseconds(rto),
            ato: ato.map_or(0, microseconds),
            rcv_mss: rcv_mss.unwrap_or(FIRST_RCV_MSS.min(advmss)),
            last_data_sent: milliseconds(last_data_sent),
            last_data_recv: milliseconds(last_data_recv),
            last_ack_recv: milliseconds(last_ack_recv),
            pmtu: mtu as u32,
            rtt: rtt.map_or(0, microseconds),
            rttvar: rttvar.map_or(FIRST_RTTVAR, microseconds),
            snd_ssthresh: snd_ssthresh.unwrap_or(INFINITE_SSTHRESH),
            reordering,
            rcv_rtt: rcv_rtt.map_or(0, microseconds),
            rcv_space: rcv_space.unwrap_or(0),
            min_rtt: min_rtt.map_or(u32::MAX, microseconds),
            busy_time: busy_time.as_micros() as u64,
            rwnd_limited: rwnd_limited.as_micros() as u64,
            sndbuf_limited: sndbuf_limited.as_micros() as u64,
            total_rto: u16::try_from(total_rto).unwrap_or(u16::MAX),
            retransmits,
            probes,
            backoff,
            snd_mss,
            unacked,
            sacked,
            lost,
            retrans,
            rcv_ssthresh,
            snd_cwnd,
            advmss,
            total_retrans,
            pacing_rate: pacing_rate.unwrap_or(u64::MAX),
            max_pacing_rate: max_pacing_rate.unwrap_or(u64::MAX),
            bytes_acked: bytes_acked + u64::from(syn) + u64::from(fin),
            bytes_received: bytes_received + u64::from(peer_fin),
            segs_out,
            segs_in,
            notsent_bytes,
            data_segs_in,
            data_segs_out,
            bytes_sent,
            bytes_retrans,
            dsack_dups,
            delivered,
            rcv_ooopack,
            snd_wnd,
            rcv_wnd,
            ..Self::default()
        }
    }

    /// Its bytes in memory.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let place = std::ptr::from_ref(self).cast::<u8>();
        // SAFETY: the structure has no padding (see the test), so all of its bytes are initialized.
        unsafe { std::slice::from_raw_parts(place, size_of::<Self>()) }.to_vec()
    }
}

/// Linux's number of a state. A socket whose connection is in TIME-WAIT is closed, there.
fn number(state: State) -> u8 {
    match state {
        State::Established => 1,
        State::SynSent => 2,
        State::SynReceived => 3,
        State::FinWait1 => 4,
        State::FinWait2 => 5,
        State::TimeWait | State::Closed => 7,
        State::CloseWait => 8,
        State::LastAck => 9,
        State::Closing => 11,
    }
}

fn microseconds(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// As a C compiler on x86-64 lays out `struct tcp_info`; fields older than the host's C library are compared with it.
    #[test]
    fn the_layout_is_that_of_the_kernels_header() {
        assert_eq!(
            offset_of!(CTcpInfo, rto),
            offset_of!(libc::tcp_info, tcpi_rto)
        );
        assert_eq!(
            offset_of!(CTcpInfo, unacked),
            offset_of!(libc::tcp_info, tcpi_unacked)
        );
        assert_eq!(
            offset_of!(CTcpInfo, pmtu),
            offset_of!(libc::tcp_info, tcpi_pmtu)
        );
        assert_eq!(
            offset_of!(CTcpInfo, snd_cwnd),
            offset_of!(libc::tcp_info, tcpi_snd_cwnd)
        );
        assert_eq!(
            offset_of!(CTcpInfo, total_retrans),
            offset_of!(libc::tcp_info, tcpi_total_retrans)
        );
        assert_eq!(offset_of!(CTcpInfo, pacing_rate), 104);
        assert_eq!(offset_of!(CTcpInfo, delivery_rate), 160);
        assert_eq!(offset_of!(CTcpInfo, bytes_sent), 200);
        assert_eq!(offset_of!(CTcpInfo, rehash), 236);
        assert_eq!(offset_of!(CTcpInfo, total_rto), 240);
        assert_eq!(offset_of!(CTcpInfo, accecn), 276);
        assert_eq!(size_of::<CTcpInfo>(), 280);
    }
}
