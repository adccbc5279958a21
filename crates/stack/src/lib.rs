//! One shard of the stack: from Ethernet to the sockets' tables. No clock, no randomness, no I/O: the time, frames and
//! secrets come in as arguments; frames and the next timeout come out.
//!
//! A frame walks through the files in this order: `receive` → `early_demux`, or `arp`, `ipv4` → `icmp`, `udp`, `demux` → `passive_open`,
//! `refuse`, or its connection, which takes what continues it by `receive_offload` → `settle` → `transmit` → `segment_writer`.
//!
//! The tables are public, so that each can be measured by itself.

mod arp;
mod calls;
mod demux;
mod dropped_syns;
mod early_demux;
mod early_syn;
mod environment;
mod ephemeral_ports;
mod flow;
mod flow_header;
pub mod flow_table;
mod flows;
mod frame_writer;
pub mod handle;
mod icmp;
mod icmp_errors;
mod ipv4;
mod keyed_hash;
mod list;
pub mod listener_table;
mod lone_segment;
pub mod neighbours;
mod options;
mod outbox;
mod passive_open;
mod pieces;
mod poll;
pub mod rate_limit;
mod receive;
mod receive_offload;
mod refuse;
pub mod routes;
mod segment_writer;
mod settle;
mod shard;
pub mod slab;
mod socket_options;
mod sockets;
mod source_limits;
mod syn_cookies;
mod timeouts;
pub mod timer_wheel;
mod transmit;
mod udp;

pub use calls::{Accepted, ConnectError, ListenError};
pub use handle::Handle;
pub use options::{ClosedPortPolicy, ShardOptions};
pub use periplus_tcp::listen::ListenCounters;
pub use periplus_tcp::{
    BufferSizes, CaState, Chunk, Claim, CongestionAlgorithm, ConnectionCounters, InfoOptions,
    InfoValue, Marker, Piece, Poll, PortRange, QueueLengths, Read, ReadChunk, SendFlags,
    SocketOptions, SpareBuffers, State, StreamError, SysctlError, Sysctls, TcpInfo, Timer, Write,
};
pub use shard::{ConnectionId, ListenerId, Ready, Shard, UdpId};
pub use sockets::{ConnectionSocket, DatagramSocket, ListenerSocket, Queue, SocketCursor};
pub use source_limits::SourceLimits;
pub use transmit::TransmitOutcome;
pub use udp::{BindError, Closed, ReceiveFrom, ReceiveQueue, SendError, SendTo, UdpSocket};
