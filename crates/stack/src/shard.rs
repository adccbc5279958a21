//! One shard: a core's share of the stack. Its tables, and what it is asked from outside.

use crate::dropped_syns::DroppedSyns;
use crate::environment::{Environment, Memory, frame_budget};
use crate::ephemeral_ports::EphemeralPorts;
use crate::flow_table::FlowTable;
use crate::flows::Flows;
use crate::handle::Handle;
use crate::listener_table::ListenerTable;
use crate::neighbours::{self, Neighbours};
use crate::options::ShardOptions;
use crate::outbox::Outbox;
use crate::rate_limit::{IcmpLimiter, ResetLimiter, TokenBucket};
use crate::routes::Routes;
use crate::slab::{Index, Slab};
use crate::source_limits::SourceNetworks;
use crate::timer_wheel::{TimerId, TimerWheel};
use crate::udp::{self, UdpSocket};
use periplus_journey::{Counters, Finished, FrameLedger, Instant, Record};
use periplus_ring::Capabilities;
use periplus_tcp::{
    Claim, HalfOpen, InitialSequence, Listener, Offer, Recorder, SpareBuffers, SynCookies, TimeWait,
};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Finished records that may wait for the driver.
const RECORD_LIMIT: usize = 65_536;
/// Records of arrivals without a connection, each second.
const ARRIVAL_RECORDS_A_SECOND: u32 = 100;

/// A connection of a shard. It stops naming anything when the connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub(crate) Index);

/// A listener of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(pub(crate) Index);

/// A UDP socket of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UdpId(pub(crate) Index);

/// What became ready for a backend that was told to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// A stream can be read, or written, or has ended.
    Stream {
        /// Which.
        id: ConnectionId,
        /// A read no longer has to wait.
        readable: bool,
        /// A write, or the connecting, no longer has to wait.
        writable: bool,
    },
    /// A listener has a connection to accept.
    Listener(ListenerId),
    /// A UDP socket has a datagram, or room for one.
    Datagram {
        /// Which.
        id: UdpId,
        /// A receiving no longer has to wait.
        readable: bool,
        /// A sending no longer has to wait.
        writable: bool,
    },
}

/// A listener with the address it is bound to.
#[derive(Debug)]
pub(crate) struct BoundListener {
    pub(crate) listener: Listener<Index>,
    pub(crate) local: SocketAddr,
}

/// A half-open connection and its timer.
#[derive(Debug)]
pub(crate) struct HalfOpenEntry {
    pub(crate) record: HalfOpen<Ipv4Addr>,
    pub(crate) timer: TimerId,
}

/// A connection in TIME-WAIT and its timer.
#[derive(Debug)]
pub(crate) struct TimeWaitEntry {
    pub(crate) record: TimeWait<Ipv4Addr>,
    pub(crate) timer: TimerId,
}

// The design's bound for what a flood costs, the timer's handle included.
const _: () = assert!(size_of::<HalfOpenEntry>() <= 64 && size_of::<TimeWaitEntry>() <= 64);

/// One thread's stack: no locks, no clock, no I/O. The time and frames come in as arguments, frames and the next time-out
/// come out, by five verbs: [receive](Shard::receive), the calls, [transmit](Shard::transmit),
/// [next_timeout](Shard::next_timeout) and [timeout](Shard::timeout).
#[derive(Debug)]
pub struct Shard {
    pub(crate) options: ShardOptions,
    pub(crate) environment: Environment,
    /// What the device can do.
    pub(crate) capabilities: Capabilities,
    pub(crate) routes: Routes,
    pub(crate) neighbours: Neighbours,
    /// Counts the changes of link addresses: headers of an older epoch are made anew.
    pub(crate) neighbour_epoch: u32,
    pub(crate) flow_table: FlowTable,
    /// The flow that a segment was last for: of a stream that is the next one's, too.
    pub(crate) last_flow: Option<([u8; 12], Handle)>,
    /// What a look ahead at the burst under way has found.
    pub(crate) ahead: Vec<Option<Handle>>,
    pub(crate) flows: Flows,
    pub(crate) half_open: Slab<HalfOpenEntry>,
    pub(crate) syn_cookies: SynCookies,
    pub(crate) dropped_syns: DroppedSyns,
    pub(crate) sources: SourceNetworks,
    pub(crate) time_wait: Slab<TimeWaitEntry>,
    pub(crate) listener_table: ListenerTable<Index>,
    pub(crate) listeners: Slab<BoundListener>,
    pub(crate) udp_table: ListenerTable<Index>,
    pub(crate) udp_sockets: Slab<UdpSocket>,
    pub(crate) ephemeral_ports: EphemeralPorts,
    /// How often a free UDP port was looked for.
    pub(crate) udp_port_searches: u32,
    pub(crate) udp_output: udp::SendQueue,
    /// Of connections, those in TIME-WAIT included.
    pub(crate) timers: TimerWheel,
    /// Of half-open connections: what these have to say can wait.
    pub(crate) syn_ack_timers: TimerWheel,
    pub(crate) outbox: Outbox,
    /// Connections that may send, in turn.
    pub(crate) transmit_queue: VecDeque<Index>,
    /// Connections that wait for their next hop's link address.
    pub(crate) unresolved: Vec<(IpAddr, Index)>,
    pub(crate) ready: Vec<Ready>,
    pub(crate) icmp_limiter: IcmpLimiter,
    pub(crate) reset_limiter: ResetLimiter,
    pub(crate) arrival_records: TokenBucket,
    /// When the receive ring was last seen empty.
    pub(crate) ring_seen_empty: Instant,
    /// The last burst was full: the receive ring may hold more.
    pub(crate) ring_may_hold_more: bool,
}

