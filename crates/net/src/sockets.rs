//! A shard's sockets, as `ss` shows the host's.

use crate::ShardHandle;
use crate::shard;
use periplus_journey::Histogram;
use std::io;
use tokio::task::yield_now;

pub use periplus_stack::{
    CaState, ConnectionCounters, ConnectionSocket, DatagramSocket, InfoOptions, InfoValue,
    ListenCounters, ListenerSocket, Queue, QueueLengths, SocketCursor, State, TcpInfo, Timer,
};

/// A shard's places to wait at one moment, connections apart: those are [walked](ShardHandle::connections).
#[derive(Clone, Debug)]
pub struct Sockets {
    /// The device's name.
    pub device: &'static str,
    /// The device's receive ring.
    pub rx_ring: RxRing,
    /// `shard_gap`: for how long frames waited in the ring while the shard was elsewhere.
    pub shard_gap: Histogram,
    /// Every listener, by port and address.
    pub listeners: Vec<ListenerSocket>,
    /// Every UDP socket, by port and address.
    pub datagrams: Vec<DatagramSocket>,
    /// Connections with queues, those that the backend has closed and that still deliver included.
    pub connections: usize,
    /// Half-open connections, of all listeners together.
    pub half_open: usize,
    /// Connections in TIME-WAIT.
    pub time_wait: usize,
}

/// The receive ring of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RxRing {
    /// Frames that wait.
    pub length: u64,
    /// Descriptors there are; `None` where the device does not say.
    pub limit: Option<usize>,
    /// Frames dropped because the ring, or the pool behind it, was full (`RxRingFull`).
    pub overflows: u64,
}

/// What a step of a [walk](ShardHandle::connections) met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPage {
    /// The connections, [`SocketCursor::STEP`] at the most.
    pub connections: Vec<ConnectionSocket>,
    /// Where the next step begins; `None` at the end.
    pub next: Option<SocketCursor>,
}

impl ShardHandle {
    /// The shard's listeners with their two queues, its UDP sockets, and its receive ring.
    ///
    /// # Errors
    /// When the shard has ended.
    pub async fn sockets(&self) -> io::Result<Sockets> {
        self.run(|cell| cell.call(|state, _| Sockets::of(state)))
            .await
    }

    /// A step of a walk through the connections, so short that it does not hold the shard up; between two steps the shard
    /// goes on with its work, on whatever thread this is called. A walk is not one moment: a connection that changes its
    /// state meanwhile may be met twice, or not at all.
    ///
    /// # Errors
    /// When the shard has ended.
    pub async fn connections(&self, from: SocketCursor) -> io::Result<SocketPage> {
        if self.on_own_thread(|_| ()).is_some() {
            yield_now().await;
        }
        self.run(move |cell| {
            cell.call(|state, now| {
                let mut connections = Vec::with_capacity(SocketCursor::STEP);
                let next = state.shard.connection_sockets(now, from, &mut connections);
                SocketPage { connections, next }
            })
        })
        .await
    }
}

impl Sockets {
    fn of(state: &shard::State) -> Self {
        let capabilities = state.device.capabilities();
        let ring = state.device.statistics();
        let (connections, half_open, time_wait) = state.shard.connection_counts();
        Self {
            device: capabilities.name,
            rx_ring: RxRing {
                length: ring.held,
                limit: capabilities.rx_ring,
                overflows: ring.rx_ring_full,
            },
            shard_gap: state.gaps.histogram().clone(),
            listeners: state.shard.listener_sockets().collect(),
            datagrams: state.shard.datagram_sockets().collect(),
            connections,
            half_open,
            time_wait,
        }
    }
}
