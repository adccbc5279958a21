//! The async face of the stack: [`TcpListener`], [`TcpStream`] and [`UdpSocket`] over a shard. They read like `tokio::net`.
//!
//! ```text
//!   TcpListener  TcpStream  UdpSocket      any thread
//!        │           │         │
//!        ▼           ▼         ▼
//!   ┌─────────────────────────────────┐
//!   │ shard (periplus_stack::Shard)   │    one thread, found by a thread-local registry;
//!   │ waiters: who is to be woken     │    foreign threads reach it by the mailbox
//!   └────────────────┬────────────────┘
//!                    │ driver: a task, bursts of 64 frames
//!               ┌────┴─────┐
//!               │  device  │
//!               └──────────┘
//! ```
//!
//! - [`ShardHandle::spawn`] joins a shard to a device on the current thread.
//! - [`host`] has streams over the host's own TCP, whose journeys are recorded as far as they can be seen.
//! - [`gateway`] carries the connections of an ordinary host socket into a shard.
//! - [`sockets`] shows what a shard's queues hold, as `ss` does.
//! - [`clock`] is the only clock: everything below is told what time it is.

mod driver;
mod error;
mod journal;
mod listener;
mod mailbox;
mod shard;
mod stream;
mod udp;

pub mod clock;
pub mod gateway;
pub mod host;
pub mod sockets;

#[cfg(feature = "axum")]
mod axum;

// What the calls here speak of, so that a user adds this crate and no other.
pub use periplus_journey as journey;
pub use periplus_ring as ring;
pub use periplus_stack::{
    Chunk, ClosedPortPolicy, CongestionAlgorithm, Piece, ShardOptions, SocketOptions, SourceLimits,
    SysctlError, Sysctls,
};

pub use journal::Journal;
pub use listener::TcpListener;
pub use shard::{Recorder, ShardHandle, Snapshot};
pub use stream::{Keepalive, OwnedReadHalf, OwnedWriteHalf, TcpStream};
pub use udp::UdpSocket;
