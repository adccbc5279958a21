//! How the shard is set up, and what its peers understand: chosen by the script's first bytes.

use crate::input::Input;
use crate::segment::{STACK, STACK_ETHERNET};
use crate::wire::WireOptions;
use periplus_stack::{
    BufferSizes, ClosedPortPolicy, CongestionAlgorithm, ShardOptions, SourceLimits, Sysctls,
};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Connections, half-open connections and TIME-WAIT records that the shard keeps: few, so that a short script fills them.
pub(crate) const MAX_CONNECTIONS: usize = 12;
pub(crate) const MAX_HALF_OPEN: usize = 6;
pub(crate) const MAX_TIME_WAIT: usize = 2;
/// Both queues of a listener.
pub(crate) const BACKLOG: usize = 1;

/// What the script's first bytes chose.
#[derive(Clone, Debug)]
pub(crate) struct Knobs {
    pub(crate) options: ShardOptions,
    pub(crate) wire: WireOptions,
    /// The peers' host answers ARP.
    pub(crate) answers_questions: bool,
    /// The shard knows the peers' link address from the beginning.
    pub(crate) is_introduced: bool,
    /// What the peers' SYNs offer.
    pub(crate) timestamps: bool,
    pub(crate) sack: bool,
    pub(crate) window_scale: bool,
    /// The script is played a second time, and everything must be the same.
    pub(crate) twice: bool,
    /// Which connections there are before the script begins.
    pub(crate) scenes: u8,
}

impl Knobs {
    pub(crate) fn read(input: &mut Input<'_>) -> Self {
        let scenes = input.byte();
        let [peers, shard, limits, wire] = [0; 4].map(|_: u8| input.byte());
        let bit = |byte: u8, place: u8| byte & 1 << place != 0;
        Self {
            scenes,
            wire: WireOptions {
                offloads: bit(peers, 0),
                is_small: bit(wire, 0),
                stamps: !bit(wire, 1),
                coalesces: bit(wire, 2),
            },
            answers_questions: !bit(peers, 1),
            is_introduced: !bit(peers, 2),
            timestamps: bit(peers, 3),
            sack: bit(peers, 4),
            window_scale: bit(peers, 5),
            twice: peers >> 6 == 3,
            options: options(shard, limits, wire),
        }
    }
}

fn options(shard: u8, limits: u8, wire: u8) -> ShardOptions {
    let bit = |byte: u8, place: u8| byte & 1 << place != 0;
    let tcp = Sysctls {
        tcp_syncookies: [1, 0, 2, 1][usize::from(shard & 3)],
        tcp_early_retrans: if bit(shard, 2) { 3 } else { 0 },
        tcp_congestion_control: CongestionAlgorithm::ALL[usize::from(bit(shard, 3))],
        tcp_ecn: if bit(shard, 4) { 1 } else { 2 },
        tcp_abort_on_overflow: bit(shard, 5),
        tcp_rfc1337: bit(limits, 0),
        tcp_dsack: !bit(limits, 1),
        tcp_mem: if bit(limits, 2) { 32 << 10 } else { 64 << 20 },
        tcp_rmem: BufferSizes {
            least: 4096,
            usual: 16_384,
            most: 32_768,
        },
        tcp_wmem: BufferSizes::fixed(16_384),
        tcp_keepalive_time: Duration::from_secs(60),
        tcp_keepalive_intvl: Duration::from_secs(5),
        tcp_keepalive_probes: 3,
        tcp_max_tw_buckets: MAX_TIME_WAIT,
        tcp_max_orphans: if bit(wire, 3) { 1 } else { 6 },
        tcp_slow_start_after_idle: !bit(wire, 4),
        tcp_notsent_lowat: if bit(wire, 5) { 1000 } else { u32::MAX },
        hystart_detect: if bit(limits, 3) { 3 } else { 12 },
        ..Sysctls::default()
    };
    ShardOptions {
        ethernet: STACK_ETHERNET,
        address: STACK,
        gateway: Some(Ipv4Addr::new(10, 0, 0, 254).into()),
        tcp,
        rmem_default: 1024,
        wmem_default: 1024,
        on_closed_port: policy(shard >> 6),
        on_closed_udp_port: policy(shard >> 6),
        recording: !bit(limits, 4),
        // Connections are parked as soon as they rest, or all but one are, or none.
        max_resting: [0, 1, MAX_CONNECTIONS][usize::from(limits % 3)],
        max_connections: MAX_CONNECTIONS,
        max_half_open: MAX_HALF_OPEN,
        sources: SourceLimits {
            half_open: bit(limits, 5).then_some(2),
            connections: bit(limits, 6).then_some(4),
        },
        resets_per_network: 5,
        ..ShardOptions::default()
    }
}

fn policy(choice: u8) -> ClosedPortPolicy {
    match choice & 3 {
        0 => ClosedPortPolicy::Rst,
        1 => ClosedPortPolicy::Icmp,
        2 => ClosedPortPolicy::Both,
        _ => ClosedPortPolicy::Drop,
    }
}
