//! The shard's sockets, to be looked at: what `ss` would show of them.

use crate::flow::Flow;
use crate::shard::{HalfOpenEntry, TimeWaitEntry};
use crate::{ConnectionId, Shard};
use periplus_journey::Instant;
use periplus_tcp::listen::ListenCounters;
use periplus_tcp::{ConnectionCounters, MemoryBudget, QueueLengths, State, TcpInfo, Timer};
use std::net::SocketAddr;
use std::time::Duration;

/// A bounded queue as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// What is in it.
    pub length: u64,
    /// How much may be.
    pub limit: u64,
    /// How often something came and found it full.
    pub overflows: u64,
}

/// A listener: the two queues in which its connections wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerSocket {
    /// The address and port it is bound to.
    pub local: SocketAddr,
    /// Half-open connections; an overflow is a SYN that got no record: a cookie (`TCPReqQFullDoCookies`), or nothing
    /// (`TCPReqQFullDrop`). One more than the limit is admitted, as on Linux.
    pub syn_queue: Queue,
    /// Connections that nobody has accepted yet; an overflow is a SYN or ACK dropped (`ListenOverflows`). One more than the
    /// limit is admitted, as on Linux.
    pub accept_queue: Queue,
    /// What it counted.
    pub counters: ListenCounters,
}

/// A UDP socket. Its queues are counted by the memory they hold, as `ss` shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatagramSocket {
    /// The address and port it is bound to.
    pub local: SocketAddr,
    /// Bytes of memory of datagrams that nobody has taken; an overflow is a datagram dropped (`UdpRcvbufErrors`).
    pub receive_queue: Queue,
    /// How many those are.
    pub datagrams: usize,
    /// Bytes of memory of datagrams that wait for the transmit ring.
    pub send_queue: usize,
    /// How many there may be: beyond it, the sender waits.
    pub send_limit: usize,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionSocket {
    /// Our end.
    pub local: SocketAddr,
    /// The peer's end.
    pub peer: SocketAddr,
    /// Its state. A half-open connection is in SYN-RECEIVED.
    pub state: State,
    /// What its queues hold.
    pub queues: QueueLengths,
    /// Bytes of memory that receive and reassembly queue may pin together: `tcp_rmem`, or less where `tcp_mem` runs short.
    pub receive_limit: usize,
    /// Bytes that send and retransmit queue may hold together: `tcp_wmem`, or less where `tcp_mem` runs short.
    pub send_limit: usize,
    /// The timer that expires next, and how long that will be.
    pub timer: Option<(Timer, Duration)>,
    /// How it stands in detail, and what it counted, where the [walk](SocketCursor::with_info) asks for it. Half-open
    /// connections and those in TIME-WAIT have no more to tell.
    pub info: Option<(TcpInfo, ConnectionCounters)>,
}

/// Where a walk through a shard's connections has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketCursor {
    /// The kinds of records still to be visited.
    kinds: &'static [Kind],
    /// The chunk of the first kind's slab to go on with.
    chunk: u32,
    info: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Connection,
    HalfOpen,
    TimeWait,
}

impl SocketCursor {
    /// The most connections that a step meets.
    pub const STEP: usize = crate::slab::CHUNK as usize;

    /// The beginning of a walk through the connections that have queues.
    pub const fn connections() -> Self {
        Self {
            kinds: &[Kind::Connection],
            chunk: 0,
            info: false,
        }
    }

    /// The beginning of a walk through half-open connections and those in TIME-WAIT as well.
    pub const fn all() -> Self {
        Self {
            kinds: &[Kind::Connection, Kind::HalfOpen, Kind::TimeWait],
            chunk: 0,
            info: false,
        }
    }

    /// The same walk, with the details of each connection.
    pub const fn with_info(self) -> Self {
        Self { info: true, ..self }
    }
}

impl Shard {
    /// Every listener, by port and address.
    pub fn listener_sockets(&self) -> impl Iterator<Item = ListenerSocket> {
        let listeners = self.listener_table.iter();
        listeners.filter_map(|(local, index)| {
            let listener = &self.listeners.get(index)?.listener;
            let counters = listener.counters;
            Some(ListenerSocket {
                local,
                syn_queue: Queue {
                    length: listener.syn_queue.len().into(),
                    limit: listener.syn_queue.limit().into(),
                    overflows: counters.tcp_req_q_full_do_cookies + counters.tcp_req_q_full_drop,
                },
                accept_queue: Queue {
                    length: listener.accept_queue.len() as u64,
                    limit: listener.accept_queue.limit().into(),
                    overflows: counters.listen_overflows,
                },
                counters,
            })
        })
    }