impl Shard {
    /// A shard behind a device with these capabilities. `secret` must be unpredictable in production; the same secret,
    /// calls and frames give the same frames, byte for byte.
    pub fn new(options: ShardOptions, secret: [u8; 32], capabilities: &Capabilities) -> Self {
        let [hash_key, sequence_key] = [0, 16].map(|at| {
            let mut key = [0; 16];
            key.copy_from_slice(&secret[at..at + 16]);
            key
        });
        let mss = capabilities
            .mtu
            .saturating_sub(40)
            .min(usize::from(u16::MAX)) as u16;
        Self {
            environment: Environment {
                sysctls: options.tcp,
                counters: Counters::default(),
                ledger: FrameLedger::default(),
                recorder: Recorder::new(options.recording, capabilities.name, RECORD_LIMIT),
                spare: SpareBuffers::default(),
                frames: frame_budget(capabilities),
                initial_sequence: InitialSequence::new(sequence_key),
                offer: Offer::new(mss, &options.tcp),
                memory: Memory::default(),
                orphans: 0,
            },
            routes: Routes::new(
                options.address.into(),
                options.prefix,
                options.gateway,
                options.any_address,
            ),
            neighbours: Neighbours::new(hash_key, neighbours::DEFAULT_LIMIT),
            neighbour_epoch: 0,
            flow_table: FlowTable::new(hash_key),
            last_flow: None,
            ahead: Vec::new(),
            capabilities: *capabilities,
            flows: Flows::with_limits(options.max_connections, options.max_resting),
            half_open: Slab::with_limit(options.max_half_open),
            syn_cookies: SynCookies::new(sequence_key),
            dropped_syns: DroppedSyns::default(),
            sources: SourceNetworks::new(hash_key, options.sources),
            time_wait: Slab::with_limit(options.tcp.tcp_max_tw_buckets),
            listener_table: ListenerTable::new(),
            listeners: Slab::with_limit(usize::from(u16::MAX)),
            udp_table: ListenerTable::new(),
            udp_sockets: Slab::with_limit(usize::from(u16::MAX)),
            ephemeral_ports: EphemeralPorts::default(),
            udp_port_searches: 0,
            udp_output: udp::SendQueue::default(),
            timers: TimerWheel::new(),
            syn_ack_timers: TimerWheel::new(),
            outbox: Outbox::default(),
            transmit_queue: VecDeque::new(),
            unresolved: Vec::new(),
            ready: Vec::new(),
            icmp_limiter: IcmpLimiter::new(hash_key),
            reset_limiter: ResetLimiter::new(hash_key, options.resets_per_network),
            arrival_records: TokenBucket::new(ARRIVAL_RECORDS_A_SECOND, ARRIVAL_RECORDS_A_SECOND),
            ring_seen_empty: Instant::ZERO,
            ring_may_hold_more: false,
            options,
        }
    }

    /// Moves what became ready since the last call into `out`: only what a call was told to wait for.
    pub fn take_ready(&mut self, out: &mut Vec<Ready>) {
        out.append(&mut self.ready);
    }

    /// Moves what was written down of finished journeys into `out`.
    #[inline]
    pub fn take_finished(&mut self, out: &mut Vec<Finished>) {
        self.environment.recorder.take(out);
    }

    /// Moves the records of finished journeys into `out`: [`Shard::take_finished`] for who looks at each.
    pub fn take_records(&mut self, out: &mut Vec<Record>) {
        let mut finished = Vec::new();
        self.take_finished(&mut finished);
        out.extend(finished.into_iter().map(Record::from));
    }

    /// Whether [`Shard::transmit`] has something to try.
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty() || !self.udp_output.is_empty() || !self.transmit_queue.is_empty()
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        Counters {
            ip_out_discards: self.environment.counters.ip_out_discards + self.outbox.lost(),
            icmp_out_rate_limited: self.icmp_limiter.refused(),
            tcp_out_rsts_limited: self.reset_limiter.refused(),
            arrival_records_limited: self.arrival_records.refused(),
            records_dropped: self.environment.recorder.dropped(),
            ..self.environment.counters
        }
    }

    /// What became of every frame that [`Shard::receive`] was given.
    pub fn ledger(&self) -> &FrameLedger {
        &self.environment.ledger
    }

    /// What all connections together claim of [`tcp_mem`](periplus_tcp::Sysctls::tcp_mem).
    pub fn tcp_memory(&self) -> Claim {
        self.environment.memory.claimed
    }

    /// What emptied queues left behind, and how much was copied into them.
    pub fn spare_buffers(&self) -> &SpareBuffers {
        &self.environment.spare
    }

    /// How the shard was set up.
    pub fn options(&self) -> &ShardOptions {
        &self.options
    }

    /// How many of the connections are parked: at rest, in a fifth of the memory.
    pub fn parked(&self) -> usize {
        self.flows.parked()
    }

    /// Connections that have queues, half-open connections, and connections in TIME-WAIT.
    pub fn connection_counts(&self) -> (usize, usize, usize) {
        (self.flows.len(), self.half_open.len(), self.time_wait.len())
    }
}