    /// Every UDP socket, by port and address.
    pub fn datagram_sockets(&self) -> impl Iterator<Item = DatagramSocket> {
        let sockets = self.udp_table.iter();
        sockets.filter_map(|(local, index)| {
            let socket = self.udp_sockets.get(index)?;
            let queue = socket.receive_queue();
            Some(DatagramSocket {
                local,
                receive_queue: Queue {
                    length: queue.charge() as u64,
                    limit: queue.limit() as u64,
                    overflows: queue.refused(),
                },
                datagrams: queue.len(),
                send_queue: socket.sending(),
                send_limit: self.options.wmem_default,
            })
        })
    }

    /// Appends the connections of one step of a walk to `page`, [`SocketCursor::STEP`] at the most, and says
    /// where the next step begins. A walk
    /// is not one moment: what changes its state meanwhile may be met twice, or not at all.
    pub fn connection_sockets(
        &self,
        now: Instant,
        mut cursor: SocketCursor,
        page: &mut Vec<ConnectionSocket>,
    ) -> Option<SocketCursor> {
        while let Some((kind, rest)) = cursor.kinds.split_first() {
            if let Some(chunk) = self.append_chunk(now, *kind, cursor, page) {
                cursor.chunk = chunk + 1;
                return Some(cursor);
            }
            cursor = SocketCursor {
                kinds: rest,
                chunk: 0,
                ..cursor
            };
        }
        None
    }

    /// Appends what the next chunk holds, and gives that chunk's number.
    fn append_chunk(
        &self,
        now: Instant,
        kind: Kind,
        cursor: SocketCursor,
        page: &mut Vec<ConnectionSocket>,
    ) -> Option<u32> {
        match kind {
            Kind::Connection => {
                let (chunk, flows) = self.flows.chunk_from(cursor.chunk)?;
                page.extend(flows.map(|flow| self.connection_socket(now, &flow, cursor.info)));
                Some(chunk)
            }
            Kind::HalfOpen => {
                let (chunk, entries) = self.half_open.chunk_from(cursor.chunk)?;
                page.extend(entries.map(|HalfOpenEntry { record, timer }| {
                    let due = self.syn_ack_timers.deadline(*timer);
                    ConnectionSocket {
                        timer: due.map(|due| (Timer::Retransmission, due.since(now))),
                        ..self.bare(record.local(), record.remote(), State::SynReceived)
                    }
                }));
                Some(chunk)
            }
            Kind::TimeWait => {
                let (chunk, entries) = self.time_wait.chunk_from(cursor.chunk)?;
                page.extend(entries.map(|TimeWaitEntry { record, .. }| {
                    let due = record.ends_at.since(now);
                    ConnectionSocket {
                        timer: Some((Timer::TimeWait, due)),
                        ..self.bare(record.local(), record.remote(), State::TimeWait)
                    }
                }));
                Some(chunk)
            }
        }
    }

    /// A connection as Linux's `TCP_INFO` shows one; `None` once it is gone.
    pub fn tcp_info(&self, now: Instant, id: ConnectionId) -> Option<TcpInfo> {
        let flow = self.flows.get(id.0)?;
        Some(flow.connection.info(now, &self.environment.sysctls))
    }

    fn connection_socket(&self, now: Instant, flow: &Flow, info: bool) -> ConnectionSocket {
        let connection = &flow.connection;
        let timer = connection.next_timer();
        let sysctls = &self.environment.sysctls;
        let memory = MemoryBudget::left_by(self.tcp_memory(), sysctls);
        ConnectionSocket {
            queues: connection.queue_lengths(),
            receive_limit: connection.receive_limit(sysctls, memory),
            send_limit: connection.send_limit(sysctls, memory),
            timer: timer.map(|(timer, at)| (timer, at.since(now))),
            info: info.then(|| {
                let info = connection.info(now, &self.environment.sysctls);
                (info, connection.counters())
            }),
            ..self.bare(flow.key.local, flow.key.remote, connection.state())
        }
    }

    /// A connection whose queues are empty.
    fn bare(&self, local: SocketAddr, peer: SocketAddr, state: State) -> ConnectionSocket {
        let sysctls = &self.environment.sysctls;
        let memory = MemoryBudget::left_by(self.tcp_memory(), sysctls);
        ConnectionSocket {
            local,
            peer,
            state,
            queues: QueueLengths::default(),
            receive_limit: memory.receive_limit(sysctls),
            send_limit: memory.send_limit(sysctls),
            timer: None,
            info: None,
        }
    }
}
